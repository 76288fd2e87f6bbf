import type { Connection } from 'mongoose';

interface SeenUserRow {
  /** The user's id. */
  _id: string;
  /** Last day on which the gateway asked, so that a user costs one write a day. */
  seenOn: string;
}

/**
 * Users of the main back end who have been here, so that their deletion there can be noticed.
 * @param connection database of the service
 */
export const createSeenUserStore = (connection: Connection) => {
  const seen = connection.collection<SeenUserRow>('seen_users');
  return {
    /**
     * Notes that a user was here.
     * @param userId the user
     * @param day the present day
     */
    async note(userId: string, day: string): Promise<void> {
      if ((await seen.findOne({ _id: userId, seenOn: day }, { projection: { _id: 1 } })) === null) {
        await seen.updateOne({ _id: userId }, { $set: { seenOn: day } }, { upsert: true });
      }
    },

    /** Every user who has been here, in the order of ids. */
    async *everyone(): AsyncGenerator<string> {
      for await (const { _id } of seen.find({}, { projection: { _id: 1 } }).sort({ _id: 1 })) {
        yield _id;
      }
    },
  };
};

export type SeenUserStore = ReturnType<typeof createSeenUserStore>;
