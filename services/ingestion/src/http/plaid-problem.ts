import { AppError, defineError } from '@orrery/service-kit';
import type { ErrorDefinition } from '@orrery/service-kit';
import { PlaidFailure } from '../clients/plaid-failure.ts';
import type { FailureClass } from '../domain/bank/plaid-failure.ts';

const SIGN_IN = defineError('bank-sign-in-required', 409, 'The bank asks its user to sign in again');
const GONE = defineError('bank-link-gone', 410, 'The bank link does not exist any more');
const PRODUCT = defineError('bank-product-missing', 424, 'The bank link does not offer this');
const NOT_READY = defineError('bank-not-ready', 409, 'The bank is not ready yet', { transient: true });
const REFUSED = defineError('bank-request-refused', 400, 'The bank provider refused the request');
const UNUSABLE = defineError('bank-provider-failed', 502, 'The bank provider failed', { transient: true });

/** Error of routes while no bank provider is set up. */
export const BANKS_OFF = defineError('bank-links-off', 503, 'Banks cannot be linked on this installation');

const KINDS: Readonly<Record<FailureClass, ErrorDefinition>> = {
  'sign-in': SIGN_IN,
  gone: GONE,
  product: PRODUCT,
  wait: UNUSABLE,
  retry: UNUSABLE,
  restart: UNUSABLE,
  resync: UNUSABLE,
  accounts: REFUSED,
  fault: UNUSABLE,
};

/** Codes about what the caller sent; any other fault of a request is ours. */
const OF_CALLER: ReadonlySet<string> = new Set([
  'INVALID_PUBLIC_TOKEN',
  'INVALID_INSTITUTION',
  'INVALID_PRODUCT',
  'INVALID_CREDENTIALS',
  'INVALID_ACCOUNT_ID',
  'INVALID_FIELD',
]);

/**
 * Turns a failed call to the provider into an error that may be shown: its code is passed on, its words are not.
 * @param failure what the provider said
 */
export const plaidProblem = (failure: PlaidFailure): AppError => {
  const { errorCode, kind, errorType, retryAfterS, status } = failure.facts;
  const shown = { legacyCode: errorCode, cause: failure };
  if (errorType === 'RATE_LIMIT_EXCEEDED' && kind === 'retry') {
    return new AppError('too-many-requests', {
      ...shown,
      headers: { 'Retry-After': String(retryAfterS ?? 30) },
    });
  }
  if (status === 0) {
    return new AppError('upstream-unavailable', {
      ...shown,
      detail: 'The bank provider cannot be reached now.',
    });
  }
  if (errorCode === 'PRODUCT_NOT_READY') {
    return new AppError(NOT_READY, { ...shown, headers: { 'Retry-After': '5' } });
  }
  if (OF_CALLER.has(errorCode)) {
    return new AppError(REFUSED, shown);
  }
  return new AppError(KINDS[kind], shown);
};

/**
 * Runs work and turns failures of the provider into errors that may be shown.
 * @param work calls the provider
 */
export const showingPlaidProblems = async <Result>(work: Promise<Result>): Promise<Result> => {
  try {
    return await work;
  } catch (error) {
    throw error instanceof PlaidFailure ? plaidProblem(error) : error;
  }
};
