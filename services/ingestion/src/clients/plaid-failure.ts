import { classifyPlaidError } from '../domain/bank/plaid-failure.ts';
import type { FailureClass } from '../domain/bank/plaid-failure.ts';

/** Only what may be shown and logged of a failed call: the SDK's own error holds our secret in clear. */
export interface PlaidFailureFacts {
  /** HTTP status; 0 when there was no answer. */
  status: number;
  errorType: string;
  errorCode: string;
  requestId: string | undefined;
  endpoint: string;
  kind: FailureClass;
  /** Seconds that Plaid asks us to wait. */
  retryAfterS: number | undefined;
}

/** A call to Plaid failed. */
export class PlaidFailure extends Error {
  readonly facts: PlaidFailureFacts;

  /** @param facts what may be known about it */
  constructor(facts: PlaidFailureFacts) {
    super(`Plaid answered ${facts.endpoint} with ${facts.errorCode}`);
    this.name = 'PlaidFailure';
    this.facts = facts;
  }

  /** What to do about it. */
  get kind(): FailureClass {
    return this.facts.kind;
  }
}

const UNREACHED = 'PLAID_UNREACHABLE';

const recordOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/**
 * Takes from whatever the SDK threw only what may be shown. The error itself is dropped: its configuration carries our
 * secret and the access token.
 * @param error what was thrown
 * @param endpoint which call it was
 */
export const plaidFailureOf = (error: unknown, endpoint: string): PlaidFailure => {
  const response = recordOf(recordOf(error)['response']);
  const data = recordOf(response['data']);
  const status = typeof response['status'] === 'number' ? response['status'] : 0;
  const errorCode = textOf(data['error_code']);
  const retryAfter = Number(textOf(recordOf(response['headers'])['retry-after']));
  const facts = {
    status,
    endpoint,
    requestId: textOf(data['request_id']),
    retryAfterS: Number.isFinite(retryAfter) && retryAfter > 0 ? retryAfter : undefined,
  };
  if (errorCode === undefined) {
    // No answer, half of one, or one of a proxy in between: it may pass. A refusal without Plaid's words will not.
    const mayPass = status < 300 || status === 408 || status === 429 || status >= 500;
    return new PlaidFailure({
      ...facts,
      errorType: 'API_ERROR',
      errorCode: mayPass ? UNREACHED : 'PLAID_UNEXPECTED_ANSWER',
      kind: mayPass ? 'retry' : 'fault',
    });
  }
  const errorType = textOf(data['error_type']) ?? '';
  const kind = classifyPlaidError({ errorType, errorCode, message: textOf(data['error_message']) });
  return new PlaidFailure({ ...facts, errorType, errorCode, kind });
};
