/** What a webhook asks us to do. */
export type WebhookAction =
  | { kind: 'sync' }
  | { kind: 'broken'; errorCode: string }
  | { kind: 'repaired' }
  | { kind: 'expiring'; at: Date | null }
  | { kind: 'revoked' }
  | { kind: 'account-revoked'; accountId: string }
  | { kind: 'refresh-accounts' }
  | { kind: 'refresh-transfers' }
  | { kind: 'none' };

/** The fields of a webhook that decide. */
export interface WebhookFacts {
  type: string;
  code: string;
  errorCode?: string | undefined;
  accountId?: string | undefined;
  expiresAt?: string | undefined;
}

const instantOf = (text: string | undefined): Date | null => {
  const at = new Date(text ?? Number.NaN);
  return Number.isNaN(at.getTime()) ? null : at;
};

const ACTIONS: Readonly<Record<string, (facts: WebhookFacts) => WebhookAction>> = {
  'TRANSACTIONS/SYNC_UPDATES_AVAILABLE': () => ({ kind: 'sync' }),
  'ITEM/ERROR': ({ errorCode }) => ({ kind: 'broken', errorCode: errorCode ?? 'ITEM_LOGIN_REQUIRED' }),
  'ITEM/LOGIN_REPAIRED': () => ({ kind: 'repaired' }),
  'ITEM/PENDING_EXPIRATION': ({ expiresAt }) => ({ kind: 'expiring', at: instantOf(expiresAt) }),
  'ITEM/PENDING_DISCONNECT': ({ expiresAt }) => ({ kind: 'expiring', at: instantOf(expiresAt) }),
  'ITEM/USER_PERMISSION_REVOKED': () => ({ kind: 'revoked' }),
  'ITEM/USER_ACCOUNT_REVOKED': ({ accountId }) =>
    accountId === undefined ? { kind: 'none' } : { kind: 'account-revoked', accountId },
  'ITEM/NEW_ACCOUNTS_AVAILABLE': () => ({ kind: 'refresh-accounts' }),
  'HOLDINGS/DEFAULT_UPDATE': () => ({ kind: 'refresh-accounts' }),
  'LIABILITIES/DEFAULT_UPDATE': () => ({ kind: 'refresh-accounts' }),
  'TRANSFER/TRANSFER_EVENTS_UPDATE': () => ({ kind: 'refresh-transfers' }),
};

/**
 * What to do about a webhook. Plaid goes on sending the older transaction webhooks beside the new one; acting on both
 * would read every bank twice, so they do nothing, like codes that we do not know.
 * @param facts what it says
 */
export const webhookAction = (facts: WebhookFacts): WebhookAction => {
  const name = `${facts.type}/${facts.code}`;
  return Object.hasOwn(ACTIONS, name) ? (ACTIONS[name]?.(facts) ?? { kind: 'none' }) : { kind: 'none' };
};
