import type { Connection } from 'mongoose';
import { v7 as uuidv7 } from 'uuid';
import { noShares, type ShareCounts } from '../domain/admin/peers.ts';

/** How far a nightly run has come. */
export interface AdviceRun {
  id: string;
  /** UTC day. */
  day: string;
  phase: 'main-backend' | 'ledger';
  /** Last user who is done in this phase. */
  after: string | null;
  users: number;
  changed: number;
  skipped: number;
  shares: ShareCounts;
}

interface StoredRun extends Omit<AdviceRun, 'id'> {
  _id: string;
  startedAt: Date;
  finishedAt: Date | null;
}

interface StoredPeers {
  _id: 'spent-share';
  counts: ShareCounts;
}

const toRun = ({ _id, startedAt: _startedAt, finishedAt: _finishedAt, ...run }: StoredRun): AdviceRun => ({
  id: _id,
  ...run,
});

/**
 * Nightly runs and what they found about all users together. A run that was cut off is taken up where it stood.
 * @param connection database of the service
 */
export const createRunStore = (connection: Connection) => {
  const runs = connection.collection<StoredRun>('advice_runs');
  const aggregates = connection.collection<StoredPeers>('aggregates');
  return {
    /** Makes the indexes; safe to repeat. */
    async prepare(): Promise<void> {
      await runs.createIndexes([{ key: { finishedAt: 1, startedAt: -1 }, name: 'unfinished' }]);
    },

    /** The run that was not finished, or undefined. */
    async unfinished(): Promise<AdviceRun | undefined> {
      const [row] = await runs.find({ finishedAt: null }).sort({ startedAt: -1 }).limit(1).toArray();
      return row === undefined ? undefined : toRun(row);
    },

    /**
     * Begins a run.
     * @param day UTC day
     */
    async begin(day: string): Promise<AdviceRun> {
      const row: StoredRun = {
        _id: uuidv7(),
        day,
        phase: 'main-backend',
        after: null,
        users: 0,
        changed: 0,
        skipped: 0,
        shares: noShares(),
        startedAt: new Date(),
        finishedAt: null,
      };
      await runs.insertOne(row);
      return toRun(row);
    },

    /**
     * Writes how far a run has come.
     * @param before as it stood
     * @param after as it stands
     * @returns false when another process moved it meanwhile
     */
    async advance(before: AdviceRun, { id, ...progress }: AdviceRun): Promise<boolean> {
      const { matchedCount } = await runs.updateOne(
        { _id: id, phase: before.phase, after: before.after, finishedAt: null },
        { $set: progress },
      );
      return matchedCount === 1;
    },

    /**
     * Ends a run and publishes its figures about all users.
     * @param run as it stands
     */
    async finish(run: AdviceRun): Promise<void> {
      await aggregates.updateOne({ _id: 'spent-share' }, { $set: { counts: run.shares } }, { upsert: true });
      await runs.updateOne({ _id: run.id }, { $set: { finishedAt: new Date() } });
    },

    /**
     * Ends a run that nobody takes up any more; its figures are of a part of the users only.
     * @param id the run
     */
    async abandon(id: string): Promise<void> {
      await runs.updateOne({ _id: id }, { $set: { finishedAt: new Date() } });
    },

    /** How many users spend how much of their income, or undefined before the first run. */
    async shares(): Promise<ShareCounts | undefined> {
      return (await aggregates.findOne({ _id: 'spent-share' }))?.counts;
    },
  };
};

export type RunStore = ReturnType<typeof createRunStore>;
