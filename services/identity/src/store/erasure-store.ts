import type { ServiceWithUserData } from '@orrery/contracts';
import type { ClientSession, Connection } from 'mongoose';

/** The course of one erasure. When it is done it names nobody. */
export interface Erasure {
  /** Unguessable: whoever knows it may read the result. */
  _id: string;
  /** Absent once it is done. */
  userId?: string;
  requestedAt: Date;
  finishedAt: Date | null;
  round: number;
  waitingFor: ServiceWithUserData[];
  /** Rows that the present round removed. */
  removedInRound: number;
  /** Rows removed, by service and collection. */
  removed: Partial<Record<ServiceWithUserData, Record<string, number>>>;
}

interface EndedAccountRow {
  /** Mark of the user. */
  _id: string;
  endedAt: Date;
  expiresAt: Date;
}

/**
 * Erasures, and marks of accounts that ended.
 * @param connection database of the service
 * @param endedAccountLifeMs how long tokens of a deleted account may still be about
 */
export const createErasureStore = (connection: Connection, endedAccountLifeMs: number) => {
  const erasures = connection.collection<Erasure>('erasures');
  const endedAccounts = connection.collection<EndedAccountRow>('ended_accounts');
  return {
    /** Makes the indexes; safe to repeat. */
    async prepare(): Promise<void> {
      await erasures.createIndexes([
        { key: { userId: 1 }, name: 'at_work', sparse: true },
        { key: { finishedAt: 1 }, name: 'by_end' },
      ]);
      await endedAccounts.createIndexes([{ key: { expiresAt: 1 }, name: 'expiry', expireAfterSeconds: 0 }]);
    },

    /**
     * Stores an erasure as it stands.
     * @param erasure the erasure
     * @param session transaction that also states the fact
     */
    async save(erasure: Erasure, session: ClientSession): Promise<void> {
      await erasures.replaceOne({ _id: erasure._id }, erasure, { upsert: true, session });
    },

    /**
     * One erasure, or undefined.
     * @param erasureId its id
     * @param session transaction to read in
     */
    async find(erasureId: string, session?: ClientSession): Promise<Erasure | undefined> {
      const row = await erasures.findOne({ _id: erasureId }, session === undefined ? {} : { session });
      return row ?? undefined;
    },

    /**
     * The erasure of a user that is at work, or undefined.
     * @param userId the user
     * @param session transaction to read in
     */
    async findAtWork(userId: string, session: ClientSession): Promise<Erasure | undefined> {
      return (await erasures.findOne({ userId, finishedAt: null }, { session })) ?? undefined;
    },

    /**
     * Notes that the account of a user ended, so that tokens which are still about open nothing.
     * @param mark mark of the user
     * @param session transaction of the deletion
     */
    async noteEndedAccount(mark: string, session: ClientSession): Promise<void> {
      const endedAt = new Date();
      const expiresAt = new Date(endedAt.getTime() + endedAccountLifeMs);
      await endedAccounts.updateOne(
        { _id: mark },
        { $set: { endedAt, expiresAt } },
        { upsert: true, session },
      );
    },

    /**
     * Whether the account of a user ended.
     * @param mark mark of the user
     */
    async hasEndedAccount(mark: string): Promise<boolean> {
      return (await endedAccounts.findOne({ _id: mark })) !== null;
    },

    /**
     * Removes results that are older than they may be kept.
     * @param before the instant
     * @returns rows removed
     */
    async removeOlder(before: Date): Promise<number> {
      return (await erasures.deleteMany({ finishedAt: { $lt: before, $ne: null } })).deletedCount;
    },
  };
};

export type ErasureStore = ReturnType<typeof createErasureStore>;
