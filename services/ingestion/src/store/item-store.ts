import type { ClientSession, Connection, mongo } from 'mongoose';
import type { SealedToken } from '../domain/bank/token-cipher.ts';

/** Where a bank link stands. */
export type ItemStatus = 'linked' | 'syncing' | 'healthy' | 'login_required' | 'removed';

/** A bank that a user linked. The access token lies sealed in another collection. */
export interface ItemRecord {
  /** The provider's id of the item. */
  _id: string;
  userId: string;
  /** What clients of the legacy routes send in place of an access token; it says nothing to anybody else. */
  handle: string;
  institutionId: string;
  institutionName: string;
  /** Tells that another link leads to the same accounts. */
  print: string;
  /** Absent once removed; with it a user has each set of accounts once. */
  active?: true;
  status: ItemStatus;
  createdAt: Date;
  /** Position in the bank's stream of updates; null before the first. */
  cursor: string | null;
  /** The whole history that was asked for is there. */
  historyComplete: boolean;
  /** The next run must read everything and compare. */
  needsReconcile: boolean;
  lastSyncedAt: Date | null;
  lastError: { code: string; at: Date } | null;
  /** Failed runs since the last good one. */
  failures: number;
  /** Number of outages that needed the user. */
  outage: number;
  /** Grows with each change that others are told about. */
  rowVersion: number;
  /** Grows with each wish to read the bank; a run that ends with an older one is followed by another. */
  wishes: number;
  /** When the bank is to be read; null while only the user can help. */
  nextSyncAt: Date | null;
  claim: { token: string; until: Date };
  /** Products that the bank refused; they are not asked for again. */
  refusedProducts: string[];
  webhookUrl: string | null;
  /** Consent or connection that is about to end, as the bank announced it. */
  expiresAt?: Date;
}

interface SecretRecord extends SealedToken {
  /** The item's id. */
  _id: string;
  userId: string;
}

/** Another process reads the bank now, or its cursor was moved; the work at hand has no effect. */
export class ItemClaimLostError extends Error {
  constructor() {
    super('another process reads this bank');
    this.name = 'ItemClaimLostError';
  }
}

const MAX_ITEMS = 200;

/**
 * Linked banks and their sealed access tokens.
 * @param connection database of the service
 */
export const createItemStore = (connection: Connection) => {
  const items = connection.collection<ItemRecord>('items');
  const secrets = connection.collection<SecretRecord>('item_secrets');

  return {
    /** Makes the collections and indexes; safe to repeat. */
    async prepare(): Promise<void> {
      await items.createIndexes([
        { key: { userId: 1, createdAt: 1 }, name: 'by_user' },
        { key: { userId: 1, handle: 1 }, name: 'by_handle' },
        {
          key: { userId: 1, print: 1 },
          name: 'once_per_bank',
          unique: true,
          partialFilterExpression: { active: true },
        },
        { key: { nextSyncAt: 1 }, name: 'due', partialFilterExpression: { active: true } },
      ]);
      await secrets.createIndexes([
        { key: { userId: 1 }, name: 'by_user' },
        { key: { keyId: 1 }, name: 'by_key' },
      ]);
    },

    /**
     * Stores a new link with its sealed token.
     * @param userId owner
     * @param item the link
     * @param token the sealed token
     * @param session transaction that also records the event
     * @throws MongoServerError code 11000 when the user has a link to these accounts
     */
    async insert(
      userId: string,
      item: ItemRecord,
      token: SealedToken,
      session: ClientSession,
    ): Promise<void> {
      await items.insertOne({ ...item, userId }, { session });
      await secrets.insertOne({ _id: item._id, userId, ...token }, { session });
    },

    /**
     * One link of a user, or null.
     * @param userId owner
     * @param itemId the link
     * @param session transaction to read in, if any
     */
    async find(userId: string, itemId: string, session?: ClientSession): Promise<ItemRecord | null> {
      return items.findOne({ _id: itemId, userId }, session === undefined ? {} : { session });
    },

    /**
     * The link that a handle stands for, or null.
     * @param userId owner
     * @param handle as the client sent it
     */
    async findByHandle(userId: string, handle: string): Promise<ItemRecord | null> {
      return items.findOne({ userId, handle });
    },

    /**
     * The link of a user to the same accounts, or null.
     * @param userId owner
     * @param print of the accounts
     */
    async findByPrint(userId: string, print: string): Promise<ItemRecord | null> {
      return items.findOne({ userId, print, active: true });
    },

    /**
     * Links of a user, oldest first.
     * @param userId owner
     */
    async list(userId: string): Promise<ItemRecord[]> {
      return items.find({ userId }).sort({ createdAt: 1 }).limit(MAX_ITEMS).toArray();
    },

    /**
     * Whose link it is, for a webhook that names only the item; null for an unknown one.
     * @param itemId the link
     */
    async ownerOf(itemId: string): Promise<string | null> {
      return (await items.findOne({ _id: itemId }, { projection: { userId: 1 } }))?.userId ?? null;
    },

    /**
     * The sealed token of a link, or null once it is removed.
     * @param userId owner
     * @param itemId the link
     */
    async token(userId: string, itemId: string): Promise<SealedToken | null> {
      return secrets.findOne({ _id: itemId, userId }, { projection: { keyId: 1, sealed: 1 } });
    },

    /**
     * Changes a link. Pass the condition that must still hold.
     * @param userId owner
     * @param itemId the link
     * @param change fields to set and counters to raise
     * @param options transaction to write in, and what must still be so
     * @returns whether it was so
     */
    async update(
      userId: string,
      itemId: string,
      change: {
        set?: mongo.MatchKeysAndValues<ItemRecord>;
        raise?: readonly ('rowVersion' | 'wishes' | 'failures' | 'outage')[];
        unset?: readonly 'active'[];
      },
      options: { session?: ClientSession; when?: mongo.Filter<ItemRecord> } = {},
    ): Promise<boolean> {
      const { session, when = {} } = options;
      const update: mongo.UpdateFilter<ItemRecord> = {
        ...(change.set === undefined ? {} : { $set: change.set }),
        ...(change.raise === undefined
          ? {}
          : { $inc: Object.fromEntries(change.raise.map((name) => [name, 1])) }),
        ...(change.unset === undefined
          ? {}
          : { $unset: Object.fromEntries(change.unset.map((name) => [name, true as const])) }),
      };
      const result = await items.updateOne(
        { ...when, _id: itemId, userId },
        update,
        session === undefined ? {} : { session },
      );
      return result.matchedCount === 1;
    },

    /**
     * Asks for a bank to be read soon, unless it is removed.
     * @param userId owner
     * @param itemId the link
     * @param options `evenBroken`: also when only the user could help, because the user may just have done so
     */
    async wishSync(userId: string, itemId: string, options: { evenBroken?: boolean } = {}): Promise<void> {
      await items.updateOne(
        {
          _id: itemId,
          userId,
          active: true,
          ...(options.evenBroken === true ? {} : { status: { $ne: 'login_required' } }),
        },
        { $set: { nextSyncAt: new Date() }, $inc: { wishes: 1 } },
      );
    },

    /**
     * Takes one bank of any user that is to be read and that nobody reads; undefined when there is none.
     * @param claim token of the reader and until when nobody else may
     * @param now the machine's time
     */
    async claimDue(claim: ItemRecord['claim'], now: Date): Promise<ItemRecord | undefined> {
      const found = await items.findOneAndUpdate(
        { active: true, nextSyncAt: { $lte: now }, 'claim.until': { $lte: now } },
        { $set: { claim } },
        { sort: { nextSyncAt: 1 }, returnDocument: 'after' },
      );
      return found ?? undefined;
    },

    /**
     * Keeps a claim.
     * @param userId owner
     * @param itemId the link
     * @param claim token and the new end
     * @returns false when somebody else has it
     */
    async keepClaim(userId: string, itemId: string, claim: ItemRecord['claim']): Promise<boolean> {
      const result = await items.updateOne(
        { _id: itemId, userId, 'claim.token': claim.token },
        { $set: { 'claim.until': claim.until } },
      );
      return result.matchedCount === 1;
    },

    /**
     * Ends a link: nobody reads it again, and its token is gone.
     * @param userId owner
     * @param itemId the link
     * @param session transaction to write in
     */
    async dropToken(userId: string, itemId: string, session: ClientSession): Promise<void> {
      await secrets.deleteOne({ _id: itemId, userId }, { session });
    },

    /**
     * Tokens of all users that are sealed with another key than this one.
     * @param keyId the active key
     * @param limit most rows
     */
    async sealedOtherwise(
      keyId: string,
      limit: number,
    ): Promise<{ itemId: string; userId: string; token: SealedToken }[]> {
      const found = await secrets
        .find({ $or: [{ keyId: { $lt: keyId } }, { keyId: { $gt: keyId } }] })
        .limit(limit)
        .toArray();
      return found.map(({ _id, userId, keyId: sealedWith, sealed }) => ({
        itemId: _id,
        userId,
        token: { keyId: sealedWith, sealed },
      }));
    },

    /**
     * Puts a newly sealed token in the place of an older one.
     * @param userId owner
     * @param itemId the link
     * @param before what it must still be
     * @param after what it becomes
     * @returns whether it was still so
     */
    async reseal(userId: string, itemId: string, before: SealedToken, after: SealedToken): Promise<boolean> {
      const result = await secrets.updateOne(
        { _id: itemId, userId, sealed: before.sealed },
        { $set: { keyId: after.keyId, sealed: after.sealed } },
      );
      return result.matchedCount === 1;
    },

    /**
     * Links of all users whose webhooks go to another address.
     * @param url our present address
     * @param limit most rows
     */
    async withOtherWebhook(url: string, limit: number): Promise<ItemRecord[]> {
      return items
        .find({ active: true, webhookUrl: { $ne: url } })
        .limit(limit)
        .toArray();
    },
  };
};

export type ItemStore = ReturnType<typeof createItemStore>;
