import type { ClientSession, Connection } from 'mongoose';
import type { SealedToken } from '../domain/bank/token-cipher.ts';

/** A link that ended here and still has to be ended at its provider. It names no user. */
export interface EndingRecord extends SealedToken {
  /** The item's id. */
  _id: string;
  attempts: number;
  nextAt: Date;
}

const LONGEST_PAUSE_MS = 60 * 60 * 1000;
const FIRST_PAUSE_MS = 2_000;

/**
 * Links that are still to be ended at their provider: until that is done they cost money there.
 * @param connection database of the service
 */
export const createEndingStore = (connection: Connection) => {
  const endings = connection.collection<EndingRecord>('item_endings');

  return {
    /** Makes the index; safe to repeat. */
    async prepare(): Promise<void> {
      await endings.createIndexes([{ key: { nextAt: 1 }, name: 'due' }]);
    },

    /**
     * Notes that a link has to be ended.
     * @param itemId the link
     * @param token its sealed token
     * @param session transaction to write in, if any
     */
    async add(itemId: string, token: SealedToken, session?: ClientSession): Promise<void> {
      await endings.updateOne(
        { _id: itemId },
        { $setOnInsert: { keyId: token.keyId, sealed: token.sealed, attempts: 0, nextAt: new Date() } },
        session === undefined ? { upsert: true } : { upsert: true, session },
      );
    },

    /**
     * Takes one that is due, and puts it off in case this attempt fails; undefined when there is none.
     * @param now the machine's time
     */
    async takeDue(now: Date): Promise<EndingRecord | undefined> {
      const due = await endings.findOne({ nextAt: { $lte: now } }, { sort: { nextAt: 1 } });
      if (due === null) {
        return undefined;
      }
      const wait = Math.min(FIRST_PAUSE_MS * 4 ** due.attempts, LONGEST_PAUSE_MS);
      const taken = await endings.findOneAndUpdate(
        { _id: due._id, attempts: due.attempts },
        { $inc: { attempts: 1 }, $set: { nextAt: new Date(now.getTime() + wait) } },
        { returnDocument: 'after' },
      );
      return taken ?? undefined;
    },

    /**
     * It is done.
     * @param itemId the link
     */
    async done(itemId: string): Promise<void> {
      await endings.deleteOne({ _id: itemId });
    },
  };
};

export type EndingStore = ReturnType<typeof createEndingStore>;
