import type { Connection } from 'mongoose';
import { v7 } from 'uuid';
import type { Customer } from '../domain/customers/customer.ts';

/** A prediction that a user asked for. */
export interface Prediction {
  id: string;
  userId: string;
  customer: Customer;
  /** Number of the cluster at that time. */
  cluster: number;
  personaId: string;
  clusterName: string;
  /** 0 to 1. */
  confidence: number;
  modelVersion: number;
  createdAt: Date;
}

type PredictionRow = Omit<Prediction, 'id'> & { _id: string };

/** Which predictions are wanted. */
export interface PredictionFilter {
  /** Not before this instant. */
  from?: Date;
  /** Before this instant. */
  until?: Date;
  cluster?: number;
}

const queryOf = ({ from, until, cluster }: PredictionFilter): Record<string, unknown> => ({
  ...(from === undefined && until === undefined
    ? {}
    : { createdAt: { ...(from && { $gte: from }), ...(until && { $lt: until }) } }),
  ...(cluster === undefined ? {} : { cluster }),
});

const toPrediction = ({ _id, ...row }: PredictionRow): Prediction => ({ id: _id, ...row });

/**
 * Predictions by user, newest first.
 * @param connection database of the service
 */
export const createPredictionStore = (connection: Connection) => {
  const predictions = connection.collection<PredictionRow>('predictions');
  return {
    /** Makes the indexes; safe to repeat. */
    async prepare(): Promise<void> {
      await predictions.createIndexes([
        { key: { userId: 1, createdAt: -1, _id: -1 }, name: 'newest_of_user' },
        { key: { createdAt: -1, _id: -1 }, name: 'newest' },
      ]);
    },

    /**
     * Keeps a prediction.
     * @param userId owner
     * @param prediction what was answered
     */
    async add(userId: string, prediction: Omit<Prediction, 'id' | 'userId'>): Promise<string> {
      const id = v7();
      await predictions.insertOne({ _id: id, userId, ...prediction });
      return id;
    },

    /**
     * A page of a user's predictions, newest first.
     * @param userId owner
     * @param filter which
     * @param page rows to pass over, and rows to give
     */
    async list(
      userId: string,
      filter: PredictionFilter,
      page: { skip: number; limit: number },
    ): Promise<Prediction[]> {
      const rows = await predictions
        .find({ userId, ...queryOf(filter) })
        .sort({ createdAt: -1, _id: -1 })
        .skip(page.skip)
        .limit(page.limit)
        .toArray();
      return rows.map(toPrediction);
    },

    /**
     * How many predictions of a user there are.
     * @param userId owner
     * @param filter which
     */
    async count(userId: string, filter: PredictionFilter): Promise<number> {
      return predictions.countDocuments({ userId, ...queryOf(filter) });
    },

    /**
     * Predictions of everybody, newest first, for reports of analysts.
     * @param filter which
     * @param limit most rows
     */
    async listOfAll(filter: PredictionFilter, limit: number): Promise<Prediction[]> {
      const rows = await predictions
        .find(queryOf(filter))
        .sort({ createdAt: -1, _id: -1 })
        .limit(limit)
        .toArray();
      return rows.map(toPrediction);
    },

    /**
     * Numbers of predictions.
     * @param userIds some users
     * @returns those of each user who has any, and of all users together
     */
    async countByUser(userIds: readonly string[]): Promise<{ byUser: Map<string, number>; total: number }> {
      const [counts, total] = await Promise.all([
        predictions
          .aggregate<{ _id: string; count: number }>([
            { $match: { userId: { $in: [...userIds] } } },
            { $group: { _id: '$userId', count: { $sum: 1 } } },
          ])
          .toArray(),
        predictions.estimatedDocumentCount(),
      ]);
      return { byUser: new Map(counts.map(({ _id, count }) => [_id, count])), total };
    },
  };
};

export type PredictionStore = ReturnType<typeof createPredictionStore>;
