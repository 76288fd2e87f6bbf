import type { ClientSession, Connection } from 'mongoose';
import type { KeptBalance } from '../domain/bank-balance.ts';

/** What is known about a linked bank of a user. */
export interface BankLink {
  itemId: string;
  state: 'linked' | 'broken' | 'removed';
  /** Version of the link's state; 0 while only balances have arrived. */
  rowVersion: number;
  /** Instant of the last reading of balances; null before the first one. */
  readAt: Date | null;
  accounts: KeptBalance[];
}

interface StoredLink extends BankLink {
  /** `<userId>:<itemId>` */
  _id: string;
  userId: string;
}

/** Links of a user that are read at most. */
const MAX_LINKS = 100;

const toLink = ({ _id, userId: _userId, ...link }: StoredLink): BankLink => link;

/**
 * Linked banks with the balances that were read last, one document each; a removed link keeps its state and version so
 * that late facts about it are ignored.
 * @param connection database of the service
 */
export const createBankLinkStore = (connection: Connection) => {
  const links = connection.collection<StoredLink>('bank_links');
  const idOf = (userId: string, itemId: string): string => `${userId}:${itemId}`;
  return {
    /** Makes the indexes; safe to repeat. */
    async prepare(): Promise<void> {
      await links.createIndexes([{ key: { userId: 1, _id: 1 }, name: 'by_user' }]);
    },

    /**
     * What is known about one link, or undefined.
     * @param userId owner
     * @param itemId the link
     * @param session transaction of the event
     */
    async find(userId: string, itemId: string, session: ClientSession): Promise<BankLink | undefined> {
      const stored = await links.findOne({ _id: idOf(userId, itemId) }, { session });
      return stored === null ? undefined : toLink(stored);
    },

    /**
     * Stores what is known about a link. Two transactions that do so at once clash, and one starts over.
     * @param userId owner
     * @param link as it is now
     * @param session transaction of the event
     */
    async put(userId: string, link: BankLink, session: ClientSession): Promise<void> {
      const document = { _id: idOf(userId, link.itemId), userId, ...link };
      await links.replaceOne({ _id: document._id }, document, { upsert: true, session });
    },

    /**
     * A user's links, removed ones left out.
     * @param userId owner
     */
    async all(userId: string): Promise<BankLink[]> {
      const stored = await links
        .find({ userId }, { batchSize: MAX_LINKS })
        .sort({ _id: 1 })
        .limit(MAX_LINKS)
        .toArray();
      return stored.filter(({ state }) => state !== 'removed').map(toLink);
    },

    /** Every user who ever linked a bank, one index seek each. */
    async *users(): AsyncGenerator<string> {
      let after = '';
      for (;;) {
        const next = await links
          .find({ userId: { $gt: after } }, { projection: { userId: 1 } })
          .sort({ userId: 1 })
          .limit(1)
          .next();
        if (next === null) {
          return;
        }
        after = next.userId;
        yield after;
      }
    },
  };
};

export type BankLinkStore = ReturnType<typeof createBankLinkStore>;
