import type { ClientSession, Connection } from 'mongoose';
import { v7 as uuidv7 } from 'uuid';
import { BUNDLE_ROWS, monthsToJoin, planBundles } from '../domain/row-bundle.ts';
import type { PackedChange, PackedRow, RowBundle } from '../domain/row-bundle.ts';

type PackedFields = [
  id: string,
  postedOn: string,
  day: string,
  amountMinor: number,
  currency: string,
  category: string | null,
  accountId: string,
  merchant: string,
  country: string | null,
];

interface StoredBundle {
  /** `<userId>:<month>:<number>` */
  _id: string;
  userId: string;
  month: string;
  count: number;
  /** The rows as JSON: one text is read many times faster than 200 sub-documents. */
  rows: string;
  /** Search texts in the order of the rows, joined by a null character. */
  texts: string;
}

const SEPARATOR = '\0';

/** Bundles that one round trip of a scan brings; some 500 KB. */
const SCAN_BATCH = 25;

const packed = (row: PackedRow): PackedFields => [
  row.id,
  row.postedOn,
  row.day,
  row.amountMinor,
  row.currency,
  row.category,
  row.accountId,
  row.merchant,
  row.country,
];

const toStored = (userId: string, { id, month, rows }: RowBundle): StoredBundle => ({
  _id: id,
  userId,
  month,
  count: rows.length,
  rows: JSON.stringify(rows.map(packed)),
  texts: rows.map(({ text }) => text.replaceAll(SEPARATOR, ' ')).join(SEPARATOR),
});

const toRows = (rows: string, texts: readonly string[]): PackedRow[] =>
  (JSON.parse(rows) as PackedFields[]).map(
    ([id, postedOn, day, amountMinor, currency, category, accountId, merchant, country], index) => ({
      id,
      postedOn,
      day,
      amountMinor,
      currency,
      category,
      accountId,
      merchant,
      country,
      text: texts[index] ?? '',
    }),
  );

const toBundle = ({ _id, month, rows, texts }: StoredBundle): RowBundle => ({
  id: _id,
  month,
  rows: toRows(rows, texts.split(SEPARATOR)),
});

/** Months to read, both included, and the text that rows must contain, if any. */
export interface BundleScan {
  from: string;
  to: string;
  /** Literal part of the search text, already in its form. */
  text?: string | undefined;
}

/**
 * Bundles of ledger rows: the same rows as in the ledger, packed by month of posting and written in the same
 * transaction. Every function takes the user first and sees that user's rows only.
 * @param connection database of the service
 */
export const createBundleStore = (connection: Connection) => {
  const bundles = connection.collection<StoredBundle>('ledger_bundles');

  const roomyBundles = async (
    userId: string,
    months: readonly string[],
    session: ClientSession,
  ): Promise<Map<string, RowBundle>> => {
    if (months.length === 0) {
      return new Map();
    }
    const stored = await bundles
      .find(
        { userId, month: { $in: [...months] }, count: { $lt: BUNDLE_ROWS } },
        { session, batchSize: 1000 },
      )
      .toArray();
    return new Map(stored.map((bundle) => [bundle.month, toBundle(bundle)]));
  };

  return {
    /** Makes the indexes; safe to repeat. */
    async prepare(): Promise<void> {
      await bundles.createIndexes([{ key: { userId: 1, month: -1, count: 1 }, name: 'newest_month_first' }]);
    },

    /**
     * Applies changes of rows.
     * @param userId owner
     * @param changes one per row
     * @param session transaction that also holds the ledger rows
     * @returns the bundle of each changed row; null for those that are gone
     */
    async apply(
      userId: string,
      changes: readonly PackedChange[],
      session: ClientSession,
    ): Promise<Map<string, string | null>> {
      const holderIds = [...new Set(changes.flatMap(({ bundleId }) => bundleId ?? []))];
      const holders =
        holderIds.length === 0
          ? []
          : await bundles.find({ _id: { $in: holderIds } }, { session, batchSize: 1000 }).toArray();
      const known = new Map(holders.map((bundle) => [bundle._id, toBundle(bundle)]));
      const roomy = await roomyBundles(userId, monthsToJoin(changes, known), session);
      const { touched, places } = planBundles(changes, known, roomy, () => `${userId}:${uuidv7()}`);
      if (touched.length > 0) {
        await bundles.bulkWrite(
          touched.map((bundle) =>
            bundle.rows.length === 0
              ? { deleteOne: { filter: { _id: bundle.id } } }
              : {
                  replaceOne: {
                    filter: { _id: bundle.id },
                    replacement: toStored(userId, bundle),
                    upsert: true,
                  },
                },
          ),
          { session, ordered: false },
        );
      }
      return places;
    },

    /**
     * Rows bundle by bundle, newest month first; rows within a bundle are in no particular order. `count` is the number
     * of rows in the bundle, those without the text included.
     * @param userId owner
     * @param scan months, and the text that rows must contain
     * @param session transaction to read in, if any
     */
    async *scan(
      userId: string,
      { from, to, text }: BundleScan,
      session?: ClientSession,
    ): AsyncGenerator<{ month: string; count: number; rows: PackedRow[] }> {
      const cursor = bundles
        .find(
          { userId, month: { $gte: from, $lte: to } },
          {
            ...(session && { session }),
            batchSize: SCAN_BATCH,
            projection: { month: 1, count: 1, rows: 1, ...(text !== undefined && { texts: 1 }) },
          },
        )
        .sort({ month: -1 });
      for await (const { month, count, rows, texts } of cursor) {
        if (text === undefined) {
          yield { month, count, rows: toRows(rows, []) };
        } else {
          // A bundle without the text needs no parsing, and most have none.
          yield {
            month,
            count,
            rows: texts.includes(text)
              ? toRows(rows, texts.split(SEPARATOR)).filter((row) => row.text.includes(text))
              : [],
          };
        }
      }
    },

    /**
     * Bundles of one month with their ids, for the rebuild.
     * @param userId owner
     * @param month `YYYY-MM`
     * @param session transaction of the rebuild
     */
    async ofMonth(userId: string, month: string, session: ClientSession): Promise<RowBundle[]> {
      const stored = await bundles.find({ userId, month }, { session, batchSize: 1000 }).toArray();
      return stored.map(toBundle);
    },

    /**
     * Removes bundles.
     * @param userId owner
     * @param ids bundles of that user
     * @param session transaction of the rebuild
     */
    async remove(userId: string, ids: readonly string[], session: ClientSession): Promise<void> {
      await bundles.deleteMany({ _id: { $in: [...ids] }, userId }, { session });
    },

    /**
     * Months of which there are bundles, newest first.
     * @param userId owner
     */
    async months(userId: string): Promise<string[]> {
      return (await bundles.distinct('month', { userId })).sort().reverse();
    },
  };
};

export type BundleStore = ReturnType<typeof createBundleStore>;
