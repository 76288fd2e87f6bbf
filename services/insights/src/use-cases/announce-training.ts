import type { EventTransaction } from '@orrery/messaging';
import type { Runtime } from '@orrery/service-kit';
import type { AnnouncementStore } from '../store/announcement-store.ts';
import type { LedgerStore } from '../store/ledger-store.ts';
import type { RaiseAlerts } from './raise-alerts.ts';

/**
 * Tells every user with transactions that a newly trained category model is in use: the event only notes the news, and
 * a job tells one user after the other, so that no transaction spans them all and a stopped run goes on.
 * @param parts stores and the alerts
 */
export const createAnnounceTraining = (
  parts: Pick<Runtime<unknown>, 'inTransaction' | 'recordEvents'> & {
    announcements: AnnouncementStore;
    ledger: LedgerStore;
    raiseAlerts: RaiseAlerts;
  },
) => {
  const { announcements, ledger, raiseAlerts, inTransaction, recordEvents } = parts;
  return {
    /**
     * Notes a model that was taken into use.
     * @param trained version and accuracy, a share of 0 to 1
     * @param transaction the event's transaction
     */
    note: (
      { modelVersion, accuracy }: { modelVersion: string; accuracy: number },
      { session }: EventTransaction,
    ): Promise<void> => announcements.add({ modelVersion, percent: Math.round(accuracy * 100) }, session),

    /**
     * Tells users what is noted.
     * @param signal stops it between two users
     */
    async tell(signal: AbortSignal): Promise<{ told: number }> {
      let told = 0;
      for (const { modelVersion, percent, toldUpTo } of await announcements.open()) {
        for await (const userId of ledger.users(toldUpTo)) {
          signal.throwIfAborted();
          await inTransaction(async (session) => {
            const news = {
              kind: 'model_retrained' as const,
              subject: 'categories',
              period: modelVersion,
              facts: { percent },
            };
            await raiseAlerts.raise(userId, [news], {
              session,
              record: (events) => recordEvents(session, events),
            });
            await announcements.told(modelVersion, userId, session);
          });
          told += 1;
        }
        await announcements.close(modelVersion);
      }
      return { told };
    },
  };
};

export type AnnounceTraining = ReturnType<typeof createAnnounceTraining>;
