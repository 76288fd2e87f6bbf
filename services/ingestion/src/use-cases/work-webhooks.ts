import type { Runtime } from '@orrery/service-kit';
import { webhookAction } from '../domain/bank/webhook-action.ts';
import type { ItemStore } from '../store/item-store.ts';
import type { WebhookReceipt, WebhookStore } from '../store/webhook-store.ts';
import type { EndLink } from './end-link.ts';
import type { SyncItem } from './sync-item.ts';

/** What working a webhook needs. */
export interface WorkWebhooksParts {
  receipts: WebhookStore;
  items: ItemStore;
  syncItem: SyncItem;
  endLink: EndLink;
  refreshAccounts(userId: string, itemId: string): Promise<void>;
  refreshTransfers(): Promise<void>;
  logger: Runtime<unknown>['logger'];
}

/** Errors of a link that its user has to mend; any other passes by itself. */
const PASSING: ReadonlySet<string> = new Set([
  'INSTITUTION_DOWN',
  'INSTITUTION_NOT_RESPONDING',
  'INSTITUTION_NOT_AVAILABLE',
  'INTERNAL_SERVER_ERROR',
]);

/**
 * A chore that works the oldest waiting webhook. Its effects are wishes and states, so that a message which is worked
 * twice changes nothing more.
 * @param parts stores and use cases
 */
export const createWorkWebhooks = (parts: WorkWebhooksParts) => {
  const { receipts, items, syncItem, logger } = parts;

  const act = async (userId: string, itemId: string, receipt: WebhookReceipt): Promise<void> => {
    const action = webhookAction({ type: receipt.type, code: receipt.code, ...receipt.facts });
    switch (action.kind) {
      case 'sync':
        await items.wishSync(userId, itemId);
        return;
      case 'broken':
        if (!PASSING.has(action.errorCode)) {
          await syncItem.breakItem(userId, itemId, action.errorCode);
        }
        return;
      case 'repaired':
        await syncItem.repairItem(userId, itemId);
        return;
      case 'expiring':
        // Data flow on for a week, so that the state stays; the date is shown with the link.
        await items.update(userId, itemId, {
          set: {
            ...(action.at === null ? {} : { expiresAt: action.at }),
            lastError: { code: receipt.code, at: receipt.receivedAt },
          },
        });
        return;
      case 'revoked':
        await parts.endLink.end(userId, itemId, 'USER_PERMISSION_REVOKED');
        return;
      case 'account-revoked':
        await parts.endLink.endAccount(userId, itemId, action.accountId);
        return;
      case 'refresh-accounts':
        await parts.refreshAccounts(userId, itemId);
        return;
      case 'refresh-transfers':
      case 'none':
        return;
    }
  };

  /** Works one webhook. @returns false when none waits */
  return async (): Promise<boolean> => {
    const receipt = await receipts.take(new Date());
    if (receipt === undefined) {
      return false;
    }
    try {
      if (receipt.userId !== undefined && receipt.itemId !== null) {
        await act(receipt.userId, receipt.itemId, receipt);
      } else if (webhookAction({ type: receipt.type, code: receipt.code }).kind === 'refresh-transfers') {
        await parts.refreshTransfers();
      }
      await receipts.done(receipt._id);
    } catch (error) {
      logger.warn(
        { err: error, itemId: receipt.itemId, code: receipt.code },
        'a webhook could not be worked',
      );
      await receipts.putOff(receipt, new Date());
    }
    return true;
  };
};
