import type { FormerAdvice } from '../clients/former-advice.ts';
import type { AlertStore } from '../store/alert-store.ts';

/** An alert of ours or of the former service. */
export interface ListedAlert {
  id: string;
  origin: 'own' | 'former';
  userId: string;
  userEmail: string;
  message: string;
  category: string;
  createdAt: Date;
}

/** The last alert of a page. */
export type AlertCursor = Pick<ListedAlert, 'createdAt' | 'origin' | 'id'>;

export interface ListAlertsOptions {
  userId?: string;
  after?: AlertCursor | undefined;
  /** Default: all of them, as the former service answered. */
  limit?: number | undefined;
}

// Ours come first where two have the same instant.
const newestFirst = (left: ListedAlert, right: ListedAlert): number =>
  right.createdAt.getTime() - left.createdAt.getTime() ||
  (left.origin === right.origin ? 0 : left.origin === 'own' ? -1 : 1);

/** A time just after an instant, for "at this instant or before". */
const justAfter = (instant: Date): Date => new Date(instant.getTime() + 1);
/** Smaller than any id, so that nothing of the same instant is left. */
const NO_ID = '';

/**
 * Lists alerts that stand, ours and those of the former service as one list, newest first.
 * @param parts both sources
 */
export const createListAlerts =
  ({ alerts, former }: { alerts: AlertStore; former: FormerAdvice | undefined }) =>
  async ({ userId, after, limit }: ListAlertsOptions): Promise<ListedAlert[]> => {
    const own = await alerts.listStanding({
      ...(userId === undefined ? {} : { userId }),
      limit,
      after:
        after === undefined
          ? undefined
          : { createdAt: after.createdAt, id: after.origin === 'own' ? after.id : NO_ID },
    });
    const old =
      (await former?.listAlerts({
        ...(userId === undefined ? {} : { userId }),
        limit,
        before:
          after === undefined
            ? undefined
            : after.origin === 'former'
              ? { createdAt: after.createdAt, id: after.id }
              : { createdAt: justAfter(after.createdAt) },
      })) ?? [];
    const all = [
      ...own.map(({ id, userId: owner, userEmail, message, category, createdAt }): ListedAlert => ({
        id,
        origin: 'own',
        userId: owner,
        userEmail,
        message,
        category,
        createdAt,
      })),
      ...old.map((alert): ListedAlert => ({ ...alert, origin: 'former' })),
    ].sort(newestFirst);
    return limit === undefined ? all : all.slice(0, limit);
  };

export type ListAlerts = ReturnType<typeof createListAlerts>;
