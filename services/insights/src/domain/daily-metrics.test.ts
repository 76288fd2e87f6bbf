import { describe, expect, it } from '@jest/globals';
import type { CategorizedTransaction } from '@orrery/contracts';
import fc from 'fast-check';
import { applyBatch, applyCategorized, applyRemoval } from './apply-events.ts';
import type { Removal } from './apply-events.ts';
import {
  applyMetricChange,
  contributionOf,
  countDailyMetrics,
  metricChanges,
  metricKeyText,
  needsRecount,
  startSums,
} from './daily-metrics.ts';
import type { DailyMetric } from './daily-metrics.ts';
import { placeInZone } from './day-place.ts';
import type { LedgerEntry, LedgerRow } from './types.ts';

const place = placeInZone('Asia/Seoul');

const categorized = (changes: Partial<CategorizedTransaction> = {}): CategorizedTransaction => ({
  transactionId: 't1',
  rowVersion: 1,
  accountId: 'a1',
  source: 'import',
  postedOn: '2025-09-29',
  description: 'STARBUCKS GANGNAM',
  amountMinor: -5400,
  currency: 'KRW',
  pending: false,
  decision: {
    category: 'coffee',
    confidence: 0.9,
    decision: 'auto',
    source: 'merchant',
    merchant: 'Starbucks',
    decisionVersion: 1,
  },
  ...changes,
});

type Step = { kind: 'categorized'; items: CategorizedTransaction[] } | { kind: 'removed'; items: Removal[] };

/** The ledger and its metrics kept in memory by the same steps as the stores take. */
const replay = (steps: readonly Step[]): { entries: Map<string, LedgerEntry>; metrics: DailyMetric[] } => {
  const entries = new Map<string, LedgerEntry>();
  const metrics = new Map<string, DailyMetric>();
  for (const step of steps) {
    const { entries: touched, changes } =
      step.kind === 'categorized'
        ? applyBatch(entries, step.items, (entry, item) => applyCategorized(entry, item, place))
        : applyBatch(entries, step.items, applyRemoval);
    for (const entry of touched) {
      entries.set(entry.transactionId, entry);
    }
    const recounted = new Map(
      countDailyMetrics([...entries.values()].flatMap(({ row }) => (row === null ? [] : [row]))).map(
        (metric) => [metricKeyText(metric), metric.largestMinor],
      ),
    );
    for (const change of metricChanges(changes)) {
      const text = metricKeyText(change.key);
      const stored = metrics.get(text) ?? {
        ...change.key,
        count: 0,
        spentMinor: 0,
        largestMinor: 0,
        receivedCount: 0,
        receivedMinor: 0,
        nightCount: 0,
        morningCount: 0,
        afternoonCount: 0,
        eveningCount: 0,
      };
      const next = applyMetricChange(
        stored,
        change,
        needsRecount(stored, change) ? (recounted.get(text) ?? 0) : undefined,
      );
      if (next === null) {
        metrics.delete(text);
      } else {
        metrics.set(text, next);
      }
    }
  }
  return { entries, metrics: [...metrics.values()] };
};

const sorted = (metrics: readonly DailyMetric[]): DailyMetric[] =>
  [...metrics].sort((left, right) => (metricKeyText(left) < metricKeyText(right) ? -1 : 1));

const rowsOf = (entries: Map<string, LedgerEntry>): LedgerRow[] =>
  [...entries.values()].flatMap(({ row }) => (row === null ? [] : [row]));

const anyCategorized = fc
  .record({
    transactionId: fc.constantFrom('t1', 't2', 't3', 't4', 't5'),
    rowVersion: fc.integer({ min: 1, max: 4 }),
    decisionVersion: fc.integer({ min: 1, max: 3 }),
  })
  .map(({ transactionId, rowVersion, decisionVersion }) => {
    // The content is a function of the versions, as at the source: equal versions never differ in content.
    const seed = rowVersion * 7 + decisionVersion * 3 + transactionId.charCodeAt(1);
    const base = categorized({
      transactionId,
      rowVersion,
      postedOn: seed % 2 === 0 ? '2025-09-29' : '2025-09-30',
      amountMinor: seed % 5 === 0 ? 700 : 0 - 100 * (seed % 4),
      currency: seed % 3 === 0 ? 'EUR' : 'KRW',
    });
    const decision = {
      ...base.decision,
      decisionVersion,
      category: seed % 4 === 0 ? null : seed % 2 === 0 ? 'coffee' : 'groceries',
    };
    const hour = String(seed % 24).padStart(2, '0');
    return seed % 3 === 1
      ? { ...base, decision }
      : { ...base, decision, occurredAt: `2025-09-29T${hour}:10:00Z` };
  });

const anyRemoval = fc.record({
  transactionId: fc.constantFrom('t1', 't2', 't3', 't4', 't5'),
  rowVersion: fc.integer({ min: 1, max: 4 }),
});

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .array(anyCategorized, { minLength: 1, maxLength: 4 })
      .map((items): Step => ({ kind: 'categorized', items })),
  },
  {
    weight: 1,
    arbitrary: fc
      .array(anyRemoval, { minLength: 1, maxLength: 2 })
      .map((items): Step => ({ kind: 'removed', items })),
  },
);

describe('ledger and daily metrics', () => {
  it('gives the same metrics incrementally and counted from nothing, whatever comes, repeats or goes', () => {
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 30 }), (steps) => {
        const { entries, metrics } = replay(steps);

        expect(sorted(metrics)).toEqual(sorted(countDailyMetrics(rowsOf(entries))));
      }),
      { numRuns: 500 },
    );
  });

  it('ends with the same ledger for every order and repetition of the same events', () => {
    fc.assert(
      fc.property(
        fc
          .array(anyStep, { maxLength: 12 })
          .chain((steps) =>
            fc.tuple(
              fc.constant(steps),
              fc.shuffledSubarray([...steps, ...steps], { minLength: steps.length * 2 }),
            ),
          ),
        ([steps, shuffled]) => {
          expect(sorted(replay(shuffled).metrics)).toEqual(sorted(replay(steps).metrics));
          expect(rowsOf(replay(shuffled).entries).length).toBe(rowsOf(replay(steps).entries).length);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('ignores an older decision and an older row', () => {
    const entry = applyCategorized(undefined, categorized({ rowVersion: 2 }), place);

    expect(applyCategorized(entry ?? undefined, categorized({ rowVersion: 1 }), place)).toBeNull();
    expect(applyCategorized(entry ?? undefined, categorized({ rowVersion: 2 }), place)).toBeNull();
  });

  it('keeps a transaction out that was removed before it arrived, and lets a later version in', () => {
    const removed = applyRemoval(undefined, { transactionId: 't1', rowVersion: 3 }) ?? undefined;

    expect(applyCategorized(removed, categorized({ rowVersion: 3 }), place)).toBeNull();
    expect(applyCategorized(removed, categorized({ rowVersion: 4 }), place)?.row?.day).toBe('2025-09-29');
  });

  it('counts a purchase in exactly one part of the day, in the zone of the user', () => {
    for (let hour = 0; hour < 24; hour += 1) {
      const occurredAt = `2025-09-29T${String(hour).padStart(2, '0')}:30:00Z`;
      const transaction = categorized({ occurredAt });
      const { nightCount, morningCount, afternoonCount, eveningCount } = contributionOf({
        transaction,
        ...place(transaction),
      });

      expect(nightCount + morningCount + afternoonCount + eveningCount).toBe(1);
    }
    expect(place(categorized({ occurredAt: '2025-09-29T15:30:00Z' }))).toEqual({
      day: '2025-09-30',
      band: 'night',
    });
    expect(place(categorized({ occurredAt: '2025-09-29T09:59:59Z' }))).toEqual({
      day: '2025-09-29',
      band: 'afternoon',
    });
    expect(place(categorized({ occurredAt: '2025-09-29T10:00:00Z' }))).toEqual({
      day: '2025-09-29',
      band: 'evening',
    });
  });

  it('uses the posting day when the time stamp is more than a week away or missing', () => {
    expect(place(categorized({ occurredAt: '2025-01-01T00:00:00Z' }))).toEqual({
      day: '2025-09-29',
      band: null,
    });
    expect(place(categorized())).toEqual({ day: '2025-09-29', band: null });
  });
});

describe('startSums', () => {
  const anyRow = fc.record({
    day: fc.constantFrom('2026-01-31', '2026-02-01', '2026-02-14', '2026-02-28'),
    category: fc.constantFrom('groceries', 'coffee', null),
    currency: fc.constantFrom('EUR', 'USD'),
    amountMinor: fc.integer({ min: -5_000, max: 5_000 }),
  });

  it('loses no row and no cent, and keeps the earliest day of a month', () => {
    fc.assert(
      fc.property(fc.array(anyRow), (rows) => {
        for (const per of ['day', 'month'] as const) {
          const builder = startSums(per);
          rows.forEach((row) => builder.add(row));
          const sums = builder.finish();
          const net = sums.reduce((sum, each) => sum + each.receivedMinor - each.spentMinor, 0);
          expect(net).toBe(rows.reduce((sum, { amountMinor }) => sum + amountMinor, 0));
          expect(sums.reduce((sum, each) => sum + each.count + each.receivedCount, 0)).toBe(rows.length);
          const keys = sums.map(({ day, category, currency }) =>
            [per === 'day' ? day : day.slice(0, 7), category, currency].join(),
          );
          expect(new Set(keys).size).toBe(keys.length);
          expect(sums.map(({ day }) => day).sort()[0]).toBe(rows.map(({ day }) => day).sort()[0]);
        }
      }),
    );
  });
});
