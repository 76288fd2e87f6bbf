import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aUser, startTestService } from '@orrery/testing';
import type { TestService } from '@orrery/testing';
import { insights } from '../src/index.ts';

let service: TestService;

beforeAll(async () => {
  service = await startTestService(insights);
});

afterAll(async () => {
  await service.stop();
});

describe('input that no calculation can hold', () => {
  it.each([
    '/api/spending_report?start=0001-01-01',
    '/api/spending_report?end=0000-01-01',
    '/api/spending_report?start=2026-11-28&end=5',
    '/api/spending_report?start=5&end=2026-11-28',
    '/api/spending_report?start=2026-11-28&end=9999-12-31',
    '/api/budget_summary?month=0001-01',
    '/v1/spending?to=0001-01-01',
    '/v1/budgets?day=9999-12-31',
    '/v1/budgets?day=0000-01-01',
    '/v1/transactions?q=a%00b',
    '/v1/transactions/totals?q=%00',
  ])('GET %s is refused', async (path) => {
    const { status } = await service.call(path, { as: aUser() });
    expect(status).toBe(path.startsWith('/v1') ? 422 : 400);
  });

  it.each(['/api/detect_anomalies', '/v1/anomalies'])('POST %s refuses a row of the year 0', async (path) => {
    const legacy = { id: 'a', date: '0000-01-01', amount: 1, merchant_name: 'A', currency: 'EUR' };
    const row = { id: 'a', date: '0000-01-01', amount: '-1.00', merchant: 'A', currency: 'EUR' };
    const { status } = await service.call(path, {
      method: 'POST',
      as: aUser(),
      json: { transactions: [path.startsWith('/v1') ? row : legacy] },
    });
    expect(status).toBe(path.startsWith('/v1') ? 422 : 400);
  });
});
