import { createHash } from 'node:crypto';

/**
 * A short name for a value: equal values have equal digests, so that unchanged facts can be told from changed ones.
 * @param value plain data
 */
export const digestOf = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('base64url').slice(0, 22);
