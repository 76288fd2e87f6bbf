import type { WebhookSender } from '../delivery/webhook-sender.ts';
import type { AlertSettingsStore } from '../store/alert-settings-store.ts';
import type { WebhookDelivery, WebhookDeliveryStore } from '../store/webhook-delivery-store.ts';

const MINUTE_MS = 60_000;

/** Pauses before each further attempt, in minutes; after the last one an alert is given up. */
const PAUSES = [1, 5, 30, 120, 720];

/** Alerts that one run looks at; the rest waits a minute. */
const MAX_PER_RUN = 500;

/** Users whose servers are talked to at once. */
const LANES = 8;

/**
 * Sends alerts to the servers that users named: at least once each, oldest first, with growing pauses after a failure.
 * A server that fails once is left alone for the rest of the run, so that it holds up nobody else.
 * @param parts what waits, where it goes, and the sender
 */
export const createDeliverWebhooks = (parts: {
  deliveries: WebhookDeliveryStore;
  alertSettings: AlertSettingsStore;
  sender: WebhookSender;
}) => {
  const { deliveries, alertSettings, sender } = parts;

  const postpone = async ({ userId, alertId, attempts }: WebhookDelivery): Promise<void> => {
    const pause = PAUSES[attempts];
    if (pause === undefined) {
      await deliveries.remove(userId, alertId);
      return;
    }
    const dueAt = new Date(Date.now() + pause * MINUTE_MS);
    await deliveries.postpone(userId, alertId, { attempts: attempts + 1, dueAt });
  };

  const serveUser = async (
    userId: string,
    waiting: readonly WebhookDelivery[],
    signal: AbortSignal,
  ): Promise<number> => {
    const { webhook } = await alertSettings.find(userId);
    let sent = 0;
    let isFailing = false;
    for (const delivery of waiting) {
      signal.throwIfAborted();
      if (webhook === null) {
        await deliveries.remove(userId, delivery.alertId);
        continue;
      }
      if (isFailing) {
        const dueAt = new Date(Date.now() + MINUTE_MS);
        await deliveries.postpone(userId, delivery.alertId, { attempts: delivery.attempts, dueAt });
        continue;
      }
      const { url, secret } = webhook;
      const outcome = await sender.send({ url, secret, id: delivery.alertId, body: delivery.body });
      if (outcome.kind === 'delivered') {
        sent += 1;
        await deliveries.remove(userId, delivery.alertId);
        continue;
      }
      await alertSettings.noteWebhookFailure(userId, { url, reason: outcome.reason, at: new Date() });
      if (outcome.kind === 'refused') {
        await deliveries.remove(userId, delivery.alertId);
      } else {
        isFailing = true;
        await postpone(delivery);
      }
    }
    return sent;
  };

  return {
    /**
     * Sends what is due.
     * @param signal stops it between two messages
     */
    async run(signal: AbortSignal): Promise<{ sent: number; waiting: number }> {
      const due = await deliveries.due(MAX_PER_RUN);
      const users = [...Map.groupBy(due, ({ userId }) => userId)];
      let sent = 0;
      const lane = async (): Promise<void> => {
        for (let next = users.shift(); next !== undefined; next = users.shift()) {
          sent += await serveUser(next[0], next[1], signal);
        }
      };
      await Promise.all(Array.from({ length: LANES }, lane));
      return { sent, waiting: due.length - sent };
    },
  };
};

export type DeliverWebhooks = ReturnType<typeof createDeliverWebhooks>;
