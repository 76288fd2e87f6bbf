import { describe, expect, it } from '@jest/globals';
import { keepBalances, totalSpendable } from './bank-balance.ts';
import type { AccountBalance } from './bank-balance.ts';

const account = (fields: Partial<AccountBalance>): AccountBalance => ({
  accountId: 'a',
  name: 'Checking',
  type: 'depository',
  currency: 'EUR',
  currentMinor: 10_000,
  availableMinor: 9_000,
  ...fields,
});

const LIMIT = { thresholdMinor: 5_000, currency: 'EUR' };

describe('totalSpendable', () => {
  it('adds up own money per currency and never what is owed', () => {
    const totals = totalSpendable([
      account({}),
      account({ availableMinor: null }),
      account({ type: 'credit', currentMinor: 70_000 }),
      account({ currency: 'USD', currentMinor: null, availableMinor: null }),
      account({ currency: 'KRW', availableMinor: -5 }),
    ]);
    expect([...totals]).toEqual([
      ['EUR', 19_000],
      ['KRW', -5],
    ]);
  });
});

describe('keepBalances', () => {
  const low = account({ availableMinor: 4_999 });

  it('tells a fall once, on the day of the reading that saw it', () => {
    const first = keepBalances([], [low], LIMIT, '2026-03-01');
    expect(first.fallen.map(({ lowSince }) => lowSince)).toEqual(['2026-03-01']);
    const second = keepBalances(first.kept, [low], LIMIT, '2026-03-02');
    expect(second.fallen).toEqual([]);
    expect(second.kept[0]?.lowSince).toBe('2026-03-01');
    const risen = keepBalances(second.kept, [account({ availableMinor: 5_000 })], LIMIT, '2026-03-03');
    expect(risen.kept[0]?.lowSince).toBeNull();
    expect(keepBalances(risen.kept, [low], LIMIT, '2026-03-04').fallen).toHaveLength(1);
  });

  it('knows no low balance without a limit, in another currency, on savings and on cards', () => {
    const others = [
      account({ availableMinor: 0, currency: 'USD' }),
      account({ availableMinor: 0, subtype: 'savings' }),
      account({ availableMinor: 0, type: 'credit' }),
    ];
    expect(keepBalances([], others, LIMIT, '2026-03-01').fallen).toEqual([]);
    expect(keepBalances([], [low], undefined, '2026-03-01').fallen).toEqual([]);
  });
});
