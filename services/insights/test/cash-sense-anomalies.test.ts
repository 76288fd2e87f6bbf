import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { addDays } from '@orrery/calendar';
import { TransactionsCategorized } from '@orrery/contracts';
import { aCategorizedTransaction, aUser, eventually, startTestService } from '@orrery/testing';
import type { TestService } from '@orrery/testing';
import { insights } from '../src/index.ts';

let service: TestService;

beforeAll(async () => {
  service = await startTestService(insights);
});

afterAll(async () => {
  await service.stop();
});

const usual = Array.from({ length: 80 }, (_unused, index) =>
  aCategorizedTransaction({
    postedOn: addDays('2025-12-20', index),
    amountMinor: -3900 - ((index * 37) % 200),
  }),
);

describe('POST /api/detect_anomalies', () => {
  it('finds a ten-fold purchase in the ledger among the checked days', async () => {
    const user = aUser();
    const big = aCategorizedTransaction({ postedOn: '2026-03-12', amountMinor: -40_000 });
    await service.publish(TransactionsCategorized, user.userId, {
      userId: user.userId,
      transactions: [...usual, big],
    });
    await eventually(
      () => service.mongo.collection('ledger').countDocuments({ userId: user.userId }),
      (count) => count === usual.length + 1,
    );

    const reply = await service.call('/api/detect_anomalies', {
      method: 'POST',
      as: user,
      json: { days: 30 },
    });

    expect(reply.json).toMatchObject({
      checked: 24,
      anomalies: [
        {
          transaction_id: big.transactionId,
          amount: 400,
          currency: 'EUR',
          category: 'foodAndDrink',
          kind: 'large',
        },
      ],
    });
  });

  it('looks at the last 90 days for a client that sends no body', async () => {
    const reply = await service.call('/api/detect_anomalies', { method: 'POST', as: aUser() });

    expect(reply).toMatchObject({ status: 200, json: { checked: 0, anomalies: [] } });
  });

  it.each([
    ['the label', 'transport'],
    ['the object', { id: 'transport', subcategory: { id: 'publicTransport' } }],
  ])(
    'checks transactions that are sent along, with %s for the category and positive for money out',
    async (_form, category) => {
      const transactions = usual.map(({ transactionId, postedOn, amountMinor }) => ({
        id: transactionId,
        date: postedOn,
        amount: -amountMinor / 100,
        merchant_name: 'SNCF',
        category,
      }));
      const big = { ...transactions[0], id: 'big', date: '2026-03-13', amount: 412.5 };
      const reply = await service.call('/api/detect_anomalies', {
        method: 'POST',
        json: { transactions: [...transactions, big] },
      });

      expect(reply.json).toMatchObject({
        checked: 81,
        anomalies: [{ transaction_id: 'big', amount: 412.5, category: 'transport' }],
      });
    },
  );

  it('refuses wrong input with 400 and the legacy error body', async () => {
    const reply = await service.call('/api/detect_anomalies', { method: 'POST', json: { days: 0 } });

    expect(reply).toMatchObject({ status: 400, json: { code: 'validation-failed' } });
  });
});
