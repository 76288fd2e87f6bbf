import type { ClientSession, Connection } from 'mongoose';

/** An alert on its way to a user's server. */
export interface WebhookDelivery {
  userId: string;
  alertId: string;
  /** JSON, as it is signed and sent. */
  body: string;
  /** Attempts that failed. */
  attempts: number;
}

interface StoredDelivery extends WebhookDelivery {
  /** `<userId>:<alertId>` */
  _id: string;
  /** Machine time of the next attempt. */
  dueAt: Date;
}

/**
 * Alerts that wait to be sent to users' servers.
 * @param connection database of the service
 */
export const createWebhookDeliveryStore = (connection: Connection) => {
  const deliveries = connection.collection<StoredDelivery>('webhook_deliveries');
  const idOf = ({ userId, alertId }: Pick<WebhookDelivery, 'userId' | 'alertId'>): string =>
    `${userId}:${alertId}`;
  return {
    /** Makes the indexes; safe to repeat. */
    async prepare(): Promise<void> {
      await deliveries.createIndexes([
        { key: { dueAt: 1 }, name: 'due_first' },
        { key: { userId: 1 }, name: 'by_user' },
      ]);
    },

    /**
     * Notes an alert to be sent, once.
     * @param userId owner
     * @param alert id and body
     * @param session transaction of the event
     */
    async add(
      userId: string,
      { alertId, body }: Pick<WebhookDelivery, 'alertId' | 'body'>,
      session: ClientSession,
    ): Promise<void> {
      await deliveries.updateOne(
        { _id: idOf({ userId, alertId }) },
        { $setOnInsert: { userId, alertId, body, attempts: 0, dueAt: new Date() } },
        { upsert: true, session },
      );
    },

    /**
     * What is to be sent now, of all users, the longest due first.
     * @param limit at most so many
     */
    async due(limit: number): Promise<WebhookDelivery[]> {
      const stored = await deliveries
        .find({ dueAt: { $lte: new Date() } })
        .sort({ dueAt: 1 })
        .limit(limit)
        .toArray();
      return stored.map(({ userId, alertId, body, attempts }) => ({ userId, alertId, body, attempts }));
    },

    /**
     * Puts an attempt off.
     * @param userId owner
     * @param alertId the alert
     * @param next failed attempts by now, and the machine time of the next one
     */
    async postpone(
      userId: string,
      alertId: string,
      { attempts, dueAt }: { attempts: number; dueAt: Date },
    ): Promise<void> {
      await deliveries.updateOne({ _id: idOf({ userId, alertId }) }, { $set: { attempts, dueAt } });
    },

    /**
     * Forgets an alert that was sent or given up.
     * @param userId owner
     * @param alertId the alert
     */
    async remove(userId: string, alertId: string): Promise<void> {
      await deliveries.deleteOne({ _id: idOf({ userId, alertId }) });
    },
  };
};

export type WebhookDeliveryStore = ReturnType<typeof createWebhookDeliveryStore>;
