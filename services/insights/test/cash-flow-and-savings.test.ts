import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { addDays, addMonths } from '@orrery/calendar';
import { TransactionsCategorized } from '@orrery/contracts';
import type { CategorizedTransaction } from '@orrery/contracts';
import { aCategorizedTransaction, aDecision, aUser, eventually, startTestService } from '@orrery/testing';
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

type User = ReturnType<typeof aUser>;

const enter = async (user: User, transactions: CategorizedTransaction[]): Promise<void> => {
  const event = await service.publish(TransactionsCategorized, user.userId, {
    userId: user.userId,
    transactions,
  });
  const inbox = service.mongo.collection<{ _id: string }>('inbox');
  await eventually(() => inbox.countDocuments({ _id: `insights:${event.id}` }));
};

const pay = (postedOn: string, amountMinor: number, category: string, merchant: string) =>
  aCategorizedTransaction({ postedOn, amountMinor, decision: aDecision({ category, merchant }) });

const months = [6, 5, 4, 3, 2, 1];

describe('GET /api/cash_flow_forecast', () => {
  it('lays known bills and income on their days and tells the lowest point', async () => {
    const user = aUser();
    await enter(user, [
      ...months.flatMap((ago) => [
        pay(addMonths('2026-03-28', -ago), 250_000, 'salary', 'Employeur'),
        pay(addMonths('2026-04-03', -ago), -90_000, 'rent', 'Bailleur'),
      ]),
      ...Array.from({ length: 100 }, (_unused, index) =>
        pay(
          addDays('2025-12-07', index),
          -1500 - ((index * 37) % 1000),
          'groceries',
          `Shop ${String(index % 9)}a`,
        ),
      ),
    ]);
    const Flow = z.looseObject({ days: z.array(z.looseObject({ date: z.string(), balance: z.number() })) });
    const reply = await service.call('/api/cash_flow_forecast?days=30&balance=500', { as: user });
    const { days } = Flow.parse(reply.json);
    const on = (date: string) => days.find((each) => each.date === date)?.balance ?? NaN;

    expect(reply.json).toMatchObject({ currency: 'EUR', startBalance: 500, balanceKnown: true });
    expect(days).toHaveLength(30);
    expect(on('2026-03-28') - on('2026-03-27')).toBeGreaterThan(2400);
    expect(on('2026-04-03') - on('2026-04-02')).toBeLessThan(-850);
    expect(reply.json).toMatchObject({
      lowest: { date: '2026-03-27' },
      probabilityBelowZero: 0,
      safeToSpend: expect.any(Number),
    });
    const again = await service.call('/api/cash_flow_forecast?days=30&balance=500', { as: user });
    expect(again.json).toEqual(reply.json);
  });

  it('says so when the history is too short', async () => {
    const user = aUser();
    await enter(user, [pay('2026-03-10', -1000, 'groceries', 'Shop')]);
    expect(await service.call('/api/cash_flow_forecast', { as: user })).toMatchObject({
      status: 422,
      json: { code: 'INSUFFICIENT_DATA' },
    });
    expect((await service.call('/api/cash_flow_forecast?days=0', { as: user })).status).toBe(400);
  });
});

describe('GET /api/savings_opportunities', () => {
  it('lists a subscription that is paid twice, fees and what is above the usual, with sums that agree', async () => {
    const user = aUser();
    await enter(user, [
      ...months.flatMap((ago) => [
        pay(addMonths('2026-04-03', -ago), -1299, 'streaming', 'Netflix'),
        pay(addMonths('2026-04-11', -ago), -1999, 'streaming', 'Netflix'),
        pay(addMonths('2026-04-05', -ago), -10_000, 'restaurants', 'Bistro'),
      ]),
      pay('2026-03-12', -20_000, 'restaurants', 'Grand Bistro'),
      pay('2026-02-20', -900, 'overdraft-fees', 'Banque'),
    ]);
    const reply = await service.call('/api/savings_opportunities', { as: user });

    expect(reply.json).toMatchObject({
      currency: 'EUR',
      opportunities: [
        { type: 'above_usual', category: 'foodAndDrink', current_monthly: 300, suggested_monthly: 100 },
        {
          type: 'duplicate_subscription',
          category: 'entertainment',
          merchant: 'Netflix',
          current_monthly: 32.98,
          suggested_monthly: 19.99,
          estimated_saving: 12.99,
        },
        { type: 'fees', category: 'other', estimated_saving: 3 },
      ],
      total_estimated_saving: 215.99,
    });
    expect((await service.call('/api/savings_opportunities', { as: aUser() })).json).toMatchObject({
      opportunities: [],
      total_estimated_saving: 0,
    });
  });

  it('sees the same service charged twice at one price', async () => {
    const user = aUser();
    await enter(
      user,
      months
        .flatMap((ago) => [
          pay(addMonths('2026-04-03', -ago), -1299, 'streaming', 'Netflix'),
          pay(addMonths('2026-04-18', -ago), -1299, 'streaming', 'Netflix'),
        ])
        .filter(({ postedOn }) => postedOn <= '2026-03-16'),
    );
    expect((await service.call('/api/savings_opportunities', { as: user })).json).toMatchObject({
      opportunities: [{ type: 'duplicate_subscription', estimated_saving: 12.99 }],
    });
  });
});
