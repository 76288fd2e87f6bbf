import { describe, expect, it } from '@jest/globals';
import { dayNumber } from '@orrery/calendar';
import { aCategorizedTransaction, aDecision } from '@orrery/testing';
import fc from 'fast-check';
import { changeSheets, purchasesOf, sheetsOf } from './day-sheet.ts';
import type { DaySheet } from './day-sheet.ts';
import { evaluateRule, insideTimeOfDay } from './evaluate-rule.ts';
import { applyToRows, rowArrived, rowCorrected, rowRemoved, updatesOf } from './known-rows.ts';
import type { RowChange, RowEntry } from './known-rows.ts';
import { banRule, countRule, moneyRule, MissionRule } from './mission-rule.ts';
import { windowOf } from './mission-window.ts';
import { netOfRefunds } from './purchases.ts';
import type { NetPurchase } from './purchases.ts';

const COFFEE = 1;
const DELIVERY = 5;
const MONDAY = '2026-03-16';

const spent = (day: string, time: string | null, won: number, sub = COFFEE): NetPurchase => ({
  dayNumber: dayNumber(day),
  minute: time === null ? -1 : Number(time.slice(0, 2)) * 60 + Number(time.slice(3)),
  sub,
  spentMinor: won,
});

const won = (amountMinor: number) => ({ amountMinor, currency: 'KRW' });
const today = (rule: MissionRule, roll = 0) => windowOf(rule, 'daily', MONDAY, roll);

describe('a rule', () => {
  it('about a number of purchases is broken by the one beyond it', () => {
    const rule = countRule('COUNT_CAP_DAILY', COFFEE, 2);
    const two = [spent(MONDAY, '08:00', 100), spent(MONDAY, '09:00', 100)];

    expect(evaluateRule(rule, today(rule), two)).toMatchObject({ current: 2, target: 2, kept: true });
    expect(evaluateRule(rule, today(rule), [...two, spent(MONDAY, null, 100)])).toMatchObject({
      current: 3,
      kept: false,
    });
  });

  it('about an amount in all is broken by the first unit beyond it, and credits count against it', () => {
    const rule = moneyRule('SPEND_CAP_DAILY', COFFEE, won(9000));

    expect(evaluateRule(rule, today(rule), [spent(MONDAY, '08:00', 9000)]).kept).toBe(true);
    expect(evaluateRule(rule, today(rule), [spent(MONDAY, '08:00', 9001)]).kept).toBe(false);
    expect(
      evaluateRule(rule, today(rule), [spent(MONDAY, '08:00', 9001), spent(MONDAY, '10:00', -1)]),
    ).toMatchObject({ current: 9000, kept: true });
  });

  it('about each purchase looks at the dearest one, not at the sum', () => {
    const rule = moneyRule('PER_TXN_DAILY', COFFEE, won(5000));
    const cheap = [spent(MONDAY, '08:00', 5000), spent(MONDAY, '09:00', 4000)];

    expect(evaluateRule(rule, today(rule), cheap)).toMatchObject({
      current: 5000,
      kept: true,
      spentMinor: 9000,
    });
    expect(evaluateRule(rule, today(rule), [...cheap, spent(MONDAY, '10:00', 5001)]).kept).toBe(false);
  });

  it('sees only its subcategory', () => {
    const rule = banRule('CATEGORY_BAN_DAILY', COFFEE);

    expect(evaluateRule(rule, today(rule), [spent(MONDAY, '08:00', 100, DELIVERY)]).kept).toBe(true);
  });

  it('about the night counts from 22:00 to before 06:00 of the next day, across midnight', () => {
    const rule = banRule('TIME_BAN_DAILY', DELIVERY, { time_of_day: [{ start: '22:00', end: '06:00' }] });
    const isKept = (day: string, time: string | null): boolean =>
      evaluateRule(rule, today(rule), [spent(day, time, 100, DELIVERY)]).kept;

    expect(isKept(MONDAY, '21:59')).toBe(true);
    expect(isKept(MONDAY, '22:00')).toBe(false);
    expect(isKept(MONDAY, '23:59')).toBe(false);
    expect(isKept('2026-03-17', '00:00')).toBe(false);
    expect(isKept('2026-03-17', '05:59')).toBe(false);
    expect(isKept('2026-03-17', '06:00')).toBe(true);
    expect(isKept('2026-03-17', '22:00')).toBe(true);
    expect(isKept(MONDAY, '03:00')).toBe(true);
    // Without a time of day nothing shows that it was at night.
    expect(isKept(MONDAY, null)).toBe(true);
  });

  it('about a weekday sees that day of its week and no other', () => {
    const rule = banRule('DAY_BAN_WEEKLY', COFFEE, { day_of_week: 'THURSDAY' });
    const isKept = (day: string): boolean =>
      evaluateRule(rule, windowOf(rule, 'weekly', MONDAY, 0), [spent(day, '08:00', 100)]).kept;

    expect(['2026-03-12', '2026-03-18', '2026-03-20', '2026-03-26'].map(isKept)).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(isKept('2026-03-19')).toBe(false);
  });

  it('gives the small hours to the day before when the day begins at 06:00', () => {
    const rule = banRule('CATEGORY_BAN_DAILY', COFFEE);
    const isKept = (day: string, time: string): boolean =>
      evaluateRule(rule, today(rule, 360), [spent(day, time, 100)]).kept;

    expect(isKept(MONDAY, '05:59')).toBe(true);
    expect(isKept(MONDAY, '06:00')).toBe(false);
    expect(isKept('2026-03-17', '05:59')).toBe(false);
    expect(isKept('2026-03-17', '06:00')).toBe(true);
  });

  it('agrees with a plain look at the clock for every part of the day', () => {
    const time = fc.integer({ min: 0, max: 1439 });
    const text = (minute: number): string =>
      `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
    fc.assert(
      fc.property(time, time, time, (start, end, minute) => {
        fc.pre(start !== end);
        let plain = false;
        for (let at = start; at !== end; at = (at + 1) % 1440) {
          plain ||= at === minute;
        }
        expect(insideTimeOfDay({ start: text(start), end: text(end) })(minute)).toBe(plain);
      }),
      { numRuns: 200 },
    );
  });
});

describe('the schema of rules', () => {
  it('takes what missions are made of, and comes back from JSON as it was', () => {
    const rules = [
      banRule('TIME_BAN_DAILY', 5, { time_of_day: [{ start: '22:00', end: '06:00' }] }),
      banRule('DAY_BAN_WEEKLY', 1, { day_of_week: 'SUNDAY' }),
      countRule('COUNT_CAP_MONTHLY', 4, 12),
      moneyRule('SPEND_CAP_WEEKLY', 6, { amountMinor: 1250, currency: 'EUR' }),
    ];

    expect(rules.map((rule) => MissionRule.parse(JSON.parse(JSON.stringify(rule))))).toEqual(rules);
    expect(rules[3]).toMatchObject({ value: 12.5, value_minor: 1250, currency: 'EUR' });
  });

  it.each([
    ['an unknown subcategory', { sub_id: 40 }],
    ['a weekday of no language', { day_of_week: 'Montag' }],
    ['a time that does not exist', { time_of_day: [{ start: '24:00', end: '06:00' }] }],
    ['money without a currency', { type: 'total_spend' }],
    ['a negative value', { value: -1 }],
  ])('refuses %s', (_name, fault) => {
    const rule = { ...countRule('COUNT_CAP_DAILY', 1, 1), ...fault };

    expect(MissionRule.safeParse(rule).success).toBe(false);
  });
});

interface Fact {
  id: string;
  change: RowChange;
}

const purchase = (
  id: string,
  rowVersion: number,
  decisionVersion: number,
  amountMinor: number,
  hour: number,
) =>
  aCategorizedTransaction({
    transactionId: id,
    rowVersion,
    postedOn: MONDAY,
    occurredAt: `2026-03-16T${String(hour).padStart(2, '0')}:00:00Z`,
    currency: 'EUR',
    amountMinor,
    description: 'CAFE',
    decision: aDecision({
      category: decisionVersion % 2 === 1 ? 'coffee' : 'restaurants',
      decisionVersion,
      merchant: 'Cafe',
    }),
  });

const arrival = fc
  .record({
    id: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    rowVersion: fc.integer({ min: 1, max: 3 }),
    decisionVersion: fc.integer({ min: 1, max: 3 }),
  })
  .map(({ id, rowVersion, decisionVersion }): Fact => {
    // A version of a transaction always tells the same, as it does at its source.
    const seed = id.charCodeAt(0) * 31 + rowVersion * 7;
    const amount = seed % 4 === 0 ? 400 : -400 - (seed % 3) * 100;
    return {
      id,
      change: rowArrived(purchase(id, rowVersion, decisionVersion, amount, seed % 20), undefined),
    };
  });

const removal = fc
  .record({ id: fc.constantFrom('a', 'b', 'c'), rowVersion: fc.integer({ min: 1, max: 3 }) })
  .map(({ id, rowVersion }): Fact => ({ id, change: rowRemoved({ transactionId: id, rowVersion }) }));

const outcomeOf = (facts: readonly Fact[]) => {
  const known = new Map<string, RowEntry>();
  let sheets: DaySheet[] = [];
  for (const { id, change } of facts) {
    const entries = applyToRows(known, [[id, change]]);
    sheets = changeSheets(sheets, updatesOf(known, entries));
    for (const entry of entries) {
      known.set(entry.transactionId, entry);
    }
  }
  const rows = [...known.values()].flatMap(({ row }) => (row === null ? [] : [row]));
  expect(sheets.filter(({ subs }) => subs.length > 0)).toEqual(sheetsOf(rows));
  const net = netOfRefunds(purchasesOf(sheets));
  return [
    countRule('COUNT_CAP_DAILY', COFFEE, 1),
    moneyRule('SPEND_CAP_DAILY', COFFEE, { amountMinor: 900, currency: 'EUR' }),
    moneyRule('PER_TXN_DAILY', COFFEE, { amountMinor: 450, currency: 'EUR' }),
    banRule('TIME_BAN_DAILY', COFFEE, { time_of_day: [{ start: '18:00', end: '22:00' }] }),
  ].map((rule) => evaluateRule(rule, today(rule), net));
};

describe('the outcome of a set of events', () => {
  it('does not depend on their order, on repetitions, or on what comes late or is removed', () => {
    fc.assert(
      fc.property(
        fc
          .array(fc.oneof({ weight: 4, arbitrary: arrival }, { weight: 1, arbitrary: removal }), {
            minLength: 1,
            maxLength: 25,
          })
          .chain((facts) =>
            fc.record({
              facts: fc.constant(facts),
              shuffled: fc.shuffledSubarray(facts, { minLength: facts.length }),
              again: fc.subarray(facts),
            }),
          ),
        ({ facts, shuffled, again }) => {
          expect(outcomeOf([...shuffled, ...again])).toEqual(outcomeOf(facts));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('is the same whether the user’s correction or the corrected transaction comes first', () => {
    const first = { id: 'a', change: rowArrived(purchase('a', 1, 1, -400, 9), undefined) };
    const corrected = { id: 'a', change: rowArrived(purchase('a', 1, 2, -400, 9), undefined) };
    const correction = { id: 'a', change: rowCorrected({ decisionVersion: 2, to: 'restaurants' }) };

    const [one, other] = [
      outcomeOf([first, correction, corrected]),
      outcomeOf([first, corrected, correction]),
    ];

    expect(one).toEqual(other);
    expect(one[0]?.current).toBe(0);
    expect(outcomeOf([correction, first])[0]?.current).toBe(1);
  });
});

describe('refunds', () => {
  const row = (day: string, minute: number, amountMinor: number, shop = 1) => ({
    dayNumber: dayNumber(day),
    minute,
    sub: COFFEE,
    amountMinor,
    shop,
  });

  it('of the whole price undo the latest such purchase of the shop, also days later', () => {
    const net = netOfRefunds([
      row('2026-03-20', -1, 450),
      row('2026-03-10', 500, -450),
      row(MONDAY, 500, -450),
      row(MONDAY, 600, -500),
    ]);

    expect(net.map(({ dayNumber: day, spentMinor }) => [day - dayNumber(MONDAY), spentMinor])).toEqual([
      [-6, 450],
      [0, 500],
    ]);
  });

  it('of a part, or by another shop, stay as a credit of their own day', () => {
    const net = netOfRefunds([row(MONDAY, 500, -450), row(MONDAY, 600, 100), row(MONDAY, 700, 450, 2)]);

    expect(net.map(({ spentMinor }) => spentMinor)).toEqual([450, -100, -450]);
  });

  it('do not undo a purchase that came after them, or one long before', () => {
    expect(netOfRefunds([row(MONDAY, 600, 450), row(MONDAY, 700, -450)])).toHaveLength(2);
    expect(netOfRefunds([row('2026-01-01', 600, -450), row(MONDAY, 700, 450)])).toHaveLength(2);
  });
});
