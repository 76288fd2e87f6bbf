import type { ClientSession, Connection } from 'mongoose';
import type { AlertKind } from '../domain/alert.ts';

/** What a user set for one rule; an absent field means the default. */
export interface AlertRule {
  enabled?: boolean;
  /** Limit of rules that compare an amount. */
  thresholdMinor?: number;
  currency?: string;
}

/** What a user set for alerts. */
export interface AlertSettings {
  rules: Partial<Record<AlertKind, AlertRule>>;
  /** Where alerts are sent; null for nowhere. */
  email: string | null;
}

/**
 * Users' settings for alerts, one document each.
 * @param connection database of the service
 */
export const createAlertSettingsStore = (connection: Connection) => {
  const settings = connection.collection<AlertSettings & { _id: string }>('alert_settings');
  return {
    /**
     * What a user set; empty when nothing.
     * @param userId owner
     * @param session transaction to read in, if any
     */
    async find(userId: string, session?: ClientSession): Promise<AlertSettings> {
      const stored = await settings.findOne({ _id: userId }, { ...(session && { session }) });
      return { rules: stored?.rules ?? {}, email: stored?.email ?? null };
    },

    /**
     * Changes what a user set.
     * @param userId owner
     * @param change rules to set, and the address when it changes
     */
    async change(userId: string, change: Partial<AlertSettings>): Promise<void> {
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
  };
};

export type AlertSettingsStore = ReturnType<typeof createAlertSettingsStore>;
