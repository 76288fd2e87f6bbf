import { addDays } from '@orrery/calendar';
import type { Clock } from '@orrery/calendar';
import { AlertRaised, OWN_TRANSFERS } from '@orrery/contracts';
import type { CalendarDate } from '@orrery/contracts';
import type { EventTransaction } from '@orrery/messaging';
import type { NewAlert } from '../domain/alert.ts';
import { wordAlert } from '../domain/word-alert.ts';
import type { AlertSettingsStore } from '../store/alert-settings-store.ts';
import type { AlertStore } from '../store/alert-store.ts';
import type { LedgerStore } from '../store/ledger-store.ts';
import type { ReadUserDay } from './user-calendar.ts';

/** Purchases older than this are no news. */
const NEWS_DAYS = 14;

export interface RaiseAlertsParts {
  alerts: AlertStore;
  alertSettings: AlertSettingsStore;
  ledger: LedgerStore;
  readUserDay: ReadUserDay;
  clock: Clock;
}

/**
 * Raises alerts once per rule, subject and period, for rules that the user has not switched off.
 * @param parts stores and the clock
 */
export const createRaiseAlerts = (parts: RaiseAlertsParts) => {
  const { alerts, alertSettings, clock } = parts;

  const raise = async (
    userId: string,
    found: readonly NewAlert[],
    { session, record }: EventTransaction,
  ): Promise<void> => {
    if (found.length === 0) {
      return;
    }
    const { rules } = await alertSettings.find(userId, session);
    const wanted = found.filter(({ kind }) => rules[kind]?.enabled !== false);
    const fresh = await alerts.raise(userId, wanted, clock.now(), session);
    if (fresh.length > 0) {
      await record(
        fresh.map(({ id, kind, subject, facts, createdAt }) => ({
          definition: AlertRaised,
          subject: userId,
          data: {
            userId,
            alertId: id,
            kind,
            subject,
            createdAt: createdAt.toISOString(),
            texts: {
              en: wordAlert(kind, facts, 'en'),
              fr: wordAlert(kind, facts, 'fr'),
              ko: wordAlert(kind, facts, 'ko'),
            },
          },
        })),
      );
    }
  };

  return {
    /** Raises what was found, in the transaction that found it. */
    raise,

    /**
     * Raises alerts on recent purchases above the user's limit; money that stays with the user is no purchase.
     * @param userId owner
     * @param days days whose rows changed
     * @param transaction the event's transaction
     */
    async checkPurchases(
      userId: string,
      days: readonly CalendarDate[],
      transaction: EventTransaction,
    ): Promise<void> {
      const { rules } = await alertSettings.find(userId, transaction.session);
      const { thresholdMinor, currency } = rules.large_purchase ?? {};
      if (thresholdMinor === undefined || currency === undefined) {
        return;
      }
      const { today } = await parts.readUserDay(userId);
      const recent = days.filter((day) => day >= addDays(today, -NEWS_DAYS)).sort();
      const [from, to] = [recent[0], recent.at(-1)];
      if (from === undefined || to === undefined) {
        return;
      }
      const rows = await parts.ledger.detectorRows(userId, { from, to });
      await raise(
        userId,
        rows
          .filter(
            (row) =>
              row.currency === currency &&
              -row.amountMinor >= thresholdMinor &&
              !OWN_TRANSFERS.has(row.category ?? ''),
          )
          .map(({ id, date, merchant, amountMinor }) => ({
            kind: 'large_purchase',
            subject: id,
            period: date,
            facts: { merchant, day: date, amountMinor: -amountMinor, otherMinor: thresholdMinor, currency },
          })),
        transaction,
      );
    },
  };
};

export type RaiseAlerts = ReturnType<typeof createRaiseAlerts>;
