import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { DeliveryRecord, ItemRecord, SandboxDatabase } from '../state/records.ts';
import type { SandboxClock } from '../state/sandbox-clock.ts';
import { encodeJson } from '../wire/encode-json.ts';
import type { SignatureFault, SigningKeys } from './signing-keys.ts';

const ANSWER_WITHIN_MS = 10_000;
const FIRST_RETRY_MS = 30_000;
const RETRY_FACTOR = 4;
const GIVE_UP_AFTER_MS = 24 * 60 * 60 * 1000;
const LONGEST_RETRY_AFTER_S = 4 * 60 * 60;
const DELAY_MS = 2_000;
const TOO_MANY_REQUESTS = 429;

/** What can be done to webhooks on purpose. */
export const WebhookMode = z.enum([
  'normal',
  'drop',
  'duplicate',
  'delay',
  'tampered',
  'unsigned',
  'wrong-key',
  'stale',
  'future',
]);
export type WebhookMode = z.output<typeof WebhookMode>;

const SIGNATURE_FAULTS: ReadonlySet<string> = new Set<SignatureFault>([
  'unsigned',
  'wrong-key',
  'stale',
  'future',
]);
const isSignatureFault = (mode: string): mode is SignatureFault => SIGNATURE_FAULTS.has(mode);

/** Sends webhooks until the receiver has taken them. */
export interface WebhookSender {
  /**
   * Puts a webhook of an Item on its way; does nothing when the Item has no address.
   * @param item which bank
   * @param type such as `TRANSACTIONS`
   * @param code such as `SYNC_UPDATES_AVAILABLE`
   * @param extra further fields of the body
   */
  send(item: ItemRecord, type: string, code: string, extra?: Record<string, unknown>): Promise<void>;
  /**
   * Puts a webhook that belongs to no Item on its way.
   * @param url receiver
   * @param body fields beside `environment`
   */
  sendTo(url: string, body: Record<string, unknown>): Promise<void>;
  /** Attempts everything that is due; returns without waiting for receivers. */
  deliverDue(): Promise<void>;
  /** Epoch milliseconds of the next attempt in real time, or undefined. */
  nextAt(): Promise<number | undefined>;
  /**
   * Changes how the next webhooks are sent.
   * @param mode what happens to them
   * @param times how many; then it is normal again
   */
  setMode(mode: WebhookMode, times: number): void;
  /** Cuts off attempts in progress; they are made again after the next start. */
  stop(): Promise<void>;
}

/**
 * Creates the sender.
 * @param database where webhooks wait
 * @param clock the sandbox's time
 * @param keys for signatures
 * @param onQueued called when something has been put on its way
 * @param onFault told about faults of our own
 */
export const createWebhookSender = (
  database: SandboxDatabase,
  clock: SandboxClock,
  keys: SigningKeys,
  onQueued: () => void,
  onFault: (error: unknown) => void,
): WebhookSender => {
  let mode: WebhookMode = 'normal';
  let modeTimes = 0;
  const attempts = new Set<Promise<void>>();
  const stopping = new AbortController();

  const takeMode = (): WebhookMode => {
    if (modeTimes === 0) {
      return 'normal';
    }
    modeTimes -= 1;
    return mode;
  };

  const attempt = async (delivery: DeliveryRecord): Promise<void> => {
    const header = keys.sign(delivery.body, isSignatureFault(delivery.mode) ? delivery.mode : 'none');
    let retryAfterS: number | undefined;
    try {
      const response = await fetch(delivery.url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json; charset=utf-8',
          'plaid-verification': header,
          'user-agent': 'Plaid Webhooks',
        },
        body: delivery.mode === 'tampered' ? delivery.body.replace('{', '{ ') : delivery.body,
        redirect: 'manual',
        signal: AbortSignal.any([stopping.signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]),
      });
      await response.body?.cancel();
      if (response.status === 200) {
        await database.deliveries.deleteOne({ _id: delivery._id });
        return;
      }
      const asked = Number(response.headers.get('retry-after'));
      if (response.status === TOO_MANY_REQUESTS && asked > 0) {
        retryAfterS = Math.min(asked, LONGEST_RETRY_AFTER_S);
      }
    } catch (error) {
      // A receiver that is down or slow is tried again; anything else is a fault of ours.
      if (!(error instanceof TypeError || error instanceof DOMException)) {
        throw error;
      }
      if (stopping.signal.aborted) {
        return;
      }
    }
    const wait =
      retryAfterS === undefined ? FIRST_RETRY_MS * RETRY_FACTOR ** delivery.attempts : retryAfterS * 1000;
    const nextAt = clock.real() + wait;
    if (nextAt - delivery.first_at > GIVE_UP_AFTER_MS) {
      await database.deliveries.deleteOne({ _id: delivery._id });
      return;
    }
    await database.deliveries.updateOne(
      { _id: delivery._id },
      { $set: { next_at: nextAt, attempts: delivery.attempts + 1 } },
    );
    onQueued();
  };

  const sendTo = async (url: string, body: Record<string, unknown>): Promise<void> => {
    const chosen = takeMode();
    if (chosen === 'drop') {
      return;
    }
    const now = clock.real();
    const delivery = (): DeliveryRecord => ({
      _id: randomUUID(),
      url,
      body: encodeJson({ ...body, environment: 'sandbox' }),
      mode: chosen,
      attempts: 0,
      first_at: now,
      next_at: chosen === 'delay' ? now + DELAY_MS : now,
    });
    await database.deliveries.insertMany(chosen === 'duplicate' ? [delivery(), delivery()] : [delivery()]);
    onQueued();
  };

  return {
    sendTo,
    async send(item, type, code, extra = {}) {
      if (item.webhook === '') {
        return;
      }
      await sendTo(item.webhook, { webhook_type: type, webhook_code: code, item_id: item._id, ...extra });
      await database.items.updateOne(
        { _id: item._id },
        { $set: { last_webhook: { sent_at: clock.real(), code } } },
      );
    },
    async deliverDue() {
      const now = clock.real();
      const due = await database.deliveries
        .find({ next_at: { $lte: now } })
        .sort({ next_at: 1 })
        .limit(100)
        .toArray();
      for (const delivery of due) {
        // Until the answer is in, nobody else attempts it; after a crash it is due again.
        await database.deliveries.updateOne(
          { _id: delivery._id },
          { $set: { next_at: now + ANSWER_WITHIN_MS * 2 } },
        );
        const running = attempt(delivery)
          .catch(onFault)
          .finally(() => attempts.delete(running));
        attempts.add(running);
      }
    },
    async nextAt() {
      const next = await database.deliveries.findOne({}, { sort: { next_at: 1 } });
      return next?.next_at;
    },
    setMode(next, times) {
      mode = next;
      modeTimes = next === 'normal' ? 0 : times;
    },
    async stop() {
      stopping.abort();
      await Promise.allSettled(attempts);
    },
  };
};
