import type { CategoryDecision } from '@orrery/contracts';
import type { ClientSession, Connection } from 'mongoose';
import type { Evidence } from '../domain/types.ts';
import type { MemoryVote } from '../domain/user-memory.ts';

/** One transaction as it was before a change. */
export interface ChangedRow {
  transactionId: string;
  before: Omit<CategoryDecision, 'decisionVersion'>;
  evidence: readonly Evidence[];
  /** Version that the change gave; another one later means that the row moved on. */
  decisionVersion: number;
}

/** Votes of one key before and after a change; null for none. */
export interface ChangedVotes {
  key: string;
  before: readonly MemoryVote[] | null;
  after: readonly MemoryVote[];
}

/** What a correction or a bulk change did, kept so that it can be undone. */
export interface Change {
  id: string;
  kind: 'correction' | 'bulk-correction' | 'rule' | 'decided-anew';
  at: Date;
  undoneAt: Date | null;
  rows: readonly ChangedRow[];
  votes: readonly ChangedVotes[];
}

/** A change without its rows. */
export interface ChangeSummary extends Pick<Change, 'id' | 'kind' | 'at' | 'undoneAt'> {
  changed: number;
}

interface ChangeDocument extends Omit<Change, 'id'> {
  /** `<userId>:<changeId>`. */
  _id: string;
  userId: string;
  changed: number;
}

/** How long a change can be undone. */
const KEPT_SECONDS = 90 * 24 * 3600;

const idOf = (userId: string, changeId: string): string => `${userId}:${changeId}`;

/**
 * Changes that can be undone. Every function takes the user first.
 * @param mongo the service's database
 */
export const createChangeStore = (mongo: Connection) => {
  const collection = mongo.collection<ChangeDocument>('changes');
  return {
    /** Makes the indexes; safe to repeat. */
    async prepare(): Promise<void> {
      await collection.createIndex({ userId: 1, at: -1 });
      await collection.createIndex({ at: 1 }, { expireAfterSeconds: KEPT_SECONDS });
    },

    /**
     * Stores a change.
     * @param userId owner
     * @param change what was done
     * @param session transaction to write in
     */
    async add(userId: string, { id, ...rest }: Change, session: ClientSession): Promise<void> {
      await collection.insertOne(
        { _id: idOf(userId, id), userId, changed: rest.rows.length, ...rest },
        { session },
      );
    },

    /**
     * One change, or null.
     * @param userId owner
     * @param changeId its id
     * @param session transaction to read in
     */
    async find(userId: string, changeId: string, session: ClientSession): Promise<Change | null> {
      const found = await collection.findOne({ _id: idOf(userId, changeId) }, { session });
      if (found === null) {
        return null;
      }
      const { kind, at, undoneAt, rows, votes } = found;
      return { id: changeId, kind, at, undoneAt, rows, votes };
    },

    /**
     * The latest changes, newest first.
     * @param userId owner
     * @param limit most rows to return
     */
    async latest(userId: string, limit: number): Promise<ChangeSummary[]> {
      const found = await collection
        .find({ userId }, { projection: { rows: 0, votes: 0 } })
        .sort({ at: -1, _id: -1 })
        .limit(limit)
        .toArray();
      return found.map(({ _id, kind, at, undoneAt, changed }) => ({
        id: _id.slice(userId.length + 1),
        kind,
        at,
        undoneAt,
        changed,
      }));
    },

    /**
     * Marks a change as undone.
     * @param userId owner
     * @param changeId its id
     * @param at instant of it
     * @param session transaction to write in
     */
    async markUndone(userId: string, changeId: string, at: Date, session: ClientSession): Promise<void> {
      await collection.updateOne({ _id: idOf(userId, changeId) }, { $set: { undoneAt: at } }, { session });
    },
  };
};

export type ChangeStore = ReturnType<typeof createChangeStore>;
