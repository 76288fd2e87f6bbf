import { describe, expect, it } from '@jest/globals';
import { achievementsOf } from './streak.ts';
import type { Outcome } from './streak.ts';

const outcome = (state: Outcome['state'], savedMinor: number | null = null, currency = 'KRW'): Outcome => ({
  state,
  points: 10,
  currency,
  savedMinor,
});

describe('achievements', () => {
  it('count missions kept in a row; only a missed one ends a streak', () => {
    const sum = achievementsOf([
      outcome('succeeded', 1000),
      outcome('succeeded', null),
      outcome('failed', 0),
      outcome('succeeded', 500),
      outcome('dismissed'),
      outcome('expired'),
      outcome('succeeded', 700, 'EUR'),
      outcome('succeeded', 200),
    ]);

    expect(sum).toEqual({
      current: 3,
      longest: 3,
      points: 50,
      succeeded: 5,
      failed: 1,
      saved: [
        { currency: 'KRW', amountMinor: 1700 },
        { currency: 'EUR', amountMinor: 700 },
      ],
    });
  });

  it('are nothing at first', () => {
    expect(achievementsOf([])).toMatchObject({ current: 0, longest: 0, points: 0, saved: [] });
  });
});
