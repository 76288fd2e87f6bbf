/**
 * An error that the client sees as a MongoDB command or write error.
 * `code` is MongoDB's numeric code; `codeName` is derived from it when the reply is built.
 */
export class MongoServerError extends Error {
  readonly code: number;
  /** Extra fields of the reply, such as `keyPattern` and `keyValue` of a duplicate key. */
  readonly details: Record<string, unknown>;

  constructor(code: number, message: string, details: Record<string, unknown> = {}) {
    super(message);
    this.name = 'MongoServerError';
    this.code = code;
    this.details = details;
  }
}
