import { describe, expect, it } from '@jest/globals';
import { addDays } from '@orrery/calendar';
import fc from 'fast-check';
import { BUNDLE_ROWS, monthOfDay, monthsToJoin, planBundles } from './row-bundle.ts';
import type { PackedChange, PackedRow, RowBundle } from './row-bundle.ts';

const row = (id: string, postedOn: string, amountMinor: number): PackedRow => ({
  id,
  postedOn,
  day: postedOn,
  amountMinor,
  currency: 'EUR',
  category: 'groceries',
  accountId: 'a',
  merchant: 'Shop',
  country: null,
  text: 'shop',
});

/** Bundles as a store keeps them, with the place of each row. */
const openBundles = () => {
  const bundles = new Map<string, RowBundle>();
  const places = new Map<string, string | null>();
  let made = 0;
  return {
    bundles,
    apply(rows: ReadonlyMap<string, PackedRow | null>): void {
      const changes = [...rows].map(([id, after]): PackedChange => ({
        id,
        bundleId: places.get(id) ?? null,
        after,
      }));
      const months = monthsToJoin(changes, bundles);
      const roomy = new Map(
        [...bundles.values()]
          .filter((bundle) => months.includes(bundle.month) && bundle.rows.length < BUNDLE_ROWS)
          .map((bundle) => [bundle.month, bundle]),
      );
      const plan = planBundles(changes, bundles, roomy, () => {
        made += 1;
        return `b${String(made)}`;
      });
      for (const bundle of plan.touched) {
        if (bundle.rows.length === 0) {
          bundles.delete(bundle.id);
        } else {
          bundles.set(bundle.id, bundle);
        }
      }
      plan.places.forEach((place, id) => places.set(id, place));
    },
  };
};

const anyChange = fc.tuple(
  fc.integer({ min: 0, max: 60 }).map((number) => `t${String(number)}`),
  fc.option(fc.tuple(fc.integer({ min: 0, max: 70 }), fc.integer({ min: -9_000, max: 9_000 }))),
);

describe('planBundles', () => {
  it('keeps each row in exactly one bundle, the one of its month, after any changes', () => {
    fc.assert(
      fc.property(fc.array(fc.array(anyChange, { maxLength: 30 }), { maxLength: 12 }), (events) => {
        const store = openBundles();
        const expected = new Map<string, PackedRow>();
        for (const event of events) {
          const changes = new Map(
            event.map(([id, value]) => [
              id,
              value === null ? null : row(id, addDays('2026-01-01', value[0]), value[1]),
            ]),
          );
          changes.forEach((after, id) => (after === null ? expected.delete(id) : expected.set(id, after)));
          store.apply(changes);
        }
        const packed = [...store.bundles.values()].flatMap(({ month, rows }) => {
          expect(rows.every(({ postedOn }) => monthOfDay(postedOn) === month)).toBe(true);
          return rows;
        });
        expect(packed).toHaveLength(expected.size);
        expect(new Map(packed.map((each) => [each.id, each]))).toEqual(expected);
      }),
    );
  });

  it('fills bundles up, and gives many new rows bundles of their own', () => {
    const store = openBundles();
    const rows = (from: number, to: number) =>
      new Map(
        Array.from({ length: to - from }, (_unused, index) => {
          const id = `t${String(from + index)}`;
          return [id, row(id, '2026-01-05', -1)] as const;
        }),
      );
    store.apply(rows(0, 30));
    store.apply(rows(30, 60));
    expect(store.bundles.size).toBe(1);
    store.apply(rows(60, 310));
    expect([...store.bundles.values()].map((bundle) => bundle.rows.length)).toEqual([60, 200, 50]);
  });
});
