import { addDays, type CalendarDay } from '@orrery/calendar';
import type { MongoClient } from 'mongodb';
import { refreshedRow, rowsOfDay, volumeRows, type RowDraft } from '../world/persona-rows.ts';
import { findPersona } from '../world/personas.ts';
import { idFrom } from '../world/seeded-random.ts';
import { PlaidError } from '../wire/plaid-error.ts';
import type { WebhookSender } from '../webhooks/webhook-sender.ts';
import { applyChanges, type NewRow, type RowChanges } from './item-ledger.ts';
import type { DueRecord, GivenRow, ItemRecord, RowRecord, SandboxDatabase } from './records.ts';
import type { SandboxClock } from './sandbox-clock.ts';

const INITIAL_DAYS = 30;
const DEFAULT_DAYS = 90;
const DAY_MS = 24 * 60 * 60 * 1000;
const MOST_GROWTH_DAYS = 800;
const NEWS_PER_REFRESH = 3;
const ID_LENGTH = 37;
const TIP = 1.18;
const CENTS = 100;

/** How long things take, in milliseconds of real time. */
export interface SandboxTiming {
  initialMs: number;
  historicalMs: number;
  refreshMs: number;
  /** After how long an Item needs a new sign-in. */
  loginLastsMs: number;
}

/** What happens to Items as time goes by. */
export interface ItemLife {
  /**
   * Runs work on an Item alone.
   * @param itemId which
   * @param work gets the Item as it is now; a removed or unknown one is `ITEM_NOT_FOUND`
   */
  alone<Result>(itemId: string, work: (item: ItemRecord) => Promise<Result>): Promise<Result>;
  /** Begins to load transactions; does nothing when that has begun. */
  beginTransactions(item: ItemRecord, daysRequested: number | null): Promise<ItemRecord>;
  /** Applies changes and tells the receiver; call it inside `alone`. */
  change(item: ItemRecord, changes: RowChanges, options?: { quiet?: boolean }): Promise<ItemRecord>;
  /** Brings an Item up to the present: work that is due, posting days, new days. */
  catchUp(itemId: string): Promise<void>;
  /** Plans a refresh. */
  planRefresh(item: ItemRecord): Promise<void>;
  /** Puts an Item into an error and tells the receiver; call it inside `alone`. */
  breakItem(item: ItemRecord, code: string): Promise<void>;
  /** Catches up every Item that has something due. */
  runDue(): Promise<void>;
  /** Catches up all Items; after the clock has moved. */
  catchUpAll(): Promise<void>;
  /** Epoch milliseconds of the next work in real time, or undefined. */
  nextAt(): Promise<number | undefined>;
}

const needsTip = (draft: RowDraft): boolean =>
  draft.pfc === 'FOOD_AND_DRINK_RESTAURANT' && draft.currency === 'USD' && draft.amount > 0;

const rowFromDraft = (item: ItemRecord, draft: RowDraft, today: CalendarDay): NewRow[] => {
  const account = item.accounts.find(({ key }) => key === draft.accountKey);
  if (account === undefined) {
    return [];
  }
  const pending = draft.postedDay > today;
  return [
    {
      _id: idFrom(ID_LENGTH, item._id, draft.key, pending ? 'pending' : 'posted'),
      account_id: account.account_id,
      key: draft.key,
      date: pending ? draft.authorizedDay : draft.postedDay,
      authorized_date: draft.authorizedDay,
      posts_on: pending ? draft.postedDay : null,
      settles_for: pending ? draft.amount : null,
      pending,
      pending_transaction_id: null,
      amount: pending && needsTip(draft) ? Math.round((draft.amount / TIP) * CENTS) / CENTS : draft.amount,
      currency: draft.currency,
      name: draft.name,
      original_description: draft.name,
      merchant: draft.merchant,
      pfc: draft.pfc,
      channel: draft.channel,
      code: draft.code,
      city: draft.city,
      region: draft.region,
      country: draft.country,
    },
  ];
};

/**
 * A row that somebody wrote out, as it stands on a day.
 * @param item whose
 * @param given what was written; a posting day in the future makes it pending
 * @param today the day
 */
export const rowFromGiven = (item: ItemRecord, given: GivenRow, today: CalendarDay): NewRow => {
  const pending = given.date_posted > today;
  return {
    _id: idFrom(ID_LENGTH, item._id, given.key, pending ? 'pending' : 'posted'),
    account_id: given.account_id,
    key: given.key,
    date: pending ? given.date_transacted : given.date_posted,
    authorized_date: given.date_transacted,
    posts_on: pending ? given.date_posted : null,
    settles_for: pending ? given.amount : null,
    pending,
    pending_transaction_id: null,
    amount: given.amount,
    currency: given.currency,
    name: given.description,
    original_description: given.description,
    merchant: null,
    pfc: null,
    channel: 'other',
    code: null,
    city: null,
    region: null,
    country: null,
  };
};

/**
 * The posted row that takes the place of a pending one.
 * @param row the pending one
 * @param day of posting
 * @param amount when it differs
 */
export const postedFrom = (row: RowRecord, day: CalendarDay, amount?: number): NewRow => {
  const { item_id, seq: _seq, added_seq: _added, removed: _removed, ...rest } = row;
  return {
    ...rest,
    _id: idFrom(ID_LENGTH, item_id, row.key, 'posted'),
    date: day,
    pending: false,
    pending_transaction_id: row._id,
    posts_on: null,
    settles_for: null,
    amount: amount ?? row.settles_for ?? row.amount,
  };
};

/**
 * Creates the keeper of all Items.
 * @param parts what it works with; `wake` is called when new work has been planned
 */
export const createItemLife = (parts: {
  client: MongoClient;
  database: SandboxDatabase;
  clock: SandboxClock;
  webhooks: WebhookSender;
  timing: SandboxTiming;
  seed: string;
  wake: () => void;
}): ItemLife => {
  const { client, database, clock, webhooks, timing, seed, wake } = parts;
  const queues = new Map<string, Promise<unknown>>();

  const alone = <Result>(itemId: string, work: (item: ItemRecord) => Promise<Result>): Promise<Result> => {
    const before = queues.get(itemId) ?? Promise.resolve();
    const run = async (): Promise<Result> => {
      const item = await database.items.findOne({ _id: itemId });
      if (item === null || item.removed) {
        throw new PlaidError('ITEM_NOT_FOUND');
      }
      return work(item);
    };
    const result = before.then(run, run);
    const settled = result.then(
      () => undefined,
      () => undefined,
    );
    queues.set(itemId, settled);
    void settled.then(() => {
      if (queues.get(itemId) === settled) {
        queues.delete(itemId);
      }
    });
    return result;
  };

  const announce = async (item: ItemRecord, changes: RowChanges): Promise<void> => {
    if (changes.remove.length > 0) {
      await webhooks.send(item, 'TRANSACTIONS', 'TRANSACTIONS_REMOVED', {
        removed_transactions: changes.remove.map(({ _id }) => _id),
        error: null,
      });
    }
    if (changes.add.length > 0) {
      await webhooks.send(item, 'TRANSACTIONS', 'DEFAULT_UPDATE', {
        new_transactions: changes.add.length,
        error: null,
      });
    }
    await announceSync(item);
  };

  const announceSync = async (item: ItemRecord): Promise<void> => {
    if (item.sync_called) {
      await webhooks.send(item, 'TRANSACTIONS', 'SYNC_UPDATES_AVAILABLE', {
        initial_update_complete: item.readiness !== 'NOT_READY',
        historical_update_complete: item.readiness === 'HISTORICAL_UPDATE_COMPLETE',
      });
    }
  };

  const change: ItemLife['change'] = async (item, changes, options = {}) => {
    const next = await applyChanges(client, database, item, changes, { last_update: clock.real() });
    if (options.quiet !== true && changes.add.length + changes.modify.length + changes.remove.length > 0) {
      await announce(next, changes);
    }
    return next;
  };

  const inWindow =
    (item: ItemRecord) =>
    (row: NewRow): boolean =>
      (item.oldest_day === null || row.date >= item.oldest_day) &&
      (item.newest_day === null || row.date <= item.newest_day);

  /** The whole history as it stands on the day of linking, oldest first. */
  const historyOf = (item: ItemRecord): NewRow[] => {
    const today = item.linked_day;
    const persona = findPersona(item.persona ?? '');
    let drafts: RowDraft[] = [];
    if (persona !== undefined && item.volume > 0) {
      drafts = volumeRows(persona, seed, today, item.volume);
    } else if (persona !== undefined) {
      const days = Math.min(item.days_requested ?? DEFAULT_DAYS, persona.historyDays);
      for (let back = days; back >= 0; back -= 1) {
        drafts.push(...rowsOfDay(persona, seed, addDays(today, -back), today));
      }
    }
    return [
      ...drafts.flatMap((draft) => rowFromDraft(item, draft, today)),
      ...item.given.map((given) => rowFromGiven(item, given, today)),
    ]
      .filter(inWindow(item))
      .sort((left, right) => (left.date < right.date ? -1 : left.date > right.date ? 1 : 0));
  };

  const load = async (item: ItemRecord, kind: 'initial' | 'historical'): Promise<void> => {
    const cutoff = addDays(item.linked_day, -INITIAL_DAYS);
    const wanted: ItemRecord['readiness'] = kind === 'initial' ? 'NOT_READY' : 'INITIAL_UPDATE_COMPLETE';
    if (item.readiness !== wanted) {
      return;
    }
    const add = historyOf(item).filter(({ date }) => (kind === 'initial' ? date >= cutoff : date < cutoff));
    const next = await applyChanges(
      client,
      database,
      item,
      { add, modify: [], remove: [] },
      {
        readiness: kind === 'initial' ? 'INITIAL_UPDATE_COMPLETE' : 'HISTORICAL_UPDATE_COMPLETE',
        grown_to: item.linked_day,
        last_update: clock.real(),
      },
      { history: true },
    );
    await webhooks.send(next, 'TRANSACTIONS', kind === 'initial' ? 'INITIAL_UPDATE' : 'HISTORICAL_UPDATE', {
      new_transactions: add.length,
      error: null,
    });
    await announceSync(next);
  };

  const rowsThatPost = (item: ItemRecord, today: CalendarDay | null): Promise<RowRecord[]> =>
    database.rows
      .find({
        item_id: item._id,
        pending: true,
        removed: false,
        ...(today === null ? {} : { posts_on: { $lte: today } }),
      })
      .sort({ seq: 1 })
      .toArray();

  /** New days since the last time, for Items that are healthy and loaded. */
  const grow = async (item: ItemRecord): Promise<void> => {
    const today = clock.today();
    if (
      item.readiness !== 'HISTORICAL_UPDATE_COMPLETE' ||
      item.error !== null ||
      item.grown_to === null ||
      item.grown_to >= today
    ) {
      return;
    }
    const remove = await rowsThatPost(item, today);
    const add: NewRow[] = remove.map((row) => postedFrom(row, row.posts_on ?? today));
    const persona = findPersona(item.persona ?? '');
    if (persona !== undefined && item.volume === 0) {
      const first = addDays(today, -MOST_GROWTH_DAYS);
      for (
        let day = addDays(item.grown_to, 1) > first ? addDays(item.grown_to, 1) : first;
        day <= today;
        day = addDays(day, 1)
      ) {
        add.push(
          ...rowsOfDay(persona, seed, day, item.linked_day)
            .flatMap((draft) => rowFromDraft(item, draft, today))
            .filter(inWindow(item)),
        );
      }
    }
    const changes: RowChanges = { add, modify: [], remove };
    const next = await applyChanges(client, database, item, changes, {
      grown_to: today,
      last_update: clock.real(),
    });
    if (add.length + remove.length > 0) {
      await announce(next, changes);
    }
  };

  const refresh = async (item: ItemRecord): Promise<void> => {
    const persona = findPersona(item.persona ?? '');
    const refreshes = item.refreshes + 1;
    const hasNews =
      persona?.onRefresh === 'always-news' || (persona?.onRefresh === 'every-other' && refreshes % 2 === 1);
    if (persona === undefined || !hasNews || item.readiness === 'NOT_READY') {
      await database.items.updateOne({ _id: item._id }, { $set: { refreshes, last_update: clock.real() } });
      return;
    }
    const today = clock.today();
    const remove = await rowsThatPost(item, null);
    const fresh = Array.from({ length: NEWS_PER_REFRESH }, (_, ordinal) =>
      refreshedRow(persona, seed, today, refreshes, ordinal),
    ).flatMap((draft) => rowFromDraft(item, draft, today));
    await change(
      { ...item, refreshes },
      { add: [...remove.map((row) => postedFrom(row, today)), ...fresh], modify: [], remove },
    );
  };

  const plan = async (item: ItemRecord, kind: DueRecord['kind'], inMs: number): Promise<void> => {
    const id = kind === 'refresh' ? `${item._id}:${kind}:${String(clock.real())}` : `${item._id}:${kind}`;
    await database.due.updateOne(
      { _id: id },
      { $set: { item_id: item._id, kind, at: clock.real() + inMs } },
      { upsert: true },
    );
    wake();
  };

  const breakItem: ItemLife['breakItem'] = async (item, code) => {
    const error = new PlaidError(code).body;
    await database.items.updateOne({ _id: item._id }, { $set: { error } });
    await webhooks.send({ ...item, error }, 'ITEM', 'ERROR', { error: { ...error, status: 400 } });
  };

  const runOne = async (item: ItemRecord, { kind }: DueRecord): Promise<void> => {
    if (kind === 'expire') {
      if (item.error === null) {
        await breakItem(item, 'ITEM_LOGIN_REQUIRED');
      }
    } else if (kind === 'refresh') {
      await refresh(item);
    } else {
      await load(item, kind);
    }
  };

  const catchUp = (itemId: string): Promise<void> =>
    alone(itemId, async () => {
      const due = await database.due
        .find({ item_id: itemId, at: { $lte: clock.real() } })
        .sort({ at: 1 })
        .toArray();
      for (const work of due) {
        const now = await database.items.findOne({ _id: itemId });
        if (now !== null) {
          await runOne(now, work);
        }
        await database.due.deleteOne({ _id: work._id });
      }
      const item = await database.items.findOne({ _id: itemId });
      if (item !== null) {
        await grow(item);
      }
    });

  /** The same for work of our own accord: an Item may be removed meanwhile. */
  const catchUpIfThere = async (itemId: string): Promise<void> => {
    try {
      await catchUp(itemId);
    } catch (error) {
      if (!(error instanceof PlaidError && error.code === 'ITEM_NOT_FOUND')) {
        throw error;
      }
      await database.due.deleteMany({ item_id: itemId });
    }
  };

  return {
    alone,
    change,
    catchUp,
    breakItem,
    async beginTransactions(item, daysRequested) {
      if (item.days_requested !== null) {
        return item;
      }
      const days = daysRequested ?? DEFAULT_DAYS;
      const today = clock.today();
      const earliest = addDays(today, -days);
      const next: ItemRecord = {
        ...item,
        days_requested: days,
        linked_day: today,
        oldest_day: item.oldest_day !== null && item.oldest_day > earliest ? item.oldest_day : earliest,
        products: [...new Set([...item.products, 'transactions'])].sort(),
      };
      await database.items.replaceOne({ _id: item._id }, next);
      await plan(next, 'initial', timing.initialMs);
      await plan(next, 'historical', timing.historicalMs);
      await plan(next, 'expire', timing.loginLastsMs);
      return next;
    },
    planRefresh: (item) => plan(item, 'refresh', timing.refreshMs),
    async runDue() {
      const due = await database.due.distinct('item_id', { at: { $lte: clock.real() } });
      for (const itemId of due) {
        await catchUpIfThere(itemId);
      }
    },
    async catchUpAll() {
      const items = await database.items.find({ removed: false }, { projection: { _id: 1 } }).toArray();
      for (const { _id } of items) {
        await catchUpIfThere(_id);
      }
    },
    async nextAt() {
      const next = await database.due.findOne({}, { sort: { at: 1 } });
      const tomorrow = clock.real() + DAY_MS - (clock.business() % DAY_MS);
      return Math.min(next?.at ?? tomorrow, tomorrow);
    },
  };
};
