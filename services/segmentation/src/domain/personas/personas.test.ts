import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ClusterSummary } from '../segment-model.ts';
import { matchPersonas, numberPersonas } from './match-personas.ts';
import { nameCustomers } from './name-customers.ts';
import { nameShoppers } from './name-shoppers.ts';
import { nameSpenders } from './name-spenders.ts';

const cluster = (z: readonly number[], averages: readonly number[] = z): ClusterSummary => ({
  size: 10,
  share: 0.2,
  averages,
  z,
});
const population = (medians: readonly number[]) => ({ rows: 50, averages: medians, medians });

describe('matching personas', () => {
  const known = [
    { id: 'm-0', number: 0 },
    { id: 'm-1', number: 1 },
    { id: 'm-2', number: 2 },
  ];

  it('keeps ids with the people, whatever number the new clusters have', () => {
    const earlier = [0, 0, 0, 1, 1, 1, 2, 2, 2];
    const labels = [2, 2, 2, 0, 0, 0, 1, 1, 2];
    const matched = matchPersonas(labels, 3, earlier, known);

    expect(matched.map((persona) => persona?.id)).toEqual(['m-1', 'm-2', 'm-0']);
    expect(numberPersonas(matched, 'm', 3)).toEqual({
      ids: ['m-1', 'm-2', 'm-0'],
      numbers: [1, 2, 0],
      next: 3,
    });
  });

  it('gives people who were never together a new id, and never one that was used', () => {
    const earlier = [0, 0, 0, 1, 1, 1, 2, 2, 2];
    const labels = [0, 1, 2, 0, 1, 2, 0, 1, 2];
    const matched = matchPersonas(labels, 3, earlier, known);
    const numbered = numberPersonas(matched, 'm', 7);

    expect(matched).toEqual([undefined, undefined, undefined]);
    expect(numbered).toEqual({ ids: ['m-7', 'm-8', 'm-9'], numbers: [0, 1, 2], next: 10 });
  });

  it('keeps numbers below the number of clusters, each once, when there are fewer than before', () => {
    const matched = matchPersonas([0, 0, 1, 1], 2, [2, 2, 0, 0], known);

    expect(numberPersonas(matched, 'm', 3)).toEqual({ ids: ['m-2', 'm-0'], numbers: [1, 0], next: 3 });
  });
});

describe('names of customers', () => {
  it('are true of any clusters, and no two are alike', () => {
    const value = fc.double({ min: -2, max: 2, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(value, value, value, value), { minLength: 1, maxLength: 10 }),
        (clusters) => {
          const named = nameCustomers(
            clusters.map((z) => cluster(z)),
            population([0, 0, 0, 0]),
          );

          expect(new Set(named.map(({ names }) => names.en)).size).toBe(clusters.length);
          for (const [index, { names }] of named.entries()) {
            const [, income = 0, score = 0, frequency = 0] = clusters[index] ?? [];
            const claims: Record<string, boolean> = {
              'High Value': income > 0 && score > 0,
              'Premium Customer': income > 0 && score > 0,
              'VIP Elite': income > 0 && score > 0 && frequency > 0,
              'Budget Conscious': income <= 0 && score <= 0,
              'Loyal Shopper': frequency > 0,
              'Occasional Buyer': frequency <= 0,
              'Window Shopper': score <= 0,
              'Average Spender': Math.abs(income) < 0.5 && Math.abs(score) < 0.5,
            };
            expect([names.en, claims[names.en] ?? true]).toEqual([names.en, true]);
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('names of shoppers', () => {
  const seven = [
    [0.3, -1, -0.6, 0.1],
    [0.2, 1, 1.5, 0.9],
    [-1.4, 0.9, -0.6, 0],
    [0.2, -0.2, 1.5, -0.1],
    [0.2, 0, -0.6, -0.2],
    [0.5, 1, -0.6, -1.5],
    [-0.4, -1, -0.4, 1.3],
  ] as const;

  it('go by what clusters are, not by their order', () => {
    const order = [5, 0, 6, 2, 4, 1, 3];
    const named = nameShoppers(order.map((type) => cluster(seven[type] ?? [])));

    expect(named.map(({ number }) => number)).toEqual(order);
  });

  it('are all given out even to clusters without structure, and descriptions then claim only what is true', () => {
    const flat = Array.from({ length: 7 }, (_unused, index) => cluster([0, 0, 0, index / 10 - 0.3]));
    const named = nameShoppers(flat);

    expect(named.map(({ number }) => number).sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
    const vip = named.findIndex(({ number }) => number === 1);
    expect(named[vip]?.descriptions.en).not.toContain('VIP');
  });

  it('put what a name itself says before everything else, as in the public data without structure', () => {
    // The means of K-Means with seven clusters on the public set: only two clusters are subscribed.
    const found = [
      [0.1, -0.9, -0.6, 0.8],
      [1, 1, -0.6, 0.1],
      [-0.8, 0.7, -0.6, 0.8],
      [0, 0.02, 1.6, -1],
      [0.8, -0.7, -0.6, -1],
      [-0.9, 0.2, -0.6, -1],
      [0.1, -0.03, 1.6, 0.8],
    ] as const;
    const named = nameShoppers(found.map((z) => cluster(z)));
    const of = (number: number) => found[named.findIndex((one) => one.number === number)] ?? [0, 0, 0, 0];

    expect(of(1)[1]).toBeGreaterThan(0);
    expect(of(1)[2]).toBeGreaterThan(0);
    expect(of(3)[2]).toBeGreaterThan(0);
    expect(of(6)[3]).toBeGreaterThan(0);
  });

  it('refuse another number of clusters', () => {
    expect(() => nameShoppers(Array.from({ length: 8 }, () => cluster([0, 0, 0, 0])))).toThrow('7 personas');
  });
});

describe('names of spending segments', () => {
  const features = [
    'spending_level',
    'purchases_per_week',
    'night_share',
    'share:food-delivery',
    'share:coffee',
  ];

  it('say what takes a larger share than elsewhere, in PocketC’s words', () => {
    const [delivery, quiet, big] = nameSpenders(
      [cluster([0, 0, 0.9, 1.4, 0.1]), cluster([0, 0, 0, 0.1, 0.2]), cluster([1.2, 0, 0, -1, 0])],
      population([]),
      features,
    );

    expect(delivery?.names).toMatchObject({ en: 'Food delivery type', ko: '배달 음식형' });
    expect(delivery?.descriptions.en).toContain('Buys at night');
    expect(quiet?.names.en).toBe('Balanced spending');
    expect(big?.names.en).toBe('Spends more than others');
  });

  it('are told apart by a number when nothing else does', () => {
    const named = nameSpenders(
      [cluster([0, 0, 0, 0, 0]), cluster([0, 0, 0, 0, 0])],
      population([]),
      features,
    );

    expect(named.map(({ names }) => names.fr)).toEqual(['Dépenses équilibrées', 'Dépenses équilibrées 2']);
  });
});
