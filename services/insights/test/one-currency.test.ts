import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { addDays } from '@orrery/calendar';
import { TransactionsCategorized } from '@orrery/contracts';
import type { CategorizedTransaction } from '@orrery/contracts';
import { aCategorizedTransaction, aDecision, aUser, eventually, startTestService } from '@orrery/testing';
import type { TestService } from '@orrery/testing';
import { z } from 'zod';
import { insights } from '../src/index.ts';

let service: TestService;
const user = aUser();

const spend = (
  postedOn: string,
  amountMinor: number,
  currency: string,
  category = 'groceries',
): CategorizedTransaction =>
  aCategorizedTransaction({ postedOn, amountMinor, currency, decision: aDecision({ category }) });

/** Won for months, then a trip this month: most rows of March are in euros, some in dinars of three digits and yen. */
const ROWS = [
  ...Array.from({ length: 30 }, (_unused, index) =>
    spend(addDays('2025-11-03', index * 4), -12_000 - index, 'KRW'),
  ),
  ...Array.from({ length: 12 }, (_unused, index) => spend(addDays('2026-03-03', index), -1050, 'EUR')),
  spend('2026-03-04', -12_345, 'KWD'),
  spend('2026-03-05', -980, 'JPY'),
  spend('2026-03-06', -7777, 'KRW'),
  spend('2026-03-20', -3000, 'KRW'),
];

beforeAll(async () => {
  service = await startTestService(insights);
  await service.publish(TransactionsCategorized, user.userId, { userId: user.userId, transactions: ROWS });
  await eventually(
    () => service.mongo.collection('ledger').countDocuments({ userId: user.userId }),
    (count) => count === ROWS.length,
  );
});

afterAll(async () => {
  await service.stop();
});

const Answer = z.looseObject({ currency: z.string() });

const ask = async (path: string, json?: unknown, as = user) => {
  const reply = await service.call(path, json === undefined ? { as } : { as, method: 'POST', json });
  expect(reply.status).toBe(200);
  return Answer.parse(reply.json);
};

describe('a user with four currencies', () => {
  it('is answered in the one with most rows of the whole ledger, whatever the period', async () => {
    const answers = await Promise.all([
      ask('/api/spending_report'),
      ask('/api/spending_report?start=2026-03-01&end=2026-03-19'),
      ask('/api/spending_report?start=2019-01-01&end=2019-01-31'),
      ask('/v1/spending?from=2026-03-01&to=2026-03-19'),
      ask('/v1/spending'),
      ask('/api/predict_expenses', {}),
      ask('/api/savings_opportunities'),
      ask('/api/cash_flow_forecast?days=14'),
      ask('/api/budget_summary'),
    ]);

    expect(answers.map(({ currency }) => currency)).toEqual(answers.map(() => 'KRW'));
    const set = await service.call('/api/set_budget_goal', {
      as: user,
      method: 'POST',
      json: { category: 'total', amount: 50_000 },
    });
    expect(set.json).toMatchObject({ goal: { currency: 'KRW', amount: 50_000 } });
  });

  it('has one month: the report, the wire and the budget count it whole, what is dated later included', async () => {
    const report = await ask('/api/spending_report');

    expect(report).toMatchObject({ expenses: 10_777, period: { start: '2026-03-01', end: '2026-03-31' } });
    expect(await ask('/v1/spending')).toMatchObject({ from: '2026-03-01', to: '2026-03-31' });
    expect(await ask('/api/budget_summary?month=2026-03')).toMatchObject({ total: { spent: 10_777 } });
  });

  it('sees each currency by itself and with its own digits, never a sum of two', async () => {
    const { by_currency: shares } = await ask('/api/spending_report');

    expect(shares).toMatchObject([
      { currency: 'EUR', expenses: 126, transactions: 12 },
      { currency: 'KRW', expenses: 10_777, transactions: 2 },
      { currency: 'JPY', expenses: 980, transactions: 1 },
      { currency: 'KWD', expenses: 12.345, transactions: 1 },
    ]);
    expect(await ask('/api/spending_report?currency=KWD')).toMatchObject({ expenses: 12.345, net: -12.345 });
    expect(await ask('/api/budget_summary?currency=EUR')).toMatchObject({
      currency: 'EUR',
      total: { budget: 0 },
    });
  });

  it('is answered in the currency of the goals when there are none in the usual one, whatever other budgets are in', async () => {
    const traveller = aUser();
    await service.publish(TransactionsCategorized, traveller.userId, {
      userId: traveller.userId,
      transactions: [spend('2026-03-02', -500, 'JPY'), spend('2026-03-03', -500, 'JPY')],
    });
    await eventually(
      () => service.mongo.collection('ledger').countDocuments({ userId: traveller.userId }),
      (count) => count === 2,
    );
    await service.call('/api/set_budget_goal', {
      as: traveller,
      method: 'POST',
      json: { category: 'total', amount: 400, currency: 'EUR' },
    });
    await service.call('/v1/budgets', {
      as: traveller,
      method: 'POST',
      json: { category: 'groceries', amount: { amount: '5000', currency: 'JPY' } },
    });

    expect(await ask('/api/budget_summary', undefined, traveller)).toMatchObject({
      currency: 'EUR',
      total: { budget: 400, spent: 0 },
    });
  });
});
