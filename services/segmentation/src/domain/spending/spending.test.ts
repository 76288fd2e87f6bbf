import { describe, expect, it } from '@jest/globals';
import { segmentSums } from './segment-spending.ts';
import { comparedCategory, comparedSpending } from './spending-profile.ts';
import type { CategorySpending, SpendingProfile } from './spending-profile.ts';
import { spendingRow, spendingSpecs, startScale } from './spending-row.ts';

const row = (
  category: string,
  purchases: number,
  spentMinor: number,
  last = 0,
  before = 0,
): CategorySpending => ({
  category,
  purchases,
  spentMinor,
  lastTwoWeeksMinor: last,
  twoWeeksBeforeMinor: before,
});
const profile = (categories: CategorySpending[], fields: Partial<SpendingProfile> = {}): SpendingProfile => ({
  userId: 'u',
  currency: 'EUR',
  days: 70,
  purchases: categories.reduce((sum, { purchases }) => sum + purchases, 0),
  timedPurchases: 0,
  nightPurchases: 0,
  categories,
  ...fields,
});
const scaleOf = (profiles: readonly SpendingProfile[]) => {
  const scale = startScale();
  profiles.forEach((one) => scale.add(one));
  return scale.finish();
};

describe('compared spending', () => {
  it('leaves out fixed costs and joins what PocketC counts as one', () => {
    expect(comparedCategory('rent')).toBeUndefined();
    expect(comparedCategory('coffee')).toBe('coffee');
    expect(comparedCategory('no-such-category')).toBeUndefined();
    expect([...comparedSpending(profile([row('coffee', 2, 500), row('rent', 1, 90_000)])).keys()]).toEqual([
      'coffee',
    ]);
  });
});

describe('a spending row', () => {
  const profiles = [
    profile([row('coffee', 10, 4_000), row('groceries', 10, 36_000)]),
    profile([row('coffee', 5, 2_000), row('groceries', 15, 90_000)]),
    profile([row('coffee', 8, 9_000_000), row('groceries', 2, 3_000_000)], { currency: 'KRW' }),
  ];
  const scale = scaleOf(profiles);

  it('has log-ratios that add up to nothing, and one feature for each category that people buy', () => {
    const names = spendingSpecs(scale).map(({ name }) => name);
    const values = spendingRow(profiles[0] ?? profile([]), scale);

    expect(names).toEqual([
      'spending_level',
      'purchases_per_week',
      'night_share',
      'share:coffee',
      'share:groceries',
    ]);
    expect(values).toHaveLength(names.length);
    expect((values[3] ?? 0) + (values[4] ?? 0)).toBeCloseTo(0, 12);
    expect(values[1]).toBeCloseTo(2, 12);
  });

  it('compares levels within a currency only', () => {
    const [level] = spendingRow(profiles[2] ?? profile([]), scale);

    expect(level).toBe(0);
    expect(spendingRow(profile([row('coffee', 1, 100)], { currency: 'JPY' }), scale)[0]).toBe(0);
  });

  it('is finite for a user who bought nothing that is compared', () => {
    const values = spendingRow(profile([row('rent', 1, 90_000)]), scale);

    expect(values.every(Number.isFinite)).toBe(true);
    expect(values.slice(3)).toEqual([0, 0]);
  });

  it('has no feature for what hardly anybody buys', () => {
    const many = Array.from({ length: 40 }, () => profile([row('coffee', 3, 900)]));
    const rare = profile([row('coffee', 3, 900), row('gyms', 1, 4_000)]);

    expect(scaleOf([...many, rare]).categories).toEqual(['coffee']);
  });
});

describe('what a segment does', () => {
  it('is the mean of its members’ shares, whatever their currencies', () => {
    const sums = segmentSums();
    sums.add(profile([row('coffee', 4, 2_500), row('groceries', 4, 7_500)]));
    sums.add(profile([row('coffee', 4, 75_000), row('groceries', 4, 25_000)], { currency: 'KRW' }));
    const { users, categories } = sums.total();

    expect(users).toBe(2);
    expect(categories).toEqual([
      { category: 'coffee', share: 0.5, purchases: 8, users: 2 },
      { category: 'groceries', share: 0.5, purchases: 8, users: 2 },
    ]);
  });

  it('names at most three categories to save on, where shares are large, growing or dear, and none that are rare', () => {
    const sums = segmentSums();
    sums.add(
      profile([
        row('food-delivery', 20, 40_000, 9_000, 3_000),
        row('coffee', 20, 6_000, 600, 600),
        row('clothing', 4, 20_000, 5_000, 1_000),
        row('groceries', 10, 15_000, 1_000, 2_500),
        row('taxis', 2, 50_000),
        row('rent', 6, 500_000),
      ]),
    );

    expect(sums.total().topCategories).toEqual(['food-delivery', 'clothing', 'groceries']);
  });
});
