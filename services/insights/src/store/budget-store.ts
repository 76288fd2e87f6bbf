import type { ClientSession, Connection } from 'mongoose';
import type { Budget } from '../domain/budget.ts';

interface StoredBudget extends Budget {
  /** `<userId>:<id>` */
  _id: string;
  userId: string;
  /** `<first day of the period>:<percent>` for each threshold that was told. */
  told: string[];
}

/** A budget and the thresholds that were told. */
export interface KnownBudget {
  budget: Budget;
  told: ReadonlySet<string>;
}

/** Thresholds that are remembered; two years of weeks. */
const MAX_TOLD = 208;

/**
 * Budgets: one document per user, scope and period.
 * @param connection database of the service
 */
export const createBudgetStore = (connection: Connection) => {
  const budgets = connection.collection<StoredBudget>('budgets');
  const idOf = (userId: string, id: string): string => `${userId}:${id}`;
  return {
    /** Makes the indexes; safe to repeat. */
    async prepare(): Promise<void> {
      await budgets.createIndexes([{ key: { userId: 1, _id: 1 }, name: 'by_user' }]);
    },

    /**
     * A user's budgets, in the order of their ids; there is at most one per category and period.
     * @param userId owner
     * @param session transaction to read in, if any
     */
    async all(userId: string, session?: ClientSession): Promise<KnownBudget[]> {
      const stored = await budgets
        .find({ userId }, { ...(session && { session }), batchSize: 1000 })
        .sort({ _id: 1 })
        .toArray();
      return stored.map(({ _id, userId: _userId, told, ...budget }) => ({ budget, told: new Set(told) }));
    },

    /**
     * Stores a budget in the place of the one with its id; what was told of the period stays told.
     * @param userId owner
     * @param budget the goal
     * @param session transaction that also tells thresholds
     */
    async put(userId: string, budget: Budget, session: ClientSession): Promise<void> {
      await budgets.updateOne(
        { _id: idOf(userId, budget.id) },
        { $set: { userId, ...budget }, $setOnInsert: { told: [] } },
        { upsert: true, session },
      );
    },

    /**
     * Remembers thresholds as told. Two transactions that do so at once clash, and one starts over.
     * @param userId owner
     * @param id budget
     * @param marks `<first day of the period>:<percent>`
     * @param session transaction that records the events
     */
    async markTold(userId: string, id: string, marks: string[], session: ClientSession): Promise<void> {
      await budgets.updateOne(
        { _id: idOf(userId, id) },
        { $push: { told: { $each: marks, $slice: -MAX_TOLD } } },
        { session },
      );
    },

    /**
     * Removes a budget.
     * @param userId owner
     * @param id budget
     * @returns whether there was one
     */
    async remove(userId: string, id: string): Promise<boolean> {
      const { deletedCount } = await budgets.deleteOne({ _id: idOf(userId, id) });
      return deletedCount > 0;
    },
  };
};

export type BudgetStore = ReturnType<typeof createBudgetStore>;
