/**
 * What to do about an error of Plaid's:
 * `retry` soon; `wait` for the next webhook or sweep; `sign-in` by the user; the item is `gone`; the `product` is not
 * there; `restart` the pages; `resync` from the beginning; read the `accounts` again; a `fault` of ours or of the set-up.
 */
export type FailureClass =
  'retry' | 'wait' | 'sign-in' | 'gone' | 'product' | 'restart' | 'resync' | 'accounts' | 'fault';

/** What Plaid says about an error; only what may be logged. */
export interface PlaidErrorFacts {
  errorType: string;
  errorCode: string;
  /** Used only to tell a foreign cursor, which has no code of its own. */
  message?: string | undefined;
}

const CODES: Readonly<Record<string, FailureClass>> = {
  ITEM_LOGIN_REQUIRED: 'sign-in',
  PRODUCT_NOT_READY: 'wait',
  PRODUCTS_NOT_SUPPORTED: 'product',
  PRODUCT_NOT_ENABLED: 'product',
  NO_ACCOUNTS: 'product',
  NO_LIABILITY_ACCOUNTS: 'product',
  NO_INVESTMENT_ACCOUNTS: 'product',
  NO_AUTH_ACCOUNTS: 'product',
  ACCESS_NOT_GRANTED: 'sign-in',
  ADDITIONAL_CONSENT_REQUIRED: 'sign-in',
  ITEM_NOT_FOUND: 'gone',
  ITEM_CONCURRENTLY_DELETED: 'gone',
  ITEM_NOT_SUPPORTED: 'gone',
  MFA_NOT_SUPPORTED: 'gone',
  USER_PERMISSION_REVOKED: 'gone',
  INSTITUTION_NO_LONGER_SUPPORTED: 'gone',
  INVALID_ACCOUNT_ID: 'accounts',
  INSTITUTION_DOWN: 'wait',
  INSTITUTION_NOT_RESPONDING: 'wait',
  INSTITUTION_NOT_AVAILABLE: 'wait',
  INSTITUTION_REGISTRATION_REQUIRED: 'fault',
  UNAUTHORIZED_INSTITUTION: 'fault',
  CREDITS_EXHAUSTED: 'fault',
  TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION: 'restart',
};

/** For codes that are not in the list, such as those that Plaid has added since. */
const TYPES: Readonly<Record<string, FailureClass>> = {
  ITEM_ERROR: 'sign-in',
  INSTITUTION_ERROR: 'wait',
  RATE_LIMIT_EXCEEDED: 'retry',
  API_ERROR: 'retry',
};

const own = (table: Readonly<Record<string, FailureClass>>, key: string): FailureClass | undefined =>
  Object.hasOwn(table, key) ? table[key] : undefined;

/**
 * What to do about an error of Plaid's, by its code, else by its type.
 * @param error what Plaid said
 */
export const classifyPlaidError = ({ errorType, errorCode, message }: PlaidErrorFacts): FailureClass => {
  if (errorCode === 'INVALID_FIELD' && /cursor not associated/i.test(message ?? '')) {
    return 'resync';
  }
  return own(CODES, errorCode) ?? own(TYPES, errorType) ?? 'fault';
};
