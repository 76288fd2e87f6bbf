import type { ClientSession, Connection } from 'mongoose';
import type { AlertKind } from '../domain/alert.ts';

/** What a user set for one rule; an absent field means the default. */
export interface AlertRule {
  enabled?: boolean;
  /** Limit of rules that compare an amount. */
  thresholdMinor?: number;
  currency?: string;
}

/** Why a message did not reach a user's server. */
export interface WebhookFailure {
  at: Date;
  reason: string;
}

/** A server of a user that is sent alerts. */
export interface Webhook {
  url: string;
  /** What it checks signatures with. */
  secret: string;
  lastFailure: WebhookFailure | null;
}

/** What a user set for alerts. */
export interface AlertSettings {
  rules: Partial<Record<AlertKind, AlertRule>>;
  /** Where alerts are sent by mail; null for nowhere. */
  email: string | null;
  webhook: Webhook | null;
}

interface StoredSettings {
  _id: string;
  rules?: AlertSettings['rules'];
  email?: string | null;
  webhookUrl?: string;
  webhookSecret?: string;
  webhookFailure?: WebhookFailure;
}

const webhookOf = (stored: StoredSettings | null): Webhook | null =>
  stored?.webhookUrl === undefined || stored.webhookSecret === undefined
    ? null
    : {
        url: stored.webhookUrl,
        secret: stored.webhookSecret,
        lastFailure: stored.webhookFailure ?? null,
      };

/**
 * Users' settings for alerts, one document each.
 * @param connection database of the service
 */
export const createAlertSettingsStore = (connection: Connection) => {
  const settings = connection.collection<StoredSettings>('alert_settings');
  return {
    /**
     * What a user set; empty when nothing.
     * @param userId owner
     * @param session transaction to read in, if any
     */
    async find(userId: string, session?: ClientSession): Promise<AlertSettings> {
      const stored = await settings.findOne({ _id: userId }, { ...(session && { session }) });
      return { rules: stored?.rules ?? {}, email: stored?.email ?? null, webhook: webhookOf(stored) };
    },

    /**
     * Changes what a user set.
     * @param userId owner
     * @param change rules to set, and the address when it changes
     */
    async change(userId: string, change: Partial<Pick<AlertSettings, 'rules' | 'email'>>): Promise<void> {
      const fields: Record<string, AlertRule | string | null> = Object.fromEntries(
        Object.entries(change.rules ?? {}).map(([kind, rule]) => [`rules.${kind}`, rule]),
      );
      if (change.email !== undefined) {
        fields['email'] = change.email;
      }
      if (Object.keys(fields).length > 0) {
        await settings.updateOne({ _id: userId }, { $set: fields }, { upsert: true });
      }
    },

    /**
     * Sets the server that is sent alerts, or none.
     * @param userId owner
     * @param webhook address and secret, or null
     */
    async setWebhook(userId: string, webhook: Pick<Webhook, 'url' | 'secret'> | null): Promise<void> {
      await settings.updateOne(
        { _id: userId },
        webhook === null
          ? { $unset: { webhookUrl: '', webhookSecret: '', webhookFailure: '' } }
          : {
              $set: { webhookUrl: webhook.url, webhookSecret: webhook.secret },
              $unset: { webhookFailure: '' },
            },
        { upsert: webhook !== null },
      );
    },

    /**
     * Notes that a message did not reach the server that is still set.
     * @param userId owner
     * @param failure the address that was tried, when and why
     */
    async noteWebhookFailure(
      userId: string,
      { url, ...failure }: WebhookFailure & { url: string },
    ): Promise<void> {
      await settings.updateOne({ _id: userId, webhookUrl: url }, { $set: { webhookFailure: failure } });
    },
  };
};

export type AlertSettingsStore = ReturnType<typeof createAlertSettingsStore>;
