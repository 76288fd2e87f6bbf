import mongoose from 'mongoose';
import { AppError } from './app-error.ts';
import { isErrorLike, type ErrorLike } from './error-like.ts';

// Codes of Node's sockets and resolver, and of undici's client, that say "not reached", never "refused on purpose".
const NETWORK_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_SOCKET',
]);

// https://www.mongodb.com/docs/manual/reference/error-codes/: elections, shutdowns, time limits, write conflicts.
const DATABASE_CODES: ReadonlySet<number> = new Set([
  6, 7, 50, 89, 91, 112, 189, 244, 251, 262, 9001, 10107, 11600, 11602, 13435, 13436,
]);

const CHAIN_LIMIT = 8;

const causesOf = function* (error: unknown): Generator<ErrorLike> {
  let current = error;
  for (let depth = 0; depth < CHAIN_LIMIT && isErrorLike(current); depth += 1) {
    yield current;
    if (current instanceof AggregateError) {
      yield* current.errors.filter(isErrorLike);
    }
    current = current.cause;
  }
};

const isDatabaseOutage = (error: ErrorLike): boolean => {
  const { mongo } = mongoose;
  if (
    error instanceof mongo.MongoNetworkError ||
    error instanceof mongo.MongoServerSelectionError ||
    error instanceof mongo.MongoNotConnectedError ||
    error instanceof mongo.MongoTopologyClosedError ||
    error instanceof mongo.MongoClientClosedError ||
    error instanceof mongo.MongoOperationTimeoutError ||
    error instanceof mongoose.Error.MongooseServerSelectionError
  ) {
    return true;
  }
  if (!(error instanceof mongo.MongoError)) {
    return false;
  }
  return (
    error.hasErrorLabel('TransientTransactionError') ||
    error.hasErrorLabel('RetryableWriteError') ||
    error.hasErrorLabel('UnknownTransactionCommitResult') ||
    (typeof error.code === 'number' && DATABASE_CODES.has(error.code))
  );
};

/**
 * Whether an error says that the database could not be reached or could not serve just now.
 * @param error what was thrown, with its chain of causes
 */
export const isDatabaseUnavailable = (error: unknown): boolean => causesOf(error).some(isDatabaseOutage);

/**
 * Whether a repeated attempt may succeed: asked by the HTTP client, the bus and the jobs. It goes by type and code,
 * never by the text of a message; an unknown error counts as permanent for HTTP and is retried by events.
 * @param error what was thrown
 */
export const isTransient = (error: unknown): boolean =>
  causesOf(error).some((cause) => {
    if (cause instanceof AppError) {
      return !cause.permanent && cause.status !== 500;
    }
    const { code } = cause;
    return (
      (typeof code === 'string' && NETWORK_CODES.has(code)) ||
      cause.name === 'TimeoutError' ||
      isDatabaseOutage(cause)
    );
  });
