import { describe, expect, it } from '@jest/globals';
import { hasErrorLabel } from './in-transaction.ts';
import { isDuplicateKey } from './is-duplicate-key.ts';

describe('database errors', () => {
  it('tells a duplicate key from other errors and by the field of its index', () => {
    const duplicate = Object.assign(new Error('E11000'), { code: 11000, keyPattern: { userId: 1, slug: 1 } });

    expect(isDuplicateKey(duplicate)).toBe(true);
    expect(isDuplicateKey(duplicate, 'slug')).toBe(true);
    expect(isDuplicateKey(duplicate, 'email')).toBe(false);
    expect(isDuplicateKey(Object.assign(new Error('other'), { code: 112 }))).toBe(false);
    expect(isDuplicateKey(undefined)).toBe(false);
  });

  it('finds a label on an error and on its cause', () => {
    const conflict = Object.assign(new Error('WriteConflict'), {
      errorLabels: ['TransientTransactionError'],
    });

    expect(hasErrorLabel(conflict, 'TransientTransactionError')).toBe(true);
    expect(hasErrorLabel(new Error('wrapped', { cause: conflict }), 'TransientTransactionError')).toBe(true);
    expect(hasErrorLabel(conflict, 'UnknownTransactionCommitResult')).toBe(false);
  });
});
