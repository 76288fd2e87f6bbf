import mongoose from 'mongoose';
import { AppError } from './app-error.ts';
import { isDatabaseUnavailable } from './is-transient.ts';

const RETRY_AFTER_S = '2';

const hasName = (error: unknown, name: string): boolean => error instanceof Error && error.name === name;

const statusOf = (error: unknown): number | undefined =>
  error instanceof Error && 'status' in error && typeof error.status === 'number' ? error.status : undefined;

const translate = (error: unknown): AppError => {
  if (error instanceof AppError) {
    return error;
  }
  if (isDatabaseUnavailable(error)) {
    return new AppError('database-unavailable', { cause: error });
  }
  if (error instanceof mongoose.Error.VersionError) {
    return new AppError('version-conflict', { cause: error });
  }
  if (hasName(error, 'InvalidCursorError')) {
    return new AppError('validation-failed', {
      cause: error,
      fields: [{ in: 'query', field: 'cursor', message: 'is not a cursor that this list gave out' }],
    });
  }
  if (statusOf(error) === 400) {
    return new AppError('malformed-request', { cause: error });
  }
  return new AppError('internal', { cause: error });
};

/**
 * Turns anything thrown into an error that may be shown: outages of the database or broker become 503 with
 * `Retry-After`, what is not known becomes `internal` without a word about its reason.
 * @param error what was thrown
 */
export const toAppError = (error: unknown): AppError => {
  const known = translate(error);
  if (known.status !== 503 || known.headers['Retry-After'] !== undefined) {
    return known;
  }
  return new AppError(
    { code: known.code, status: known.status, title: known.title, transient: !known.permanent },
    {
      ...(known.detail === undefined ? {} : { detail: known.detail }),
      ...(known.legacyCode === undefined ? {} : { legacyCode: known.legacyCode }),
      fields: known.fields,
      headers: { ...known.headers, 'Retry-After': RETRY_AFTER_S },
      cause: known.cause,
    },
  );
};
