import { isDuplicateKey } from '@orrery/mongo';
import type { Connection } from 'mongoose';

/** A verified webhook. */
export interface WebhookReceipt {
  /** Digest of the signature, so that a message which is replayed is one receipt. */
  _id: string;
  /** Absent for a link that we do not know. */
  userId?: string;
  itemId: string | null;
  type: string;
  code: string;
  /** The few fields that we act on. */
  facts: { errorCode?: string; accountId?: string; expiresAt?: string };
  receivedAt: Date;
  state: 'waiting' | 'done' | 'failed';
  attempts: number;
  nextAt: Date;
}

const KEEP_S = 30 * 24 * 60 * 60;
const MAX_ATTEMPTS = 8;
const FIRST_PAUSE_MS = 500;
const WORK_MS = 30_000;

/**
 * Webhooks as they came in; each is worked after it was answered.
 * @param connection database of the service
 */
export const createWebhookStore = (connection: Connection) => {
  const receipts = connection.collection<WebhookReceipt>('webhooks');

  return {
    /** Makes the collection and its indexes; safe to repeat. */
    async prepare(): Promise<void> {
      await receipts.createIndexes([
        { key: { nextAt: 1 }, name: 'waiting', partialFilterExpression: { state: 'waiting' } },
        { key: { userId: 1 }, name: 'by_user' },
        { key: { receivedAt: 1 }, name: 'expire', expireAfterSeconds: KEEP_S },
      ]);
    },

    /**
     * Stores a webhook.
     * @param receipt what came
     * @returns false when it was there already
     */
    async add(receipt: WebhookReceipt): Promise<boolean> {
      try {
        await receipts.insertOne(receipt);
        return true;
      } catch (error) {
        if (isDuplicateKey(error)) {
          return false;
        }
        throw error;
      }
    },

    /**
     * Takes the oldest one that waits; undefined when there is none. It comes again when it is not finished in time.
     * @param now the machine's time
     */
    async take(now: Date): Promise<WebhookReceipt | undefined> {
      const taken = await receipts.findOneAndUpdate(
        { state: 'waiting', nextAt: { $lte: now } },
        { $inc: { attempts: 1 }, $set: { nextAt: new Date(now.getTime() + WORK_MS) } },
        { sort: { nextAt: 1 }, returnDocument: 'after' },
      );
      return taken ?? undefined;
    },

    /**
     * Notes that a webhook had its effect.
     * @param id of the receipt
     */
    async done(id: string): Promise<void> {
      await receipts.updateOne({ _id: id }, { $set: { state: 'done' } });
    },

    /**
     * Puts a webhook off after a failed attempt, or gives it up after several.
     * @param receipt the webhook
     * @param now the machine's time
     */
    async putOff(receipt: WebhookReceipt, now: Date): Promise<void> {
      const isHopeless = receipt.attempts >= MAX_ATTEMPTS;
      await receipts.updateOne(
        { _id: receipt._id },
        {
          $set: {
            state: isHopeless ? 'failed' : 'waiting',
            nextAt: new Date(now.getTime() + FIRST_PAUSE_MS * 2 ** receipt.attempts),
          },
        },
      );
    },
  };
};

export type WebhookStore = ReturnType<typeof createWebhookStore>;
