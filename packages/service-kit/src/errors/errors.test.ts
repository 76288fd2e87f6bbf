import { describe, expect, it } from '@jest/globals';
import mongoose from 'mongoose';
import { AppError } from './app-error.ts';
import { COMMON_ERRORS, defineError } from './error-codes.ts';
import { isTransient } from './is-transient.ts';
import { toAppError } from './to-app-error.ts';

const { mongo } = mongoose;

describe('errors', () => {
  it('are permanent when a repeat cannot help', () => {
    expect(new AppError('validation-failed').permanent).toBe(true);
    expect(new AppError('not-found').permanent).toBe(true);
    expect(new AppError('version-conflict').permanent).toBe(false);
    expect(new AppError('too-many-requests').permanent).toBe(false);
    expect(new AppError('database-unavailable').permanent).toBe(false);
    expect(new AppError(defineError('test-gone', 410, 'Gone')).permanent).toBe(true);
  });

  it('keep one meaning per code', () => {
    expect(() => defineError('not-found', 410, 'Something else')).toThrow('declared twice');
    expect(defineError('not-found', 404, COMMON_ERRORS['not-found'].title).status).toBe(404);
  });

  it.each<[string, unknown, boolean]>([
    ['a refused connection', Object.assign(new Error('x'), { code: 'ECONNREFUSED' }), true],
    [
      'a failed fetch with a network cause',
      new TypeError('fetch failed', { cause: Object.assign(new Error('x'), { code: 'UND_ERR_SOCKET' }) }),
      true,
    ],
    ['a lost database', new mongo.MongoNetworkError('x'), true],
    ['a stepped-down primary', new mongo.MongoServerError({ message: 'x', code: 10107 }), true],
    ['a duplicate key', new mongo.MongoServerError({ message: 'x', code: 11000 }), false],
    ['a time-out', AbortSignal.abort(new DOMException('x', 'TimeoutError')).reason, true],
    ['an error that only speaks of a time-out', new Error('ETIMEDOUT timeout'), false],
    ['an unavailable neighbour', new AppError('upstream-unavailable'), true],
    ['a bug', new TypeError('x is undefined'), false],
    ['a string', 'ECONNREFUSED', false],
  ])('tell by type whether %s is transient', (_what, error, expected) => {
    expect(isTransient(error)).toBe(expected);
  });

  it('become 503 with Retry-After when the database is away, never an empty answer', () => {
    const error = toAppError(
      new Error('wrapped', { cause: new mongo.MongoServerSelectionError('host db.internal', {} as never) }),
    );

    expect(error).toMatchObject({
      code: 'database-unavailable',
      status: 503,
      headers: { 'Retry-After': '2' },
    });
    expect(error.message).not.toContain('db.internal');
  });

  it('end when causes form a circle', () => {
    const first = new Error('a');
    const second = new Error('b', { cause: first });
    first.cause = second;

    expect(isTransient(first)).toBe(false);
  });
});
