import { isDeepStrictEqual } from 'node:util';
import { addDays } from '@orrery/calendar';
import type { CalendarDate, CategorizedTransaction } from '@orrery/contracts';
import { cutPage, decodeCursor } from '@orrery/mongo';
import type { SortKey } from '@orrery/mongo';
import type { ClientSession, Connection, mongo } from 'mongoose';
import { metricKeyText, startSums } from '../domain/daily-metrics.ts';
import type { DaySums, MetricKey } from '../domain/daily-metrics.ts';
import { MAX_POSTING_LAG_DAYS } from '../domain/day-place.ts';
import type { DetectorTransaction } from '../domain/detector-transaction.ts';
import { monthOfDay } from '../domain/row-bundle.ts';
import type { PackedChange, PackedRow } from '../domain/row-bundle.ts';
import type { DayRange, ReportRow } from '../domain/spending-report.ts';
import { UNCATEGORISED } from '../domain/types.ts';
import type { DayPlace, LedgerEntry, LedgerRow } from '../domain/types.ts';
import type { BundleStore } from './bundle-store.ts';

type Facts = Omit<CategorizedTransaction, 'transactionId' | 'decision' | 'providerCategory'>;
type Decision = CategorizedTransaction['decision'];

interface StoredRow extends Facts, DayPlace {
  category: Decision['category'];
  confidence: number;
  decision: Decision['decision'];
  decisionSource: Decision['source'];
  decisionVersion: number;
  merchant: string | null;
  /** The bundle that packs this row. */
  bundleId: string;
}

interface StoredKey {
  /** `<userId>:<transactionId>`: an event of one user can never touch a row of another. */
  _id: string;
  userId: string;
  transactionId: string;
  removedVersion: number;
}

/** A removed transaction keeps its key and nothing else. */
type StoredEntry = StoredKey & Partial<StoredRow>;

type StoredPresent = StoredKey & StoredRow;

/** Which rows of a user to list; days are inclusive. */
export interface LedgerFilter {
  from?: CalendarDate | undefined;
  to?: CalendarDate | undefined;
  /** Slugs; null stands for decided as unknown. Absent means any. */
  categories?: readonly (string | null)[] | undefined;
  accountId?: string | undefined;
  /** Accounts of one bank. */
  accountIds?: readonly string[] | undefined;
  /** Case-insensitive literal part of description or merchant. */
  text?: string | undefined;
}

/** What is known about a transaction, and the bundle that packs its row; null for none. */
export interface KnownEntry extends LedgerEntry {
  bundleId: string | null;
}

/** A page of ledger rows; a page can be short and still have a successor when a text search stopped to rest. */
export interface LedgerPage {
  rows: LedgerRow[];
  nextCursor: string | null;
}

const NEWEST_FIRST: readonly SortKey[] = [
  { field: 'postedOn', direction: -1, kind: 'string' },
  { field: '_id', direction: -1, kind: 'string' },
];
const NEWEST_FIRST_SORT = { postedOn: -1, _id: -1 } as const;

/** Rows that one text search request looks at before it hands out a cursor; it always ends the month it is in. */
const SEARCH_WINDOW = 100_000;

/** Rows that one request adds up. */
const MAX_TOTALLED_ROWS = 100_000;

/** Rows that a detector reads at most; the newest ones count. */
const MAX_DETECTOR_ROWS = 20_000;

const FIRST_DAY = '0001-01-01';
const LAST_DAY = '9999-12-31';

/** The index prefix matches removed entries too; a range of days leaves them out, since they have no day. */
const daysBetween = (from: string | undefined, to: string | undefined) => ({
  $gte: from ?? FIRST_DAY,
  $lte: to ?? LAST_DAY,
});

/** Files from macOS hold Hangul and accents decomposed; composing both sides makes equal texts equal. */
const searchForm = (text: string): string => text.normalize('NFC').toLowerCase();

const entryId = (userId: string, transactionId: string): string => `${userId}:${transactionId}`;

const minOf = (left: string | undefined, right: string | undefined): string | undefined =>
  left === undefined || (right !== undefined && right < left) ? right : left;

const isPresent = (stored: StoredEntry): stored is StoredPresent => stored.postedOn !== undefined;

const toPacked = ({ transaction, day }: LedgerRow): PackedRow => {
  const { description, merchantName, decision } = transaction;
  const names = [merchantName, decision.merchant].filter((name) => name !== undefined);
  return {
    id: transaction.transactionId,
    postedOn: transaction.postedOn,
    day,
    amountMinor: transaction.amountMinor,
    currency: transaction.currency,
    category: decision.category,
    accountId: transaction.accountId,
    merchant: decision.merchant ?? merchantName ?? description,
    country: transaction.country ?? null,
    text: searchForm([description, ...names].join('\n')),
  };
};

const toStored = (userId: string, entry: LedgerEntry, bundleId: string | null): StoredEntry => {
  const key = {
    _id: entryId(userId, entry.transactionId),
    userId,
    transactionId: entry.transactionId,
    removedVersion: entry.removedVersion,
  };
  if (entry.row === null || bundleId === null) {
    return key;
  }
  const { transaction, day, band } = entry.row;
  const { decision, providerCategory: _hint, ...facts } = transaction;
  return {
    ...key,
    ...facts,
    day,
    band,
    category: decision.category,
    confidence: decision.confidence,
    decision: decision.decision,
    decisionSource: decision.source,
    decisionVersion: decision.decisionVersion,
    merchant: decision.merchant,
    bundleId,
  };
};

const toRow = (stored: StoredPresent): LedgerRow => {
  const {
    _id,
    userId: _userId,
    removedVersion: _removedVersion,
    bundleId: _bundleId,
    day,
    band,
    category,
    confidence,
    decision,
    decisionSource,
    decisionVersion,
    merchant,
    ...facts
  } = stored;
  return {
    transaction: {
      ...facts,
      decision: { category, confidence, decision, source: decisionSource, merchant, decisionVersion },
    },
    day,
    band,
  };
};

const toDetectorRow = (row: PackedRow): DetectorTransaction => ({
  id: row.id,
  date: row.postedOn,
  merchant: row.merchant,
  amountMinor: row.amountMinor,
  currency: row.currency,
  category: row.category ?? undefined,
  country: row.country ?? undefined,
});

/** Whether a packed row is one of those that a filter means, its text aside. */
const isMeant = ({ from, to, categories, accountId, accountIds }: LedgerFilter, row: PackedRow): boolean =>
  row.postedOn >= (from ?? FIRST_DAY) &&
  row.postedOn <= (to ?? LAST_DAY) &&
  (categories === undefined || categories.includes(row.category)) &&
  (accountId === undefined || row.accountId === accountId) &&
  (accountIds === undefined || accountIds.includes(row.accountId));

const newestFirst = (left: PackedRow, right: PackedRow): number =>
  left.postedOn === right.postedOn
    ? Number(left.id < right.id) - Number(left.id > right.id)
    : Number(left.postedOn < right.postedOn) - Number(left.postedOn > right.postedOn);

const monthsOf = ({ from, to }: Pick<LedgerFilter, 'from' | 'to'>) => ({
  from: monthOfDay(from ?? FIRST_DAY),
  to: monthOfDay(to ?? LAST_DAY),
});

/**
 * The ledger: one document per transaction of a user, newest first by keyset paging. Every function takes the user
 * first and sees that user's rows only. Lists read these documents; sums, reports, detectors and the text search read
 * the bundles that hold the same rows packed by month.
 * @param connection database of the service
 * @param bundles packed rows, kept in the same transactions
 */
export const createLedgerStore = (connection: Connection, bundles: BundleStore) => {
  const ledger = connection.collection<StoredEntry>('ledger');

  /** Rows whose place on the calendar is within the days, found by the index on posting days. */
  const placedBetween = (userId: string, { from, to }: DayRange): mongo.Filter<StoredEntry> => ({
    userId,
    postedOn: daysBetween(addDays(from, -MAX_POSTING_LAG_DAYS), addDays(to, MAX_POSTING_LAG_DAYS)),
    day: { $gte: from, $lte: to },
  });

  const listFilter = (userId: string, filter: LedgerFilter, cursor: string | undefined) => {
    const conditions: mongo.Filter<StoredEntry> = { userId };
    let to = filter.to;
    if (cursor !== undefined) {
      const [day = '', id = ''] = decodeCursor(NEWEST_FIRST, cursor).map(String);
      // The bound on the leading field lets the index start at the cursor instead of at the newest row.
      to = to === undefined || day < to ? day : to;
      conditions.$or = [{ postedOn: { $lt: day } }, { postedOn: day, _id: { $lt: id } }];
    }
    conditions.postedOn = daysBetween(filter.from, to);
    if (filter.categories !== undefined) {
      const [only] = filter.categories;
      conditions.category = filter.categories.length === 1 ? (only ?? null) : { $in: [...filter.categories] };
    }
    if (filter.accountId !== undefined) {
      conditions.accountId = filter.accountId;
    }
    if (filter.accountIds !== undefined) {
      conditions.accountId = { $in: [...filter.accountIds] };
    }
    return conditions;
  };

  const sumsBetween = async (
    userId: string,
    per: 'day' | 'month',
    range: DayRange,
    session?: ClientSession,
  ): Promise<DaySums[]> => {
    const sums = startSums(per);
    const posted = {
      from: addDays(range.from, -MAX_POSTING_LAG_DAYS),
      to: addDays(range.to, MAX_POSTING_LAG_DAYS),
    };
    for await (const { rows } of bundles.scan(userId, monthsOf(posted), session)) {
      for (const row of rows) {
        if (row.day >= range.from && row.day <= range.to) {
          sums.add(row);
        }
      }
    }
    return sums.finish();
  };

  /** Text search over the packed rows, month by month from the newest; `text` is in search form already. */
  const search = async (
    userId: string,
    filter: LedgerFilter & { text: string },
    page: { limit: number; cursor?: string | undefined },
  ): Promise<LedgerPage> => {
    const [cursorDay, cursorId] =
      page.cursor === undefined ? [] : decodeCursor(NEWEST_FIRST, page.cursor).map(String);
    const isAfterCursor = ({ id, postedOn }: PackedRow): boolean =>
      cursorDay === undefined ||
      cursorId === undefined ||
      postedOn < cursorDay ||
      (postedOn === cursorDay && entryId(userId, id) < cursorId);
    const months = monthsOf({ from: filter.from, to: minOf(filter.to, cursorDay) });

    const found: PackedRow[] = [];
    let looked = 0;
    let month: string | undefined;
    let restsBefore: string | undefined;
    for await (const bundle of bundles.scan(userId, { ...months, text: filter.text })) {
      if (month !== undefined && bundle.month !== month) {
        if (found.length > page.limit) {
          break;
        }
        if (looked >= SEARCH_WINDOW) {
          restsBefore = month;
          break;
        }
      }
      month = bundle.month;
      looked += bundle.count;
      found.push(...bundle.rows.filter((row) => isMeant(filter, row) && isAfterCursor(row)));
    }

    const keys = found
      .sort(newestFirst)
      .slice(0, page.limit + 1)
      .map(({ id, postedOn }) => ({ postedOn, _id: entryId(userId, id) }));
    const { rows, nextCursor } = cutPage(NEWEST_FIRST, keys, page.limit);
    // Nothing sorts after this place within its month, so the next request starts with the month before.
    const rest = restsBefore === undefined ? [] : [{ postedOn: `${restsBefore}-01`, _id: `${userId}:` }];
    const stored = await ledger
      .find({ _id: { $in: rows.map(({ _id }) => _id) } }, { batchSize: 1000 })
      .sort(NEWEST_FIRST_SORT)
      .toArray();
    return {
      rows: stored.filter(isPresent).map(toRow),
      nextCursor: nextCursor ?? cutPage(NEWEST_FIRST, [...rest, ...rest], 1).nextCursor,
    };
  };

  return {
    /** Makes the indexes; safe to repeat. */
    async prepare(): Promise<void> {
      await bundles.prepare();
      await ledger.createIndexes([
        { key: { userId: 1, postedOn: -1, _id: -1 }, name: 'newest_first' },
        { key: { userId: 1, category: 1, postedOn: -1, _id: -1 }, name: 'newest_first_of_category' },
        { key: { userId: 1, accountId: 1, postedOn: -1, _id: -1 }, name: 'newest_first_of_account' },
        { key: { userId: 1, currency: 1, _id: 1 }, name: 'by_currency' },
      ]);
    },

    /**
     * What is known about some transactions, by transaction id.
     * @param userId owner
     * @param transactionIds at most a batch
     * @param session transaction of the event
     */
    async findEntries(
      userId: string,
      transactionIds: readonly string[],
      session: ClientSession,
    ): Promise<Map<string, KnownEntry>> {
      const ids = [...new Set(transactionIds)].map((id) => entryId(userId, id));
      const stored = await ledger.find({ _id: { $in: ids } }, { session, batchSize: 1000 }).toArray();
      return new Map(
        stored.map((entry) => [
          entry.transactionId,
          {
            transactionId: entry.transactionId,
            removedVersion: entry.removedVersion,
            row: isPresent(entry) ? toRow(entry) : null,
            bundleId: entry.bundleId ?? null,
          },
        ]),
      );
    },

    /**
     * Stores entries, and their rows in bundles.
     * @param userId owner
     * @param entries new states, one per transaction
     * @param known entries that `findEntries` gave in the same session
     * @param session transaction of the event
     */
    async saveEntries(
      userId: string,
      entries: readonly LedgerEntry[],
      known: ReadonlyMap<string, KnownEntry>,
      session: ClientSession,
    ): Promise<void> {
      if (entries.length === 0) {
        return;
      }
      const changes = entries.map(({ transactionId, row }): PackedChange => ({
        id: transactionId,
        bundleId: known.get(transactionId)?.bundleId ?? null,
        after: row && toPacked(row),
      }));
      const places = await bundles.apply(userId, changes, session);
      await ledger.bulkWrite(
        entries.map((entry) => {
          const document = toStored(userId, entry, places.get(entry.transactionId) ?? null);
          return known.has(entry.transactionId)
            ? { replaceOne: { filter: { _id: document._id }, replacement: document } }
            : { insertOne: { document } };
        }),
        { session, ordered: false },
      );
    },

    /**
     * Rows newest first.
     * @param userId owner
     * @param filter which rows
     * @param page rows of a page and the cursor of the page before
     * @throws InvalidCursorError
     */
    async list(
      userId: string,
      filter: LedgerFilter,
      page: { limit: number; cursor?: string | undefined },
    ): Promise<LedgerPage> {
      if (filter.text !== undefined) {
        return search(userId, { ...filter, text: searchForm(filter.text) }, page);
      }
      const stored = await ledger
        .find(listFilter(userId, filter, page.cursor))
        .sort(NEWEST_FIRST_SORT)
        .limit(page.limit + 1)
        .toArray();
      const { rows, nextCursor } = cutPage(NEWEST_FIRST, stored.filter(isPresent), page.limit);
      return { rows: rows.map(toRow), nextCursor };
    },

    /**
     * Number and sums of the rows of a filter per currency, the one with most rows first.
     * @param userId owner
     * @param filter which rows; of more than 100,000 the newest months count
     * @returns signed minor units, and whether every row was counted
     */
    async totals(
      userId: string,
      filter: LedgerFilter,
    ): Promise<{
      totals: { currency: string; count: number; inMinor: number; outMinor: number }[];
      isComplete: boolean;
    }> {
      const byCurrency = new Map<
        string,
        { currency: string; count: number; inMinor: number; outMinor: number }
      >();
      const text = filter.text === undefined ? undefined : searchForm(filter.text);
      let counted = 0;
      for await (const { rows } of bundles.scan(userId, { ...monthsOf(filter), text })) {
        if (counted > MAX_TOTALLED_ROWS) {
          break;
        }
        for (const row of rows) {
          if (isMeant(filter, row)) {
            const { amountMinor, currency } = row;
            const total = byCurrency.get(currency) ?? { currency, count: 0, inMinor: 0, outMinor: 0 };
            total.count += 1;
            total[amountMinor < 0 ? 'outMinor' : 'inMinor'] += amountMinor;
            byCurrency.set(currency, total);
            counted += 1;
          }
        }
      }
      return {
        totals: [...byCurrency.values()].sort((left, right) => right.count - left.count),
        isComplete: counted <= MAX_TOTALLED_ROWS,
      };
    },

    /**
     * What reports need of the rows posted on some days, streamed in no particular order.
     * @param userId owner
     * @param range days, both included
     */
    async *reportRows(userId: string, range: DayRange): AsyncGenerator<readonly ReportRow[]> {
      for await (const { rows } of bundles.scan(userId, monthsOf(range))) {
        yield rows.filter((row) => isMeant(range, row));
      }
    },

    /**
     * What detectors need of the newest rows posted on some days, oldest first.
     * @param userId owner
     * @param range days, both included
     */
    async detectorRows(userId: string, range: DayRange): Promise<DetectorTransaction[]> {
      const found: PackedRow[] = [];
      let month: string | undefined;
      for await (const bundle of bundles.scan(userId, monthsOf(range))) {
        if (bundle.month !== month && found.length >= MAX_DETECTOR_ROWS) {
          break;
        }
        month = bundle.month;
        found.push(...bundle.rows.filter((row) => isMeant(range, row)));
      }
      return found.sort(newestFirst).slice(0, MAX_DETECTOR_ROWS).reverse().map(toDetectorRow);
    },

    /**
     * Number of rows posted on some days.
     * @param userId owner
     * @param range days, both included
     */
    async countBetween(userId: string, range: DayRange): Promise<number> {
      return ledger.countDocuments({ userId, postedOn: daysBetween(range.from, range.to) });
    },

    /**
     * Sums per day of the user's calendar, category and currency, in no particular order.
     * @param userId owner
     * @param range days, both included
     * @param session transaction to read in, if any
     */
    daySums: (userId: string, range: DayRange, session?: ClientSession): Promise<DaySums[]> =>
      sumsBetween(userId, 'day', range, session),

    /**
     * The same per month; each carries the earliest day of its month that has a row.
     * @param userId owner
     * @param range days, both included
     */
    monthSums: (userId: string, range: DayRange): Promise<DaySums[]> => sumsBetween(userId, 'month', range),

    /**
     * Rows whose purchase lies on some days of the user's calendar.
     * @param userId owner
     * @param range days, both included; keep it to a month or so
     * @param session transaction of the rebuild
     */
    async rowsPlacedBetween(userId: string, range: DayRange, session: ClientSession): Promise<LedgerRow[]> {
      const stored = await ledger.find(placedBetween(userId, range), { session, batchSize: 5000 }).toArray();
      return stored.filter(isPresent).map(toRow);
    },

    /**
     * The largest purchase of some metric keys, counted from the rows.
     * @param userId owner
     * @param keys keys of daily metrics
     * @param session transaction of the event
     * @returns minor units by `metricKeyText`; a key without a purchase is absent
     */
    async largestPurchases(
      userId: string,
      keys: readonly MetricKey[],
      session: ClientSession,
    ): Promise<Map<string, number>> {
      const days = keys.map(({ day }) => day).sort();
      const [from, to] = [days[0], days.at(-1)];
      const largest = new Map<string, number>();
      if (from === undefined || to === undefined) {
        return largest;
      }
      const categories = [
        ...new Set(keys.map(({ category }) => (category === UNCATEGORISED ? null : category))),
      ];
      const wanted = new Set(keys.map(metricKeyText));
      const cursor = ledger.find(
        { ...placedBetween(userId, { from, to }), category: { $in: categories }, amountMinor: { $lt: 0 } },
        {
          session,
          batchSize: 5000,
          projection: { _id: 0, day: 1, category: 1, currency: 1, amountMinor: 1 },
        },
      );
      for await (const { day, category, currency, amountMinor } of cursor) {
        if (day !== undefined && currency !== undefined && amountMinor !== undefined) {
          const text = metricKeyText({ day, category: category ?? UNCATEGORISED, currency });
          if (wanted.has(text)) {
            largest.set(text, Math.max(largest.get(text) ?? 0, -amountMinor));
          }
        }
      }
      return largest;
    },

    /**
     * The currency in which most of a user's rows are, the first in the alphabet among equals; undefined without rows.
     * Nearly everybody has one, which two seeks in an index tell; only rows of several are counted.
     * @param userId owner
     */
    async mainCurrency(userId: string): Promise<string | undefined> {
      const known: string[] = [];
      let beyond = '';
      for (;;) {
        const next = await ledger
          .find({ userId, currency: { $gt: beyond } }, { projection: { _id: 0, currency: 1 } })
          .sort({ currency: 1, _id: 1 })
          .limit(1)
          .next();
        if (next?.currency === undefined) {
          break;
        }
        beyond = next.currency;
        known.push(beyond);
      }
      if (known.length < 2) {
        return known[0];
      }
      const counted = await Promise.all(
        known.map(async (currency) => ({
          currency,
          count: await ledger.countDocuments({ userId, currency }),
        })),
      );
      return counted.reduce((best, each) => (each.count > best.count ? each : best)).currency;
    },

    /**
     * Versions of a user's present rows by transaction id.
     * @param userId owner
     */
    async versions(userId: string): Promise<Map<string, number>> {
      const cursor = ledger.find(
        { userId, postedOn: daysBetween(undefined, undefined) },
        { projection: { _id: 0, transactionId: 1, rowVersion: 1 }, batchSize: 5000 },
      );
      const versions = new Map<string, number>();
      for await (const { transactionId, rowVersion = 0 } of cursor) {
        versions.set(transactionId, rowVersion);
      }
      return versions;
    },

    /**
     * Months for which a user has rows or bundles.
     * @param userId owner
     */
    async months(userId: string): Promise<string[]> {
      const days = await ledger.distinct('postedOn', {
        userId,
        postedOn: daysBetween(undefined, undefined),
      });
      const posted = days.flatMap((day) => (day === undefined ? [] : [monthOfDay(day)]));
      return [...new Set([...posted, ...(await bundles.months(userId))])].sort();
    },

    /**
     * Packs the rows of one month anew when their bundles do not hold exactly them.
     * @param userId owner
     * @param month `YYYY-MM`
     * @param session transaction of the rebuild
     * @returns whether they differed
     */
    async repack(userId: string, month: string, session: ClientSession): Promise<boolean> {
      const stored = await ledger
        .find({ userId, postedOn: daysBetween(`${month}-01`, `${month}-31`) }, { session, batchSize: 5000 })
        .toArray();
      const rows = stored
        .filter(isPresent)
        .map((row) => ({ row: toPacked(toRow(row)), bundleId: row.bundleId }));
      const packed = await bundles.ofMonth(userId, month, session);
      const held = new Map(
        packed.flatMap(({ id, rows: own }) => own.map((row) => [`${id} ${row.id}`, row] as const)),
      );
      const isRight =
        held.size === rows.length &&
        packed.reduce((sum, bundle) => sum + bundle.rows.length, 0) === rows.length &&
        rows.every(({ row, bundleId }) => isDeepStrictEqual(held.get(`${bundleId} ${row.id}`), row));
      if (isRight) {
        return false;
      }
      await bundles.remove(
        userId,
        packed.map(({ id }) => id),
        session,
      );
      const places = await bundles.apply(
        userId,
        rows.map(({ row }) => ({ id: row.id, bundleId: null, after: row })),
        session,
      );
      if (places.size > 0) {
        await ledger.bulkWrite(
          [...places].flatMap(([id, bundleId]) =>
            bundleId === null
              ? []
              : [{ updateOne: { filter: { _id: entryId(userId, id) }, update: { $set: { bundleId } } } }],
          ),
          { session, ordered: false },
        );
      }
      return true;
    },

    /**
     * First and last posting day of a user's rows, or undefined without rows.
     * @param userId owner
     */
    async postedSpan(userId: string): Promise<DayRange | undefined> {
      const edge = (direction: 1 | -1) =>
        ledger
          .find({ userId, postedOn: daysBetween(undefined, undefined) }, { projection: { postedOn: 1 } })
          .sort({ postedOn: direction, _id: direction })
          .limit(1)
          .next();
      const [first, last] = await Promise.all([edge(1), edge(-1)]);
      return first?.postedOn === undefined || last?.postedOn === undefined
        ? undefined
        : { from: first.postedOn, to: last.postedOn };
    },

    /**
     * Every user who ever had a row in the order of their ids, one index seek each.
     * @param beyond only users after this one
     */
    async *users(beyond = ''): AsyncGenerator<string> {
      let after = beyond;
      for (;;) {
        const next = await ledger
          .find({ userId: { $gt: after } }, { projection: { userId: 1 } })
          .sort({ userId: 1 })
          .limit(1)
          .next();
        if (next === null) {
          return;
        }
        after = next.userId;
        yield after;
      }
    },
  };
};

export type LedgerStore = ReturnType<typeof createLedgerStore>;
