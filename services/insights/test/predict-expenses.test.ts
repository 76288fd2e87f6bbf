import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TransactionsCategorized } from '@orrery/contracts';
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

const Prediction = z.looseObject({
  predictions: z.array(z.looseObject({ month: z.string(), category: z.string(), amount: z.number() })),
  total: z.array(z.object({ month: z.string(), amount: z.number() })),
});

describe('POST /api/predict_expenses', () => {
  it('predicts each category and totals that are the sum of them', async () => {
    const user = aUser();
    const transactions = Array.from({ length: 16 }, (_unused, index) =>
      aCategorizedTransaction({
        postedOn: `2025-${String(5 + Math.floor(index / 2)).padStart(2, '0')}-03`,
        amountMinor: index % 2 === 0 ? -30_000 - index : -6000,
        decision: aDecision({ category: index % 2 === 0 ? 'groceries' : 'fuel' }),
      }),
    );
    await service.publish(TransactionsCategorized, user.userId, { userId: user.userId, transactions });
    await eventually(
      () => service.mongo.collection('ledger').countDocuments({ userId: user.userId }),
      (count) => count === transactions.length,
    );

    const reply = await service.call('/api/predict_expenses', {
      method: 'POST',
      as: user,
      json: { months: 2 },
    });
    const { predictions, total } = Prediction.parse(reply.json);

    expect(reply.json).toMatchObject({ currency: 'EUR', history_months: 10 });
    expect(total.map(({ month }) => month)).toEqual(['2026-04', '2026-05']);
    for (const { month, amount } of total) {
      const cents = predictions
        .filter((each) => each.month === month)
        .reduce((sum, each) => sum + Math.round(each.amount * 100), 0);
      expect(cents).toBe(Math.round(amount * 100));
    }
  });

  it('says so when the history is too short, also to a client that sends no body', async () => {
    const reply = await service.call('/api/predict_expenses', { method: 'POST', as: aUser() });

    expect(reply).toMatchObject({ status: 422, json: { code: 'INSUFFICIENT_DATA' } });
  });
});
