import type { ClientSession, Connection } from 'mongoose';
import type { Suggestion } from '../domain/suggestions/suggest.ts';

/** The suggestions of a user's latest day. */
export interface KeptSuggestions {
  /** UTC day for which they were made. */
  day: string;
  /** Digest of what is said, whoever worded it. */
  digest: string;
  /** Business time. */
  createdAt: Date;
  suggestions: Suggestion[];
}

interface StoredSuggestions extends KeptSuggestions {
  /** The user's id. */
  _id: string;
}

/**
 * One row per user, replaced as a whole, so that nobody is ever without suggestions in between.
 * @param connection database of the service
 */
export const createSuggestionStore = (connection: Connection) => {
  const rows = connection.collection<StoredSuggestions>('suggestions');
  return {
    /**
     * The latest suggestions, or undefined.
     * @param userId owner
     */
    async find(userId: string): Promise<KeptSuggestions | undefined> {
      return (await rows.findOne({ _id: userId })) ?? undefined;
    },

    /**
     * Day and digest of many users, to see whose facts changed.
     * @param userIds a few hundred at most
     */
    async states(userIds: readonly string[]): Promise<Map<string, { day: string; digest: string }>> {
      const found = await rows
        .find({ _id: { $in: [...userIds] } }, { projection: { day: 1, digest: 1 } })
        .toArray();
      return new Map(found.map(({ _id, day, digest }) => [_id, { day, digest }]));
    },

    /**
     * Keeps suggestions in place of those before.
     * @param kept by user
     * @param session transaction that also records the events
     */
    async keep(kept: ReadonlyMap<string, KeptSuggestions>, session: ClientSession): Promise<void> {
      if (kept.size > 0) {
        await rows.bulkWrite(
          [...kept].map(([userId, row]) => ({
            replaceOne: { filter: { _id: userId }, replacement: row, upsert: true },
          })),
          { session },
        );
      }
    },

    /**
     * Makes unchanged suggestions those of a new day.
     * @param userIds whose facts are the same
     * @param day UTC day
     * @param createdAt business time
     * @param session transaction of the run
     */
    async renew(
      userIds: readonly string[],
      day: string,
      createdAt: Date,
      session: ClientSession,
    ): Promise<void> {
      if (userIds.length > 0) {
        await rows.updateMany({ _id: { $in: [...userIds] } }, { $set: { day, createdAt } }, { session });
      }
    },
  };
};

export type SuggestionStore = ReturnType<typeof createSuggestionStore>;
