import { addDays } from '@orrery/calendar';
import type { CalendarDate, CategorizedTransaction } from '@orrery/contracts';
import { cutPage, decodeCursor } from '@orrery/mongo';
import type { SortKey } from '@orrery/mongo';
import type { ClientSession, Connection, mongo } from 'mongoose';
import { metricKeyText } from '../domain/daily-metrics.ts';
import type { MetricKey } from '../domain/daily-metrics.ts';
import { MAX_POSTING_LAG_DAYS } from '../domain/day-place.ts';
import type { DetectorTransaction } from '../domain/detector-transaction.ts';
import type { DayRange, ReportRow } from '../domain/spending-report.ts';
import { UNCATEGORISED } from '../domain/types.ts';
import type { DayPlace, LedgerEntry, LedgerRow } from '../domain/types.ts';

type Facts = Omit<CategorizedTransaction, 'transactionId' | 'decision' | 'providerCategory'>;
type Decision = CategorizedTransaction['decision'];

interface StoredRow extends Facts, DayPlace {
  category: Decision['category'];
  confidence: number;
  decision: Decision['decision'];
  decisionSource: Decision['source'];
  decisionVersion: number;
  merchant: string | null;
  /** Description and merchant in one form of case and accents, for the literal search. */
  searchText: string;
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
  /** Case-insensitive literal part of description or merchant. */
  text?: string | undefined;
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

/** Rows that one text search request looks at before it hands out a cursor, so that its work is bounded. */
const SEARCH_WINDOW = 20_000;

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

const literalPattern = (text: string): string => searchForm(text).replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');

const entryId = (userId: string, transactionId: string): string => `${userId}:${transactionId}`;

const isPresent = (stored: StoredEntry): stored is StoredPresent => stored.postedOn !== undefined;

const toStored = (userId: string, entry: LedgerEntry): StoredEntry => {
  const key = {
    _id: entryId(userId, entry.transactionId),
    userId,
    transactionId: entry.transactionId,
    removedVersion: entry.removedVersion,
  };
  if (entry.row === null) {
    return key;
  }
  const { transaction, day, band } = entry.row;
  const { decision, providerCategory: _hint, ...facts } = transaction;
  const merchantText = [transaction.merchantName, decision.merchant].filter((name) => name !== undefined);
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
    searchText: searchForm([transaction.description, ...merchantText].join('\n')),
  };
};

const toRow = (stored: StoredPresent): LedgerRow => {
  const {
    _id,
    userId: _userId,
    removedVersion: _removedVersion,
    searchText: _searchText,
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

const toDetectorRow = (stored: StoredPresent): DetectorTransaction => ({
  id: stored.transactionId,
  date: stored.postedOn,
  merchant: stored.merchant ?? stored.merchantName ?? stored.description,
  amountMinor: stored.amountMinor,
  currency: stored.currency,
  category: stored.category ?? undefined,
  country: stored.country,
});

/**
 * The ledger: one document per transaction of a user, newest first by keyset paging. Every function takes the user
 * first and sees that user's rows only.
 * @param connection database of the service
 */
export const createLedgerStore = (connection: Connection) => {
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
    return conditions;
  };

  return {
    /** Makes the indexes; safe to repeat. */
    async prepare(): Promise<void> {
      await ledger.createIndexes([
        { key: { userId: 1, postedOn: -1, _id: -1 }, name: 'newest_first' },
        { key: { userId: 1, category: 1, postedOn: -1, _id: -1 }, name: 'newest_first_of_category' },
        { key: { userId: 1, accountId: 1, postedOn: -1, _id: -1 }, name: 'newest_first_of_account' },
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
    ): Promise<Map<string, LedgerEntry>> {
      const ids = [...new Set(transactionIds)].map((id) => entryId(userId, id));
      const stored = await ledger.find({ _id: { $in: ids } }, { session, batchSize: 1000 }).toArray();
      return new Map(
        stored.map((entry) => [
          entry.transactionId,
          {
            transactionId: entry.transactionId,
            removedVersion: entry.removedVersion,
            row: isPresent(entry) ? toRow(entry) : null,
          },
        ]),
      );
    },

    /**
     * Stores entries in one round trip.
     * @param userId owner
     * @param entries new states, one per transaction
     * @param known entries that `findEntries` gave in the same session
     * @param session transaction of the event
     */
    async saveEntries(
      userId: string,
      entries: readonly LedgerEntry[],
      known: ReadonlyMap<string, LedgerEntry>,
      session: ClientSession,
    ): Promise<void> {
      if (entries.length === 0) {
        return;
      }
      await ledger.bulkWrite(
        entries.map((entry) => {
          const document = toStored(userId, entry);
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
      const conditions = listFilter(userId, filter, page.cursor);
      const read = async (where: mongo.Filter<StoredEntry>) =>
        (
          await ledger
            .find(where)
            .sort(NEWEST_FIRST_SORT)
            .limit(page.limit + 1)
            .toArray()
        ).filter(isPresent);

      if (filter.text === undefined) {
        const { rows, nextCursor } = cutPage(NEWEST_FIRST, await read(conditions), page.limit);
        return { rows: rows.map(toRow), nextCursor };
      }

      const rest = await ledger
        .find(conditions, { projection: { postedOn: 1 } })
        .sort(NEWEST_FIRST_SORT)
        .skip(SEARCH_WINDOW - 1)
        .limit(2)
        .toArray();
      const [lastLookedAt, beyond] = rest;
      const window: mongo.Filter<StoredEntry>[] =
        lastLookedAt === undefined || beyond === undefined
          ? []
          : [
              {
                $or: [
                  { postedOn: { $gt: lastLookedAt.postedOn ?? FIRST_DAY } },
                  { postedOn: lastLookedAt.postedOn ?? FIRST_DAY, _id: { $gte: lastLookedAt._id } },
                ],
              },
            ];
      const found = await read({
        $and: [conditions, { searchText: { $regex: literalPattern(filter.text) } }, ...window],
      });
      const { rows, nextCursor } = cutPage(NEWEST_FIRST, found, page.limit);
      const resting = window.length > 0 && lastLookedAt !== undefined ? [lastLookedAt] : [];
      return {
        rows: rows.map(toRow),
        nextCursor: nextCursor ?? cutPage(NEWEST_FIRST, [...resting, ...resting], 1).nextCursor,
      };
    },

    /**
     * Number and sums of the rows of a filter per currency, the one with most rows first.
     * @param userId owner
     * @param filter which rows; of more than 100,000 the newest count
     * @returns signed minor units, and whether every row was counted
     */
    async totals(
      userId: string,
      filter: LedgerFilter,
    ): Promise<{
      totals: { currency: string; count: number; inMinor: number; outMinor: number }[];
      isComplete: boolean;
    }> {
      const cursor = ledger
        .find(
          {
            ...listFilter(userId, filter, undefined),
            ...(filter.text !== undefined && { searchText: { $regex: literalPattern(filter.text) } }),
          },
          { projection: { _id: 0, amountMinor: 1, currency: 1 }, batchSize: 5000 },
        )
        .sort(NEWEST_FIRST_SORT)
        .limit(MAX_TOTALLED_ROWS + 1);
      const byCurrency = new Map<
        string,
        { currency: string; count: number; inMinor: number; outMinor: number }
      >();
      let rows = 0;
      for await (const { amountMinor, currency } of cursor) {
        rows += 1;
        if (rows > MAX_TOTALLED_ROWS || amountMinor === undefined || currency === undefined) {
          continue;
        }
        const total = byCurrency.get(currency) ?? { currency, count: 0, inMinor: 0, outMinor: 0 };
        total.count += 1;
        total[amountMinor < 0 ? 'outMinor' : 'inMinor'] += amountMinor;
        byCurrency.set(currency, total);
      }
      return {
        totals: [...byCurrency.values()].sort((left, right) => right.count - left.count),
        isComplete: rows <= MAX_TOTALLED_ROWS,
      };
    },

    /**
     * What reports need of the rows posted on some days, streamed in no particular order.
     * @param userId owner
     * @param range days, both included
     */
    async *reportRows(userId: string, range: DayRange): AsyncGenerator<ReportRow> {
      const cursor = ledger.find(
        { userId, postedOn: daysBetween(range.from, range.to) },
        {
          batchSize: 5000,
          projection: {
            _id: 0,
            postedOn: 1,
            category: 1,
            merchant: 1,
            merchantName: 1,
            description: 1,
            amountMinor: 1,
            currency: 1,
          },
        },
      );
      for await (const stored of cursor) {
        const { postedOn, amountMinor, currency } = stored;
        if (postedOn !== undefined && amountMinor !== undefined && currency !== undefined) {
          yield {
            postedOn,
            amountMinor,
            currency,
            category: stored.category ?? null,
            merchant: stored.merchant ?? stored.merchantName ?? stored.description ?? '',
          };
        }
      }
    },

    /**
     * What detectors need of the newest rows posted on some days, oldest first.
     * @param userId owner
     * @param range days, both included
     */
    async detectorRows(userId: string, range: DayRange): Promise<DetectorTransaction[]> {
      const stored = await ledger
        .find({ userId, postedOn: daysBetween(range.from, range.to) }, { batchSize: 5000 })
        .sort(NEWEST_FIRST_SORT)
        .limit(MAX_DETECTOR_ROWS)
        .toArray();
      return stored.filter(isPresent).reverse().map(toDetectorRow);
    },

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
