import type { CategorizedTransaction, CategoryDecision, IngestedTransaction } from '@orrery/contracts';
import type { ClientSession, Connection } from 'mongoose';
import type { Evidence } from '../domain/types.ts';

/** A transaction with the decision on it and the reasons. */
export interface StoredDecision {
  transaction: IngestedTransaction;
  decision: CategoryDecision;
  evidence: readonly Evidence[];
  /** Key by which the same shop is known again. */
  merchantKey: string;
}

/** What is known about one transaction id: its decision, or the version at which it was removed. */
export interface DecisionEntry {
  transactionId: string;
  rowVersion: number;
  decisionVersion: number;
  /** Null once removed. */
  stored: StoredDecision | null;
  /** Category that the user had chosen for a removed transaction: a bank may bring it back. */
  usersWord?: string | undefined;
}

interface DecisionDocument {
  /** `<userId>:<transactionId>`: an event of one user can never touch a row of another. */
  _id: string;
  userId: string;
  rowVersion: number;
  decisionVersion: number;
  merchantKey?: string;
  transaction?: IngestedTransaction;
  decision?: Omit<CategoryDecision, 'decisionVersion'>;
  /** `[kind, category, text, weight in hundredths]` each. */
  evidence?: [Evidence['kind'], string, string, number][];
  /** Category that the user had chosen, kept when the transaction was removed. */
  usersWord?: string;
  /** Set on removal; the marker only has to outlive late deliveries. */
  removedAt?: Date;
}

const REMOVED_MARKERS_LIVE_SECONDS = 90 * 24 * 3600;

const idOf = (userId: string, transactionId: string): string => `${userId}:${transactionId}`;

const toEntry = (userId: string, document: DecisionDocument): DecisionEntry => {
  const { transaction, decision, evidence = [], rowVersion, decisionVersion, merchantKey = '' } = document;
  return {
    transactionId: document._id.slice(userId.length + 1),
    rowVersion,
    decisionVersion,
    ...(document.usersWord === undefined ? {} : { usersWord: document.usersWord }),
    stored:
      transaction === undefined || decision === undefined
        ? null
        : {
            transaction,
            decision: { ...decision, decisionVersion },
            evidence: evidence.map(([kind, category, text, weight]) => ({
              kind,
              category,
              text,
              weight: weight / 100,
            })),
            merchantKey,
          },
  };
};

const toDocument = (
  userId: string,
  { transaction, decision: { decisionVersion, ...decision }, evidence, merchantKey }: StoredDecision,
): DecisionDocument => ({
  _id: idOf(userId, transaction.transactionId),
  userId,
  rowVersion: transaction.rowVersion,
  decisionVersion,
  merchantKey,
  transaction,
  decision,
  evidence: evidence.map((item): [Evidence['kind'], string, string, number] => [
    item.kind,
    item.category,
    item.text.slice(0, 120),
    Math.round(item.weight * 100),
  ]),
});

/**
 * Decisions, one document per transaction of a user. Every function takes the user first and sees that user only.
 * @param mongo the service's database
 */
export const createDecisionStore = (mongo: Connection) => {
  const collection = mongo.collection<DecisionDocument>('decisions');
  return {
    /** Makes the indexes; safe to repeat. */
    async prepare(): Promise<void> {
      await collection.createIndex({ userId: 1, merchantKey: 1 });
      await collection.createIndex({ userId: 1, 'transaction.postedOn': -1, _id: -1 });
      // Sparse, so that live rows cost no entry.
      await collection.createIndex(
        { removedAt: 1 },
        { name: 'expire_removed', sparse: true, expireAfterSeconds: REMOVED_MARKERS_LIVE_SECONDS },
      );
    },

    /**
     * What is known about these transactions, by id; unknown ones are absent.
     * @param userId owner
     * @param transactionIds ids
     * @param session transaction to read in
     */
    async find(
      userId: string,
      transactionIds: readonly string[],
      session?: ClientSession,
    ): Promise<Map<string, DecisionEntry>> {
      const ids = transactionIds.map((id) => idOf(userId, id));
      const found = await collection
        .find({ _id: { $in: ids } }, session === undefined ? {} : { session })
        .toArray();
      return new Map(
        found.map((document) => toEntry(userId, document)).map((entry) => [entry.transactionId, entry]),
      );
    },

    /**
     * Other transactions of the same merchant that the user has not decided, newest ids last, at most `limit`.
     * @param userId owner
     * @param merchantKey key of the merchant
     * @param limit most rows to return
     * @param session transaction to read in
     */
    async ofMerchant(
      userId: string,
      merchantKey: string,
      limit: number,
      session: ClientSession,
    ): Promise<StoredDecision[]> {
      const found = await collection
        .find({ userId, merchantKey, 'decision.source': { $ne: 'user' } }, { session })
        .sort({ _id: 1 })
        .limit(limit)
        .toArray();
      return found.flatMap((document) => toEntry(userId, document).stored ?? []);
    },

    /**
     * The newest decisions of a user by day of the transaction.
     * @param userId owner
     * @param limit most rows to return
     */
    async recent(userId: string, limit: number): Promise<StoredDecision[]> {
      const found = await collection
        .find({ userId, 'transaction.postedOn': { $gte: '' } })
        .sort({ 'transaction.postedOn': -1, _id: -1 })
        .limit(limit)
        .toArray();
      return found.flatMap((document) => toEntry(userId, document).stored ?? []);
    },

    /**
     * What is known about a user's transactions, in the order of their ids.
     * @param userId owner
     * @param page the id to go on after, if any, and most entries to return
     */
    async page(
      userId: string,
      page: { after?: string | undefined; limit: number },
    ): Promise<DecisionEntry[]> {
      const found = await collection
        // Ids of users hold no colon, and a semicolon follows it: the range is the user's own.
        .find({ _id: { $gt: idOf(userId, page.after ?? ''), $lt: `${userId};` } }, { batchSize: page.limit })
        .sort({ _id: 1 })
        .limit(page.limit)
        .toArray();
      return found.map((document) => toEntry(userId, document));
    },

    /**
     * Users with transactions in the order of their ids, one index seek each.
     * @param after the id to go on after, if any
     * @param limit most users to return
     */
    async users(after: string | undefined, limit: number): Promise<string[]> {
      const users: string[] = [];
      while (users.length < limit) {
        const next = await collection
          .find({ userId: { $gt: users.at(-1) ?? after ?? '' } }, { projection: { userId: 1 } })
          .sort({ userId: 1 })
          .limit(1)
          .next();
        if (next === null) {
          break;
        }
        users.push(next.userId);
      }
      return users;
    },

    /**
     * Stores decisions over whatever was there.
     * @param userId owner
     * @param rows decisions
     * @param session transaction to write in
     * @param absent ids that the same session found to have no entry: their rows are inserted, which is cheaper than
     *   looking for each again; when another transaction stores one meanwhile, this one conflicts and starts over
     */
    async save(
      userId: string,
      rows: readonly StoredDecision[],
      session: ClientSession,
      absent: ReadonlySet<string> = new Set(),
    ): Promise<void> {
      if (rows.length === 0) {
        return;
      }
      await collection.bulkWrite(
        rows.map((row) => {
          const document = toDocument(userId, row);
          return absent.has(row.transaction.transactionId)
            ? { insertOne: { document } }
            : { replaceOne: { filter: { _id: document._id }, replacement: document, upsert: true } };
        }),
        { session, ordered: false },
      );
    },

    /**
     * Forgets transactions; only the version at which each was removed is kept, so that a late older event is ignored.
     * @param userId owner
     * @param removals ids with the version of the removal and of the last decision
     * @param at instant of the removal
     * @param session transaction to write in
     */
    async forget(
      userId: string,
      removals: readonly {
        transactionId: string;
        rowVersion: number;
        decisionVersion: number;
        usersWord?: string | undefined;
      }[],
      at: Date,
      session: ClientSession,
    ): Promise<void> {
      if (removals.length === 0) {
        return;
      }
      await collection.bulkWrite(
        removals.map(({ transactionId, rowVersion, decisionVersion, usersWord }) => ({
          replaceOne: {
            filter: { _id: idOf(userId, transactionId) },
            replacement: {
              userId,
              rowVersion,
              decisionVersion,
              removedAt: at,
              ...(usersWord === undefined ? {} : { usersWord }),
            },
            upsert: true,
          },
        })),
        { session, ordered: false },
      );
    },
  };
};

export type DecisionStore = ReturnType<typeof createDecisionStore>;

/**
 * A stored decision as the event tells it.
 * @param stored the decision
 */
export const toCategorized = ({ transaction, decision }: StoredDecision): CategorizedTransaction => ({
  ...transaction,
  decision,
});
