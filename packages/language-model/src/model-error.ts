/**
 * Why there is no answer of the model.
 * `over-budget` the token ceiling of the day is reached; `breaker-open` it failed too often just now; `deadline` it took
 * too long; `unreachable` no connection, or 5xx and 429 also after the retry; `refused` it does not take this request;
 * `unusable` its answer is no answer; `cancelled` the caller left.
 */
export type ModelFailure =
  'over-budget' | 'breaker-open' | 'deadline' | 'unreachable' | 'refused' | 'unusable' | 'cancelled';

/** The model gave no answer; every caller has a wording of its own for that. */
export class ModelError extends Error {
  readonly failure: ModelFailure;

  /**
   * @param failure why
   * @param options `cause` for the log; it may hold parts of a reply and is never shown
   */
  constructor(failure: ModelFailure, options: { cause?: unknown } = {}) {
    super(`the language model gave no answer: ${failure}`, options);
    this.name = 'ModelError';
    this.failure = failure;
  }
}
