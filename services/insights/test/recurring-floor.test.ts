import { describe, expect, it } from '@jest/globals';
import { detectRecurring } from '../src/domain/recurring/detect-recurring.ts';
import type { DetectorTransaction } from '../src/domain/detector-transaction.ts';
import { CLEAN, HARD, MIXED } from './generators/recurring-user.ts';
import { scoreRecurring } from './generators/score-recurring.ts';

const SEEDS = Array.from({ length: 8 }, (_unused, index) => 77_000 + index);

const charges = (merchant: string, days: readonly string[], amountMinor = -1299): DetectorTransaction[] =>
  days.map((date) => ({ id: `${merchant}-${date}`, date, merchant, amountMinor, currency: 'EUR' }));

describe('recurring payments', () => {
  it('keeps its floors on generated users: clean, hard and with other purchases at the same merchant', () => {
    const hard = scoreRecurring(SEEDS, HARD);

    expect(scoreRecurring(SEEDS, CLEAN).f1).toBeGreaterThanOrEqual(0.93);
    expect(hard.f1).toBeGreaterThanOrEqual(0.85);
    expect(hard.periodRight).toBeGreaterThanOrEqual(0.93);
    expect(hard.nextDateRight).toBeGreaterThanOrEqual(0.9);
    expect(scoreRecurring(SEEDS, MIXED).f1).toBeGreaterThanOrEqual(0.8);
  });

  it('keeps the end of the month as anchor instead of creeping to the 28th', () => {
    const [stream] = detectRecurring(
      charges('Rent', ['2024-10-31', '2024-11-30', '2024-12-31', '2025-01-31', '2025-02-28']),
    );

    expect(stream).toMatchObject({ period: 'monthly', state: 'mature', nextDate: '2025-03-31' });
  });

  it('expects the next one within three days of as many charges as can be, not where a stray one pulls the mean', () => {
    const steady = ['2024-08-05', '2024-09-05', '2024-10-05', '2024-11-10', '2024-12-05', '2025-01-05'];
    const [stream] = detectRecurring(charges('Rent', steady));

    expect(stream).toMatchObject({ period: 'monthly', nextDate: '2025-02-07' });
  });

  it('expects the one after when a charge is more than three days overdue', () => {
    const paid = charges('Paper', ['2025-01-10', '2025-02-10', '2025-03-10', '2025-04-10']);
    const seenOn = (date: string) => detectRecurring([...paid, ...charges('Other', [date])])[0]?.nextDate;

    expect(seenOn('2025-05-12')).toBe('2025-05-10');
    expect(seenOn('2025-05-14')).toBe('2025-06-10');
  });

  it('tells four-weekly from monthly', () => {
    const [stream] = detectRecurring(
      charges('Gym', ['2025-01-03', '2025-01-31', '2025-02-28', '2025-03-28', '2025-04-25', '2025-05-23']),
    );

    expect(stream).toMatchObject({ period: 'four-weekly', nextDate: '2025-06-20' });
  });

  it('follows a price change as one stream at the new price', () => {
    const [stream, ...others] = detectRecurring([
      ...charges('Video Club', ['2025-01-05', '2025-02-05', '2025-03-05', '2025-04-05'], -999),
      ...charges('Video Club', ['2025-05-05', '2025-06-05'], -1199),
    ]);

    expect(others).toEqual([]);
    expect(stream).toMatchObject({ period: 'monthly', averageMinor: -1199 });
    expect(stream?.transactionIds).toHaveLength(6);
  });

  it('takes two equal charges a year apart for an early annual payment, and two different ones for nothing', () => {
    expect(detectRecurring(charges('Domain Registrar', ['2024-03-10', '2025-03-11']))).toMatchObject([
      { period: 'annual', state: 'early' },
    ]);
    expect(
      detectRecurring([...charges('Shop', ['2024-03-10'], -900), ...charges('Shop', ['2025-03-11'], -4500)]),
    ).toEqual([]);
  });

  it('says that a stream is late and later that it has ended', () => {
    const paid = charges('Paper', ['2025-01-10', '2025-02-10', '2025-03-10', '2025-04-10']);
    const seenUntil = (date: string) => detectRecurring([...paid, ...charges('Other', [date])])[0];

    expect(seenUntil('2025-05-20')).toMatchObject({ state: 'late' });
    expect(seenUntil('2025-07-20')).toMatchObject({ state: 'ended', nextDate: null });
  });

  it('does not take daily habits, refunds or two currencies for one stream', () => {
    const coffee = Array.from({ length: 90 }, (_unused, index) =>
      new Date(Date.UTC(2025, 0, 1 + Math.floor(index * 1.5))).toISOString().slice(0, 10),
    );

    expect(detectRecurring(charges('Corner Coffee', coffee, -350))).toEqual([]);
    expect(
      detectRecurring([
        ...charges('Club', ['2025-01-05', '2025-03-05']),
        ...charges('Club', ['2025-02-05'], 1299),
        ...charges('Club', ['2025-04-05']).map((each) => ({ ...each, currency: 'USD' })),
      ]),
    ).toEqual([]);
  });

  it('answers nothing for no transactions', () => {
    expect(detectRecurring([])).toEqual([]);
  });
});
