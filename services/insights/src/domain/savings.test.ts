import { describe, expect, it } from '@jest/globals';
import { addDays } from '@orrery/calendar';
import fc from 'fast-check';
import type { BudgetStanding } from './budget.ts';
import type { DaySums } from './daily-metrics.ts';
import type { KeptStream } from './recurring/keep-streams.ts';
import { PERIOD_NAMES } from './recurring/period.ts';
import { findSavings, totalSaving } from './savings.ts';

const TODAY = '2026-03-16';

const stream = (fields: Partial<KeptStream> = {}): KeptStream => ({
  id: 's',
  merchant: 'Films',
  currency: 'EUR',
  transactionIds: ['a', 'b', 'c'],
  period: 'monthly',
  state: 'mature',
  averageMinor: -1299,
  lastMinor: -1299,
  priceWasMinor: null,
  category: 'streaming',
  name: null,
  status: 'detected',
  lastDate: '2026-03-02',
  nextDate: '2026-04-02',
  confidence: 0.9,
  ...fields,
});

const sums = (daysAgo: number, spentMinor: number, category: string): DaySums => ({
  day: addDays(TODAY, -daysAgo),
  category,
  currency: 'EUR',
  count: 1,
  spentMinor,
  receivedCount: 0,
  receivedMinor: 0,
});

const find = (
  streams: readonly KeptStream[],
  metrics: readonly DaySums[] = [],
  standings: readonly BudgetStanding[] = [],
) => findSavings({ streams, metrics, standings, today: TODAY });

describe('savings', () => {
  it('counts the price of a subscription that can be given up once, whatever it was before', () => {
    const streams = [
      stream({ id: 'dear', averageMinor: -1999, lastMinor: -1999, priceWasMinor: -1799 }),
      stream({ id: 'cheap', averageMinor: -1299, lastMinor: -1299, priceWasMinor: -999 }),
    ];

    const found = findSavings({ streams, metrics: [], standings: [], today: TODAY });

    expect(found.map(({ type, savingMinor }) => [type, savingMinor])).toEqual([
      ['duplicate_subscription', 1299],
      ['recurring', 200],
    ]);
    expect(totalSaving(found, (category) => category)).toBe(1499);
  });

  it('are the second of two subscriptions at one merchant, the dearer one kept', () => {
    const twice = [stream(), stream({ id: 't', averageMinor: -1799 })];

    expect(find(twice)).toEqual([
      {
        type: 'duplicate_subscription',
        category: 'streaming',
        merchant: 'Films',
        currentMinor: 3098,
        suggestedMinor: 1799,
        savingMinor: 1299,
      },
    ]);
    expect(find([stream(), stream({ id: 't', merchant: 'Songs', category: 'music' })])).toEqual([]);
    expect(find([stream(), stream({ id: 't', state: 'ended' })])).toEqual([]);
    expect(find([stream(), stream({ id: 't', status: 'dismissed' })])).toEqual([]);
    expect(find([stream(), stream({ id: 't', averageMinor: 1299 })])).toEqual([]);
  });

  it('are the rise of a price, not of rent or taxes and not a fall', () => {
    expect(find([stream({ priceWasMinor: -999 })])).toMatchObject([{ type: 'recurring', savingMinor: 300 }]);
    expect(find([stream({ priceWasMinor: -1999 })])).toEqual([]);
    expect(find([stream({ priceWasMinor: -999, category: 'rent' })])).toEqual([]);
    expect(find([stream({ period: 'annual', lastMinor: -12_000, priceWasMinor: -6000 })])).toMatchObject([
      { currentMinor: 1000, suggestedMinor: 500 },
    ]);
  });

  it('are the mean fees of three times thirty days', () => {
    const fees = [sums(0, 500, 'bank-fees'), sums(40, 400, 'bank-fees'), sums(89, 600, 'bank-fees')];

    expect(find([], fees)).toMatchObject([{ type: 'fees', savingMinor: 500 }]);
    expect(find([], [sums(95, 500, 'bank-fees')])).toEqual([]);
  });

  it('are what a category costs above its median of six times thirty days, known for three at least', () => {
    const usual = (times: number) =>
      Array.from({ length: times }, (_unused, index) => sums(35 + 30 * index, 10_000, 'restaurants'));

    expect(find([], [sums(3, 25_000, 'restaurants'), ...usual(6)])).toMatchObject([
      { type: 'above_usual', category: 'restaurants', currentMinor: 25_000, suggestedMinor: 10_000 },
    ]);
    expect(find([], [sums(3, 12_500, 'restaurants'), ...usual(6)])).toEqual([]);
    expect(find([], [sums(3, 25_000, 'restaurants'), ...usual(2)])).toEqual([]);
  });

  it('are always above zero, never more than what is spent, and together count no category twice', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            period: fc.constantFrom(...PERIOD_NAMES),
            averageMinor: fc.integer({ min: -50_000, max: 50_000 }),
            lastMinor: fc.integer({ min: -50_000, max: -1 }),
            priceWasMinor: fc.option(fc.integer({ min: -50_000, max: -1 })),
            merchant: fc.constantFrom('Films', 'Songs', 'Gym'),
            category: fc.constantFrom('streaming', 'music', 'gyms', 'rent', null),
          }),
          { maxLength: 8 },
        ),
        fc.array(
          fc.tuple(
            fc.integer({ min: 0, max: 209 }),
            fc.integer({ min: 1, max: 90_000 }),
            fc.constantFrom('restaurants', 'bank-fees', 'groceries', 'rent', 'own-transfers-out', 'salary'),
          ),
          { maxLength: 40 },
        ),
        (streams, spent) => {
          const found = find(
            streams.map((fields, index) => stream({ id: String(index), ...fields })),
            spent.map(([daysAgo, minor, category]) => sums(daysAgo, minor, category)),
          );

          for (const { currentMinor, suggestedMinor, savingMinor, category } of found) {
            expect(savingMinor).toBe(currentMinor - suggestedMinor);
            expect(savingMinor).toBeGreaterThan(0);
            expect(suggestedMinor).toBeGreaterThanOrEqual(0);
            expect(Number.isSafeInteger(savingMinor)).toBe(true);
            expect(['own-transfers-out', 'salary', 'rent']).not.toContain(category);
          }
          const total = totalSaving(found, (category) => category);
          expect(total).toBeLessThanOrEqual(found.reduce((sum, { savingMinor }) => sum + savingMinor, 0));
          expect(total).toBeGreaterThanOrEqual(Math.max(0, ...found.map(({ savingMinor }) => savingMinor)));
        },
      ),
    );
  });
});
