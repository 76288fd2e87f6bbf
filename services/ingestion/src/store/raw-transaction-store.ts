import type { ClientSession, Connection, mongo } from 'mongoose';
import type { RawTransaction, RowChange } from '../domain/raw-transaction.ts';

/** Rows of a purchase that another source may have told as well. */
export interface TwinQuery {
  amounts: readonly number[];
  fromDay: string;
  toDay: string;
}

/** A user's twins of one batch are few; more are not looked at. */
const MAX_TWINS = 5000;

const readIn = (session: ClientSession | undefined) => (session === undefined ? {} : { session });

/**
 * Raw transactions of all users; every function takes the user first.
 * @param connection database of the service
 */
export const createRawTransactionStore = (connection: Connection) => {
  const transactions = connection.collection<RawTransaction>('raw_transactions');

  return {
    /** Makes the collection and its indexes; safe to repeat. */
    async prepare(): Promise<void> {
      await transactions.createIndexes([
        { key: { userId: 1, source: 1, postedOn: 1 }, name: 'by_source' },
        { key: { userId: 1, amountMinor: 1, postedOn: 1 }, name: 'by_amount' },
        {
          key: { itemId: 1, providerId: 1 },
          name: 'by_provider_id',
          unique: true,
          partialFilterExpression: { itemId: { $exists: true } },
        },
        {
          key: { postedOn: 1 },
          name: 'not_due',
          partialFilterExpression: { hidden: 'not-due' },
        },
        {
          key: { userId: 1, duplicateOf: 1 },
          name: 'by_duplicate',
          partialFilterExpression: { duplicateOf: { $exists: true } },
        },
        {
          key: { userId: 1, wasBehind: 1 },
          name: 'by_former_duplicate',
          partialFilterExpression: { wasBehind: { $exists: true } },
        },
      ]);
    },

    /**
     * Which of these ids the user already has.
     * @param userId owner
     * @param ids transaction ids
     * @param session transaction to read in, if any
     */
    async known(userId: string, ids: readonly string[], session?: ClientSession): Promise<Set<string>> {
      const found = await transactions
        .find(
          { _id: { $in: [...ids] }, userId },
          { projection: { _id: 1 }, batchSize: ids.length + 1, ...readIn(session) },
        )
        .toArray();
      return new Set(found.map(({ _id }) => _id));
    },

    /**
     * Rows by their ids.
     * @param userId owner
     * @param ids transaction ids
     * @param session transaction to read in, if any
     */
    async byIds(userId: string, ids: readonly string[], session?: ClientSession): Promise<RawTransaction[]> {
      return ids.length === 0
        ? []
        : transactions.find({ _id: { $in: [...ids] }, userId }, readIn(session)).toArray();
    },

    /**
     * Rows of one bank link by their provider ids, hidden ones included.
     * @param userId owner
     * @param itemId the bank link
     * @param providerIds ids at the provider
     * @param session transaction to read in
     */
    async ofBank(
      userId: string,
      itemId: string,
      providerIds: readonly string[],
      session: ClientSession,
    ): Promise<RawTransaction[]> {
      return providerIds.length === 0
        ? []
        : transactions
            .find(
              { itemId, providerId: { $in: [...providerIds] }, userId },
              { session, batchSize: providerIds.length + 1 },
            )
            .toArray();
    },

    /**
     * Provider ids of the rows of a bank link that the bank still has, as far as we know.
     * @param userId owner
     * @param itemId the bank link
     */
    async *presentAtBank(userId: string, itemId: string): AsyncGenerator<string> {
      const rows = transactions.find(
        { itemId, providerId: { $exists: true }, userId, hidden: { $ne: 'removed' } },
        { projection: { providerId: 1 } },
      );
      for await (const { providerId } of rows) {
        if (providerId !== undefined) {
          yield providerId;
        }
      }
    },

    /**
     * Number of shown rows of a bank link.
     * @param userId owner
     * @param itemId the bank link
     */
    async countOfBank(userId: string, itemId: string): Promise<number> {
      return transactions.countDocuments({
        itemId,
        providerId: { $exists: true },
        userId,
        hidden: { $exists: false },
      });
    },

    /**
     * The next rows of a bank link, by id.
     * @param userId owner
     * @param itemId the bank link
     * @param after id of the last row seen, '' at first
     * @param limit most rows
     * @param session transaction to read in
     */
    async pageOfBank(
      userId: string,
      itemId: string,
      after: string,
      limit: number,
      session: ClientSession,
    ): Promise<RawTransaction[]> {
      return transactions
        .find({ itemId, providerId: { $gt: after }, userId }, { session })
        .sort({ itemId: 1, providerId: 1 })
        .limit(limit)
        .toArray();
    },

    /**
     * Rows of one source, oldest first, by day.
     * @param userId owner
     * @param source where they came from
     * @param days first and last day
     * @param session transaction to read in, if any
     */
    async ofSource(
      userId: string,
      source: RawTransaction['source'],
      days: { from: string; to: string },
      session?: ClientSession,
    ): Promise<RawTransaction[]> {
      return transactions
        .find({ userId, source, postedOn: { $gte: days.from, $lte: days.to } }, readIn(session))
        .sort({ postedOn: 1 })
        .toArray();
    },

    /**
     * Whether the user has rows of another source.
     * @param userId owner
     * @param source the one that does not count
     * @param session transaction to read in
     */
    async hasOtherSource(
      userId: string,
      source: RawTransaction['source'],
      session: ClientSession,
    ): Promise<boolean> {
      const projection = { _id: 1 } as const;
      // Two ranges of one index; a single condition with "not equal" would read all rows of the user.
      const before = await transactions.findOne({ userId, source: { $lt: source } }, { session, projection });
      return (
        before !== null ||
        (await transactions.findOne({ userId, source: { $gt: source } }, { session, projection })) !== null
      );
    },

    /**
     * Rows of some amounts within some days, duplicates of others left out.
     * @param userId owner
     * @param query amounts and days
     * @param session transaction to read in
     */
    async twins(userId: string, query: TwinQuery, session: ClientSession): Promise<RawTransaction[]> {
      const filter: mongo.Filter<RawTransaction> = {
        userId,
        amountMinor: { $in: [...query.amounts] },
        postedOn: { $gte: query.fromDay, $lte: query.toDay },
        hidden: { $exists: false },
      };
      return transactions.find(filter, { session }).limit(MAX_TWINS).toArray();
    },

    /**
     * Rows that are hidden because these show the same purchase.
     * @param userId owner
     * @param ids transaction ids of the shown rows
     * @param session transaction to read in
     */
    async duplicatesOf(
      userId: string,
      ids: readonly string[],
      session: ClientSession,
    ): Promise<RawTransaction[]> {
      return ids.length === 0
        ? []
        : transactions.find({ userId, duplicateOf: { $in: [...ids] } }, { session }).toArray();
    },

    /**
     * Rows that are shown because these had gone, which showed the same purchase.
     * @param userId owner
     * @param ids transaction ids of rows that have come back
     * @param session transaction to read in
     */
    async formerDuplicatesOf(
      userId: string,
      ids: readonly string[],
      session: ClientSession,
    ): Promise<RawTransaction[]> {
      return ids.length === 0
        ? []
        : transactions
            .find({ userId, wasBehind: { $in: [...ids] }, hidden: { $exists: false } }, { session })
            .toArray();
    },

    /**
     * Rows of all users that wait for their day, up to a day.
     * @param day last day that has come
     * @param limit most rows
     */
    async dueBy(day: string, limit: number): Promise<{ _id: string; userId: string }[]> {
      return transactions
        .find({ hidden: 'not-due', postedOn: { $lte: day } }, { projection: { userId: 1 } })
        .limit(limit)
        .toArray();
    },

    /**
     * Rows that are hidden because another source shows the same purchase, by id.
     * @param userId owner
     * @param after id of the last row seen, '' at first
     * @param limit most rows
     */
    async matched(userId: string, after: string, limit: number): Promise<RawTransaction[]> {
      return transactions
        .find({ userId, duplicateOf: { $exists: true }, _id: { $gt: after } })
        .sort({ _id: 1 })
        .limit(limit)
        .toArray();
    },

    /**
     * Forgets rows that others have been told to forget and that never come back.
     * @param userId owner
     * @param ids transaction ids
     * @param session transaction to write in
     */
    async drop(userId: string, ids: readonly string[], session: ClientSession): Promise<void> {
      if (ids.length > 0) {
        await transactions.deleteMany({ _id: { $in: [...ids] }, userId }, { session });
      }
    },

    /**
     * Writes changed rows in one round trip, or two when there are new ones.
     * @param userId owner
     * @param changes what to write
     * @param session transaction that also records the events
     * @throws MongoServerError code 11000 when another import stored one of them meanwhile
     */
    async write(userId: string, changes: readonly RowChange[], session: ClientSession): Promise<void> {
      const added = changes.filter(({ isNew }) => isNew).map(({ row }) => ({ ...row, userId }));
      const changed = changes.filter(({ isNew }) => !isNew);
      if (changed.length > 0) {
        await transactions.bulkWrite(
          changed.map(({ row: { _id, ...row } }) => ({
            replaceOne: { filter: { _id, userId }, replacement: { ...row, userId } },
          })),
          { session, ordered: true },
        );
      }
      if (added.length > 0) {
        await transactions.insertMany(added, { session, ordered: true });
      }
    },
  };
};

export type RawTransactionStore = ReturnType<typeof createRawTransactionStore>;
