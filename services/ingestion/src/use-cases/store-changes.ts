import { addDays } from '@orrery/calendar';
import { MAX_TRANSACTIONS_PER_EVENT, TransactionsIngested, TransactionsRemoved } from '@orrery/contracts';
import { newEvent } from '@orrery/messaging';
import type { NewEvent } from '@orrery/messaging';
import type { Runtime } from '@orrery/service-kit';
import type { ClientSession } from 'mongoose';
import { matchTwins, MAX_DAYS_APART } from '../domain/match-twins.ts';
import type { Twins } from '../domain/match-twins.ts';
import { hideBehind, showAlone, toIngested, withStatedCategory } from '../domain/raw-transaction.ts';
import type { RawTransaction, RowChange } from '../domain/raw-transaction.ts';
import type { RawTransactionStore } from '../store/raw-transaction-store.ts';

/** What storing needs. */
export interface StoreChangesParts {
  transactions: RawTransactionStore;
  recordEvents: Runtime<unknown>['recordEvents'];
}

const inGroups = <Value>(values: readonly Value[]): Value[][] => {
  const groups: Value[][] = [];
  for (let start = 0; start < values.length; start += MAX_TRANSACTIONS_PER_EVENT) {
    groups.push(values.slice(start, start + MAX_TRANSACTIONS_PER_EVENT));
  }
  return groups;
};

const eventsOf = (userId: string, changes: readonly RowChange[]): NewEvent[] => [
  ...inGroups(changes.filter(({ tell }) => tell === 'removed')).map((group) =>
    newEvent(TransactionsRemoved, userId, {
      userId,
      transactions: group.map(({ row }) => ({ transactionId: row._id, rowVersion: row.rowVersion })),
    }),
  ),
  ...inGroups(changes.filter(({ tell }) => tell === 'ingested')).map((group) =>
    newEvent(TransactionsIngested, userId, { userId, transactions: group.map(({ row }) => toIngested(row)) }),
  ),
];

/** Changes of one batch by row, so that a row which changes for two reasons is written and told once. */
class Changes {
  readonly #byId = new Map<string, RowChange>();

  constructor(changes: readonly RowChange[]) {
    for (const change of changes) {
      this.#byId.set(change.row._id, change);
    }
  }

  /** The row as this batch leaves it so far. */
  present(row: RawTransaction): RawTransaction {
    return this.#byId.get(row._id)?.row ?? row;
  }

  /** Whether the batch changes the row anyway. */
  has(row: RawTransaction): boolean {
    return this.#byId.has(row._id);
  }

  /** Adds a change on top of what the batch does to the row already. */
  add(change: RowChange): void {
    const before = this.#byId.get(change.row._id);
    const isNew = before?.isNew ?? change.isNew;
    // What others never heard of need not be taken back.
    const tell = isNew && change.tell === 'removed' ? 'nothing' : change.tell;
    const rowVersion = before?.row.rowVersion ?? change.row.rowVersion;
    this.#byId.set(change.row._id, { row: { ...change.row, rowVersion }, isNew, tell });
  }

  list(): RowChange[] {
    return [...this.#byId.values()];
  }
}

/**
 * A function that writes changed rows and records what others are told about them, in one transaction. A purchase that
 * another source shows already is kept once; when the row that shows it goes, the other one comes back.
 * @param parts the rows and the outbox
 */
export const createStoreChanges = ({ transactions, recordEvents }: StoreChangesParts) => {
  const findTwins = async (
    userId: string,
    fresh: readonly RawTransaction[],
    taken: ReadonlySet<string>,
    session: ClientSession,
  ): Promise<Twins[]> => {
    const [first] = fresh;
    if (first === undefined || !(await transactions.hasOtherSource(userId, first.source, session))) {
      return [];
    }
    const days = fresh.map(({ postedOn }) => postedOn).sort();
    const candidates = await transactions.twins(
      userId,
      {
        amounts: [...new Set(fresh.map(({ amountMinor }) => amountMinor))],
        fromDay: addDays(days[0] ?? first.postedOn, -MAX_DAYS_APART),
        toDay: addDays(days.at(-1) ?? first.postedOn, MAX_DAYS_APART),
      },
      session,
    );
    return matchTwins(
      fresh,
      candidates.filter(({ _id }) => !taken.has(_id)),
    );
  };

  /** Hides the twin that knows less; what the user wrote on it and what hid behind it go over to the other. */
  const joinTwins = async (
    userId: string,
    twins: readonly Twins[],
    changes: Changes,
    session: ClientSession,
  ): Promise<void> => {
    const behind = await transactions.duplicatesOf(
      userId,
      twins.map(({ hidden }) => hidden._id),
      session,
    );
    for (const { kept, hidden } of twins) {
      changes.add(hideBehind(changes.present(hidden), kept._id));
      const stated = withStatedCategory(changes.present(kept), hidden);
      if (stated !== undefined) {
        changes.add(stated);
      }
      for (const row of behind.filter(({ duplicateOf }) => duplicateOf === hidden._id)) {
        changes.add(hideBehind(row, kept._id));
      }
    }
  };

  /** Pairs of rows that have come back with those that hid behind them before they went. */
  const formerTwins = async (
    userId: string,
    given: readonly RowChange[],
    session: ClientSession,
  ): Promise<Twins[]> => {
    const back = new Map(given.filter(({ isBack }) => isBack === true).map(({ row }) => [row._id, row]));
    const rows = await transactions.formerDuplicatesOf(userId, [...back.keys()], session);
    return rows.flatMap((hidden) => {
      const kept = back.get(hidden.wasBehind ?? '');
      return kept === undefined ? [] : [{ kept, hidden }];
    });
  };

  /** Shows rows again that hid behind others which have gone. */
  const bringBack = async (userId: string, changes: Changes, session: ClientSession): Promise<void> => {
    const gone = changes
      .list()
      .filter(({ tell, row }) => tell === 'removed' && row.hidden !== 'duplicate')
      .map(({ row }) => row._id);
    for (const row of await transactions.duplicatesOf(userId, gone, session)) {
      if (!changes.has(row)) {
        changes.add(showAlone(row));
      }
    }
  };

  return async (userId: string, given: readonly RowChange[], session: ClientSession): Promise<void> => {
    if (given.length === 0) {
      return;
    }
    const changes = new Changes(given);
    const former = await formerTwins(userId, given, session);
    const haveTwin = new Set(former.flatMap(({ kept, hidden }) => [kept._id, hidden._id]));
    const fresh = given
      .filter(
        ({ isNew, isBack, tell, row }) =>
          tell === 'ingested' && (isNew || isBack === true || row.source === 'main-backend'),
      )
      .flatMap(({ row }) => (haveTwin.has(row._id) ? [] : [row]));
    const twins = [...former, ...(await findTwins(userId, fresh, haveTwin, session))];
    if (twins.length > 0) {
      await joinTwins(userId, twins, changes, session);
    }
    if (given.some(({ tell }) => tell === 'removed')) {
      await bringBack(userId, changes, session);
    }
    const all = changes.list();
    await transactions.write(userId, all, session);
    await recordEvents(session, eventsOf(userId, all));
  };
};

export type StoreChanges = ReturnType<typeof createStoreChanges>;
