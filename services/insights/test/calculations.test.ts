import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { addDays, addMonths } from '@orrery/calendar';
import { startTestService } from '@orrery/testing';
import type { TestService } from '@orrery/testing';
import { z } from 'zod';
import { insights } from '../src/index.ts';

let service: TestService;

beforeAll(async () => {
  service = await startTestService(insights);
});

afterAll(async () => {
  await service.stop();
});

const post = (path: string, json: unknown) => service.call(path, { method: 'POST', json });

const purchases = Array.from({ length: 60 }, (_unused, index) => ({
  id: `p${String(index)}`,
  date: addDays('2026-01-01', index),
  merchant: 'Big Grocer',
  amount: `-${String(39 + (index % 3))}.50`,
  currency: 'EUR',
}));

describe('calculations on data that is sent along', () => {
  it('forecasts a series', async () => {
    const values = Array.from({ length: 36 }, (_unused, month) => 100 + month + (month % 12 === 11 ? 80 : 0));
    const reply = await post('/v1/forecast', { values, period: 12, horizon: 12 });
    const { mean, lower, upper } = z
      .object({ mean: z.array(z.number()), lower: z.array(z.number()), upper: z.array(z.number()) })
      .parse(reply.json);

    expect(mean).toHaveLength(12);
    expect(Math.max(...mean)).toBe(mean[11]);
    expect(mean.every((value, step) => (lower[step] ?? NaN) <= value && value <= (upper[step] ?? NaN))).toBe(
      true,
    );
  });

  it('finds an unusual purchase and says what was expected', async () => {
    const big = { id: 'big', date: '2026-03-10', merchant: 'Big Grocer', amount: '-400.00', currency: 'EUR' };
    const reply = await post('/v1/anomalies', { transactions: [...purchases, big] });

    expect(reply.json).toMatchObject({
      anomalies: [{ id: 'big', kind: 'large', expected: { high: { currency: 'EUR' } } }],
    });
  });

  it('finds a subscription', async () => {
    const bills = Array.from({ length: 6 }, (_unused, month) => ({
      id: `b${String(month)}`,
      date: addMonths('2025-10-31', month),
      time: '08:00',
      merchant: 'Video Club',
      amount: '-9.99',
      currency: 'EUR',
      category: null,
    }));
    const reply = await post('/v1/recurring/detect', { transactions: [...purchases, ...bills] });

    expect(reply.json).toMatchObject({
      streams: [
        {
          merchant: 'Video Club',
          period: 'monthly',
          state: 'mature',
          averageAmount: { amount: '-9.99', currency: 'EUR' },
          nextDate: '2026-04-30',
        },
      ],
    });
  });

  it('stays responsive while a long calculation runs', async () => {
    const values = Array.from({ length: 5000 }, (_unused, t) => 100 + (t % 7) + Math.sin(t));
    const work = Array.from({ length: 8 }, () => post('/v1/forecast', { values, period: 7, horizon: 56 }));
    const started = performance.now();
    const quick = await service.call('/v1/transactions');
    const waited = performance.now() - started;
    const done = await Promise.all(work);

    expect(quick.status).toBe(200);
    expect(done.every(({ status }) => status === 200)).toBe(true);
    expect(waited).toBeLessThan(2000);
  });

  it('names each field at fault', async () => {
    const wrong = {
      id: 'x',
      date: '2026-13-01',
      merchant: 'A',
      amount: '-1.234',
      currency: 'EUR',
      surplus: 1,
    };
    const reply = await post('/v1/anomalies', { transactions: [wrong] });

    expect(reply.status).toBe(422);
    expect(JSON.stringify(reply.json)).toContain('transactions[0].date');
    expect(await post('/v1/forecast', { values: [1], period: 12, horizon: 1 })).toMatchObject({
      status: 422,
    });
    expect(
      await post('/v1/recurring/detect', { transactions: [{ ...purchases[0], amount: '-1.234' }] }),
    ).toMatchObject({
      status: 422,
      json: { errors: [{ field: 'transactions[0].amount' }] },
    });
  });
});
