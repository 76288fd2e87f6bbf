import { describe, expect, it } from '@jest/globals';
import type { RawTransaction } from '../raw-transaction.ts';
import type { BankTransaction } from './bank-transaction.ts';
import { decideBankChanges, foldUpdates } from './decide-changes.ts';
import type { BankUpdates } from './decide-changes.ts';

const owner = { userId: 'u1', itemId: 'item' };

const bankRow = (providerId: string, fields: Partial<BankTransaction> = {}): BankTransaction => ({
  providerId,
  accountId: 'a1',
  postedOn: '2026-03-01',
  description: 'SHOP',
  amountMinor: -100,
  currency: 'USD',
  providerAmount: '1',
  pending: false,
  ...fields,
});

const updates = (upserts: BankTransaction[], removals: string[] = []): BankUpdates => ({ upserts, removals });

/** Applies updates to rows as a store would. */
const applied = (rows: readonly RawTransaction[], change: BankUpdates) => {
  const changes = decideBankChanges(owner, rows, foldUpdates([change]));
  const after = new Map(rows.map((row) => [row._id, row]));
  for (const { row } of changes) {
    after.set(row._id, row);
  }
  return { rows: [...after.values()], changes };
};

const shown = (rows: readonly RawTransaction[]) =>
  rows.filter(({ hidden }) => hidden === undefined).map(({ providerId }) => providerId);

describe('updates of a bank', () => {
  it('change nothing when they say what is known', () => {
    const { rows } = applied([], updates([bankRow('p1')]));

    expect(applied(rows, updates([bankRow('p1')])).changes).toEqual([]);
  });

  it('raise the version with each change, and tell it', () => {
    const { rows } = applied([], updates([bankRow('p1')]));
    const { changes } = applied(rows, updates([bankRow('p1', { description: 'OTHER SHOP' })]));

    expect(changes).toMatchObject([{ isNew: false, tell: 'ingested', row: { rowVersion: 2 } }]);
  });

  it('keep one row with one id when a pending purchase posts in the same run', () => {
    const { rows } = applied([], updates([bankRow('pending', { pending: true })]));
    const posted = bankRow('posted', { replaces: 'pending', amountMinor: -120 });

    const after = applied(rows, updates([posted], ['pending']));

    expect(shown(after.rows)).toEqual(['posted']);
    expect(after.rows[0]?._id).toBe(rows[0]?._id);
    expect(after.changes).toMatchObject([{ tell: 'ingested', row: { rowVersion: 2, amountMinor: -120 } }]);
  });

  it('bring the row back when the pending one was removed before the posted one came', () => {
    const first = applied([], updates([bankRow('pending', { pending: true })]));
    const gone = applied(first.rows, updates([], ['pending']));

    const after = applied(gone.rows, updates([bankRow('posted', { replaces: 'pending' })]));

    expect(gone.changes).toMatchObject([{ tell: 'removed', row: { hidden: 'removed', rowVersion: 2 } }]);
    expect(after.rows).toHaveLength(1);
    expect(after.changes).toMatchObject([{ tell: 'ingested', row: { rowVersion: 3 } }]);
  });

  it('keep the posted row when the removal of its pending form comes a run later', () => {
    const first = applied([], updates([bankRow('pending', { pending: true })]));
    const posted = applied(first.rows, updates([bankRow('posted', { replaces: 'pending' })]));

    expect(applied(posted.rows, updates([], ['pending'])).changes).toEqual([]);
  });

  it('ignore the pending form that comes after its posted one', () => {
    const first = applied([], updates([bankRow('pending', { pending: true })]));
    const posted = applied(first.rows, updates([bankRow('posted', { replaces: 'pending' })]));

    expect(applied(posted.rows, updates([bankRow('pending', { pending: true })])).changes).toEqual([]);
  });

  it('give two posted rows that name one pending row two rows', () => {
    const { rows } = applied([], updates([bankRow('pending', { pending: true })]));

    const after = applied(
      rows,
      updates(
        [bankRow('one', { replaces: 'pending' }), bankRow('two', { replaces: 'pending' })],
        ['pending'],
      ),
    );

    expect(shown(after.rows).sort()).toEqual(['one', 'two']);
  });

  it('do not tell of money without a currency, and never lose it', () => {
    const { rows, changes } = applied([], updates([bankRow('coin', { currency: null, amountMinor: 0 })]));

    expect(changes).toMatchObject([{ tell: 'nothing', row: { currency: 'XXX', hidden: 'no-currency' } }]);
    expect(shown(rows)).toEqual([]);
  });

  it('leave a row hidden that another source shows', () => {
    const { rows } = applied([], updates([bankRow('p1')]));
    const hidden = rows.map((row): RawTransaction => ({ ...row, hidden: 'duplicate', duplicateOf: 'other' }));

    const after = applied(hidden, updates([bankRow('p1', { amountMinor: -101 })]));

    expect(after.changes).toMatchObject([{ tell: 'nothing', row: { duplicateOf: 'other' } }]);
  });
});

describe('pages of one run', () => {
  it('count with their last word, and a removal is final', () => {
    const folded = foldUpdates([
      updates([bankRow('a'), bankRow('b')]),
      updates([bankRow('a', { description: 'LATER' })], ['b']),
    ]);

    expect(folded.upserts.map(({ description }) => description)).toEqual(['LATER']);
    expect(folded.removals).toEqual(['b']);
  });
});
