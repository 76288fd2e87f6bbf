import { z } from 'zod';
import { rowFromGiven } from '../state/item-life.ts';
import { nextNumber, type GivenRow, type ItemRecord, type RowRecord } from '../state/records.ts';
import { PlaidError } from '../wire/plaid-error.ts';
import { accountObject, chosenAccounts, transactionObject } from './answer-objects.ts';
import { itemObject } from './answer-objects.ts';
import { Day, fields, itemEndpoint, limited, openEndpoint, PageSize, type Endpoint } from './endpoint.ts';
import { findStreams } from './recurring-streams.ts';

const DEFAULT_COUNT = 100;
const MAX_CURSOR = 256;

const Version = z.enum(['v1', 'v2']).default('v2');
const Days = z.int().min(1).max(730);
const Switch = z.boolean().nullish();

/** A position in an Item's stream of updates. */
interface Cursor {
  itemId: string;
  accountId: string | null;
  /** Where the loop began. */
  start: number;
  /** Last update already served. */
  at: number;
  /** The Item's head when the loop began. */
  head: number;
}

const CursorText = z.tuple([z.string(), z.string().nullable(), z.int(), z.int(), z.int()]);

const encodeCursor = ({ itemId, accountId, start, at, head }: Cursor): string =>
  Buffer.from(JSON.stringify([itemId, accountId, start, at, head])).toString('base64');

const foreignCursor = (): PlaidError =>
  new PlaidError('INVALID_FIELD', 'cursor not associated with access_token');

const decodeCursor = (text: string, item: ItemRecord, accountId: string | null): Cursor => {
  let parsed: z.output<typeof CursorText>;
  try {
    parsed = CursorText.parse(JSON.parse(Buffer.from(text, 'base64').toString('utf8')));
  } catch {
    throw foreignCursor();
  }
  const [itemId, account, start, at, head] = parsed;
  if (itemId !== item._id || account !== accountId || head > item.head) {
    throw foreignCursor();
  }
  return { itemId, accountId, start, at, head };
};

const cursorFor = (text: string | null | undefined, item: ItemRecord, accountId: string | null): Cursor => {
  const fresh = { itemId: item._id, accountId, head: item.head };
  if (text === undefined || text === null || text === '') {
    return { ...fresh, start: 0, at: 0 };
  }
  if (text === 'now') {
    return { ...fresh, start: item.head, at: item.head };
  }
  const cursor = decodeCursor(text, item, accountId);
  if (cursor.at === cursor.head) {
    // The end of an earlier loop is the beginning of this one.
    return { ...fresh, start: cursor.head, at: cursor.head };
  }
  if (cursor.head !== item.head) {
    throw new PlaidError('TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION');
  }
  return cursor;
};

const sync = itemEndpoint({
  schema: fields({
    access_token: z.string(),
    cursor: z.string().max(MAX_CURSOR).nullish(),
    count: PageSize.nullish(),
    options: z
      .strictObject({
        include_original_description: Switch,
        include_personal_finance_category: Switch,
        include_logo_and_counterparty_beta: Switch,
        personal_finance_category_version: Version,
        days_requested: Days.optional(),
        account_id: z.string().optional(),
      })
      .optional(),
  }),
  limit: limited('TRANSACTIONS_SYNC_LIMIT', 1000, 50),
  async run({ database, life }, input, found) {
    let item = await life.beginTransactions(found, input.options?.days_requested ?? found.wanted_days);
    if (!item.sync_called) {
      item = { ...item, sync_called: true };
      await database.items.updateOne({ _id: item._id }, { $set: { sync_called: true } });
    }
    const accountId = input.options?.account_id ?? null;
    const accounts = chosenAccounts(item, accountId === null ? undefined : [accountId]);
    const answer = {
      accounts: accounts.filter(({ type }) => type !== 'investment').map((account) => accountObject(account)),
      transactions_update_status: item.readiness,
    };
    const cursor = cursorFor(input.cursor, item, accountId);
    if (item.readiness === 'NOT_READY') {
      return { ...answer, added: [], modified: [], removed: [], has_more: false, next_cursor: '' };
    }
    const count = input.count ?? DEFAULT_COUNT;
    const rows = await database.rows
      .find({
        item_id: item._id,
        seq: { $gt: cursor.at, $lte: cursor.head },
        ...(accountId === null ? {} : { account_id: accountId }),
        $or: [{ removed: false }, { added_seq: { $lte: cursor.start } }],
      })
      .sort({ seq: 1 })
      .limit(count + 1)
      .toArray();
    const page = rows.slice(0, count);
    const hasMore = rows.length > count;
    const last = page.at(-1)?.seq ?? cursor.head;
    const options = {
      version: input.options?.personal_finance_category_version ?? 'v2',
      originalDescription: input.options?.include_original_description === true,
    };
    const kept = page.filter(({ removed }) => !removed);
    const isNew = ({ added_seq }: RowRecord): boolean => added_seq > cursor.start;
    return {
      ...answer,
      added: kept.filter(isNew).map((row) => transactionObject(row, options)),
      modified: kept.filter((row) => !isNew(row)).map((row) => transactionObject(row, options)),
      removed: page
        .filter(({ removed }) => removed)
        .map(({ _id, account_id }) => ({ account_id, transaction_id: _id })),
      has_more: hasMore,
      next_cursor: encodeCursor({ ...cursor, at: hasMore ? last : cursor.head }),
    };
  },
});

const get = itemEndpoint({
  schema: fields({
    access_token: z.string(),
    start_date: Day,
    end_date: Day,
    options: z
      .strictObject({
        account_ids: z.array(z.string()).optional(),
        count: PageSize.optional(),
        offset: z.int().min(0).optional(),
        include_original_description: Switch,
        include_personal_finance_category: Switch,
        include_personal_finance_category_beta: Switch,
        include_logo_and_counterparty_beta: Switch,
        personal_finance_category_version: Version,
        days_requested: Days.optional(),
      })
      .optional(),
  }),
  limit: limited('TRANSACTIONS_LIMIT', 1000, 80),
  async run({ database, life }, input, found) {
    if (input.start_date > input.end_date) {
      throw new PlaidError('INVALID_FIELD', 'start_date must not be after end_date');
    }
    const item = await life.beginTransactions(found, input.options?.days_requested ?? found.wanted_days);
    if (item.readiness === 'NOT_READY') {
      throw new PlaidError('PRODUCT_NOT_READY');
    }
    const accounts = chosenAccounts(item, input.options?.account_ids);
    const filter = {
      item_id: item._id,
      removed: false,
      seq: { $lte: item.head },
      account_id: { $in: accounts.map(({ account_id }) => account_id) },
      date: { $gte: input.start_date, $lte: input.end_date },
    };
    const rows = await database.rows
      .find(filter)
      .sort({ date: -1, _id: 1 })
      .skip(input.options?.offset ?? 0)
      .limit(input.options?.count ?? DEFAULT_COUNT)
      .toArray();
    const options = {
      version: input.options?.personal_finance_category_version ?? 'v2',
      originalDescription: input.options?.include_original_description === true,
    };
    return {
      accounts: accounts.map((account) => accountObject(account)),
      item: itemObject(item),
      total_transactions: await database.rows.countDocuments(filter),
      transactions: rows.map((row) => transactionObject(row, options)),
    };
  },
});

const refresh = itemEndpoint({
  schema: fields({ access_token: z.string() }),
  limit: limited('TRANSACTIONS_REFRESH_LIMIT', 100, 2),
  async run({ life }, _input, item) {
    if (item.days_requested === null) {
      throw new PlaidError('PRODUCT_NOT_ENABLED');
    }
    await life.planRefresh(item);
    return {};
  },
});

const recurring = itemEndpoint({
  schema: fields({
    access_token: z.string(),
    account_ids: z.array(z.string()).optional(),
    options: z
      .strictObject({ include_personal_finance_category: Switch, personal_finance_category_version: Version })
      .optional(),
  }),
  limit: limited('TRANSACTIONS_LIMIT', 1000, 20),
  async run({ clock, database }, input, item) {
    if (item.days_requested === null) {
      throw new PlaidError('PRODUCT_NOT_ENABLED');
    }
    if (item.readiness !== 'HISTORICAL_UPDATE_COMPLETE') {
      throw new PlaidError('PRODUCT_NOT_READY');
    }
    const accounts = chosenAccounts(item, input.account_ids).map(({ account_id }) => account_id);
    const rows = await database.rows
      .find({ item_id: item._id, removed: false, pending: false, account_id: { $in: accounts } })
      .sort({ date: 1, _id: 1 })
      .toArray();
    const version = input.options?.personal_finance_category_version ?? 'v2';
    const streams = findStreams(rows, clock.today(), version);
    return {
      inflow_streams: streams.inflow,
      outflow_streams: streams.outflow,
      personal_finance_category_version: version,
      updated_datetime: new Date(item.last_update ?? item.created_at).toISOString(),
    };
  },
});

const create = itemEndpoint({
  schema: fields({
    access_token: z.string(),
    transactions: z
      .array(
        z.strictObject({
          date_transacted: Day,
          date_posted: Day,
          amount: z.number(),
          description: z.string().min(1),
          iso_currency_code: z.string().optional(),
        }),
      )
      .min(1)
      .max(10),
  }),
  limit: limited('RATE_LIMIT', 50, 2),
  async run({ clock, database, life }, input, item) {
    const account = item.accounts.find(({ type }) => type === 'depository');
    if (item.persona !== 'user_transactions_dynamic' || account === undefined) {
      throw new PlaidError(
        'INVALID_FIELD',
        'transactions can be created only on items of user_transactions_dynamic',
      );
    }
    const add: ReturnType<typeof rowFromGiven>[] = [];
    for (const row of input.transactions) {
      const number = await nextNumber(database, 'created_transactions');
      const given: GivenRow = {
        key: `created:${String(number)}`,
        account_id: account.account_id,
        date_transacted: row.date_transacted,
        date_posted: row.date_posted,
        amount: row.amount,
        description: row.description,
        currency: row.iso_currency_code ?? account.currency,
      };
      add.push(rowFromGiven(item, given, clock.today()));
    }
    await life.change(item, { add, modify: [], remove: [] });
    return {};
  },
});

const categories = openEndpoint({
  schema: z.looseObject({}),
  needsCredentials: false,
  run: () =>
    Promise.resolve({
      categories: [
        { category_id: '10000000', group: 'special', hierarchy: ['Bank Fees'] },
        { category_id: '13005000', group: 'place', hierarchy: ['Food and Drink', 'Restaurants'] },
        { category_id: '16000000', group: 'special', hierarchy: ['Payment'] },
        { category_id: '19047000', group: 'place', hierarchy: ['Shops', 'Supermarkets and Groceries'] },
        { category_id: '21000000', group: 'special', hierarchy: ['Transfer'] },
        { category_id: '22000000', group: 'special', hierarchy: ['Travel'] },
      ],
    }),
});

export const TRANSACTION_ENDPOINTS: Readonly<Record<string, Endpoint>> = {
  '/transactions/sync': sync,
  '/transactions/get': get,
  '/transactions/refresh': refresh,
  '/transactions/recurring/get': recurring,
  '/sandbox/transactions/create': create,
  '/categories/get': categories,
};
