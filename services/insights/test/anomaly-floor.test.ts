import { describe, expect, it } from '@jest/globals';
import { addDays } from '@orrery/calendar';
import fc from 'fast-check';
import { detectAnomalies } from '../src/domain/anomalies/detect-anomalies.ts';
import type { DetectorTransaction } from '../src/domain/detector-transaction.ts';
import { anomalousUser } from './generators/anomalous-user.ts';
import { scoreAnomalies, weakKinds } from './generators/score-anomalies.ts';

const SEEDS = Array.from({ length: 12 }, (_unused, index) => 91_000 + index);

const purchase = (id: string, fields: Partial<DetectorTransaction> = {}): DetectorTransaction => ({
  id,
  date: '2025-06-01',
  merchant: 'Big Grocer',
  amountMinor: -4000,
  currency: 'EUR',
  ...fields,
});

/** Sixty days of groceries between 39.00 and 41.00. */
const calm = Array.from({ length: 60 }, (_unused, index) =>
  purchase(`c${String(index)}`, {
    date: addDays('2025-04-01', index),
    amountMinor: -3900 - ((index * 37) % 200),
  }),
);

describe('unusual purchases', () => {
  it('keeps its floors on generated users', () => {
    const score = scoreAnomalies(SEEDS);

    expect(score.f1).toBeGreaterThanOrEqual(0.85);
    expect(score.precision).toBeGreaterThanOrEqual(0.85);
    expect(score.alertsPerUserMonth).toBeLessThanOrEqual(1.5);
    expect(weakKinds(score, 0.6)).toEqual([]);
  });

  it('never uses the future: what it said about a history stays when the history goes on', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), fc.double({ min: 0.1, max: 1 }), (seed, share) => {
        const { transactions } = anomalousUser(seed);
        const cut = transactions[Math.floor((transactions.length - 1) * share)]?.date ?? '';
        const past = transactions.filter(({ date }) => date <= cut);
        const ids = new Set(past.map(({ id }) => id));

        expect(detectAnomalies(transactions).filter(({ id }) => ids.has(id))).toEqual(detectAnomalies(past));
      }),
      { numRuns: 8 },
    );
  });

  it('finds a ten-fold purchase, says how far it is off and what was expected', () => {
    const [found, ...others] = detectAnomalies([...calm, purchase('big', { amountMinor: -40_000 })]);

    expect(others).toEqual([]);
    expect(found).toMatchObject({ id: 'big', kind: 'large' });
    expect(found?.reason).toMatch(/^(9|10)\.\d times your usual at Big Grocer$/);
    expect(found?.expected?.highMinor).toBeLessThan(10_000);
  });

  it('flags under 2 % of ordinary purchases', () => {
    const { transactions, injected } = anomalousUser(8);
    const ordinary = transactions.filter(({ id }) => !injected.has(id));

    expect(detectAnomalies(ordinary).length / ordinary.length).toBeLessThan(0.02);
  });

  it('does not call an exact repeat a duplicate where repeats are the habit', () => {
    const tickets = Array.from({ length: 40 }, (_unused, index) =>
      purchase(`f${String(index)}`, {
        merchant: 'City Transit',
        date: addDays('2025-04-01', Math.floor(index / 2)),
        amountMinor: -190,
      }),
    );
    const twice = [purchase('first', { amountMinor: -7777 }), purchase('second', { amountMinor: -7777 })];
    const found = detectAnomalies([...calm, ...tickets, ...twice]).filter(({ kind }) => kind === 'duplicate');

    expect(found.map(({ id }) => id)).toContain('second');
    expect(found.every(({ id }) => !id.startsWith('f') || Number(id.slice(1)) < 12)).toBe(true);
  });

  it('keeps currencies apart and ignores money in', () => {
    const salary = purchase('salary', { merchant: 'Employer', amountMinor: 250_000 });
    const won = purchase('won', { currency: 'KRW', amountMinor: -40_000 });

    expect(detectAnomalies([...calm, salary, won])).toEqual([]);
    expect(detectAnomalies([])).toEqual([]);
  });
});
