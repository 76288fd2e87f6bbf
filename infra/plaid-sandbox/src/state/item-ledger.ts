import type { MongoClient } from 'mongodb';
import type { AccountRecord, ItemRecord, RowRecord, SandboxDatabase } from './records.ts';

const BATCH = 1000;
/** Some currencies have three decimals, and some banks write four. */
const FINEST = 10_000;

/** A transaction without its place in the stream. */
export type NewRow = Omit<RowRecord, 'item_id' | 'seq' | 'added_seq' | 'removed'>;

/** Changes that become visible together. */
export interface RowChanges {
  add: readonly NewRow[];
  modify: readonly {
    row: RowRecord;
    fields: Partial<Pick<RowRecord, 'account_id' | 'amount' | 'name' | 'date' | 'pfc' | 'merchant'>>;
  }[];
  remove: readonly RowRecord[];
}

const rounded = (amount: number): number => Math.round(amount * FINEST) / FINEST;

const shifted = (account: AccountRecord, amount: number, pending: boolean): AccountRecord => {
  // What is spent lowers cash and raises what is owed on a card; a pending row touches only what is available.
  const spent = account.type === 'credit' ? -amount : amount;
  return {
    ...account,
    current: account.current === null || pending ? account.current : rounded(account.current - spent),
    available: account.available === null ? null : rounded(account.available - amount),
  };
};

const withBalances = (item: ItemRecord, changes: RowChanges, pendingOnly: boolean): AccountRecord[] => {
  const accounts = new Map(item.accounts.map((account) => [account.account_id, account]));
  const shift = (accountId: string, amount: number, pending: boolean): void => {
    const account = accounts.get(accountId);
    if (account !== undefined && (pending || !pendingOnly)) {
      accounts.set(accountId, shifted(account, amount, pending));
    }
  };
  for (const row of changes.add) {
    shift(row.account_id, row.amount, row.pending);
  }
  for (const row of changes.remove) {
    shift(row.account_id, -row.amount, row.pending);
  }
  for (const { row, fields } of changes.modify) {
    shift(row.account_id, -row.amount, row.pending);
    shift(fields.account_id ?? row.account_id, fields.amount ?? row.amount, row.pending);
  }
  return [...accounts.values()];
};

/**
 * Applies changes to an Item so that they become visible at once, or after a crash not at all: new rows get numbers above
 * the Item's head, which no reader looks at, and the head moves in the transaction that touches the rows already there.
 * @param client for the transaction
 * @param database where it stands
 * @param item as it was read under the Item's lock
 * @param changes rows to add, change and remove
 * @param patch further fields of the Item
 * @param options `history`: the balance stands for these rows already, except for pending ones
 * @returns the Item as it is now
 */
export const applyChanges = async (
  client: MongoClient,
  database: SandboxDatabase,
  item: ItemRecord,
  changes: RowChanges,
  patch: Partial<ItemRecord>,
  options: { history: boolean } = { history: false },
): Promise<ItemRecord> => {
  await database.rows.deleteMany({ item_id: item._id, added_seq: { $gt: item.head } });
  let head = item.head;
  for (let start = 0; start < changes.add.length; start += BATCH) {
    await database.rows.insertMany(
      changes.add.slice(start, start + BATCH).map((row): RowRecord => {
        head += 1;
        return { ...row, item_id: item._id, seq: head, added_seq: head, removed: false };
      }),
      { ordered: false },
    );
  }
  const next: ItemRecord = { ...item, ...patch, accounts: withBalances(item, changes, options.history) };
  await client.withSession((session) =>
    session.withTransaction(async () => {
      let last = head;
      for (const { row, fields } of changes.modify) {
        last += 1;
        await database.rows.updateOne({ _id: row._id }, { $set: { ...fields, seq: last } }, { session });
      }
      for (const row of changes.remove) {
        last += 1;
        await database.rows.updateOne({ _id: row._id }, { $set: { removed: true, seq: last } }, { session });
      }
      next.head = last;
      await database.items.replaceOne({ _id: item._id }, next, { session });
    }),
  );
  return next;
};
