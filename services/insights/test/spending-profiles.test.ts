import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TransactionsCategorized } from '@orrery/contracts';
import {
  aCategorizedTransaction,
  aService,
  aUser,
  eventually,
  startTestService,
  type TestService,
} from '@orrery/testing';
import { insights } from '../src/index.ts';

let service: TestService;

beforeAll(async () => {
  service = await startTestService(insights);
}, 60_000);

afterAll(async () => {
  await service.stop();
});

interface Purchase {
  on: string;
  amountMinor: number;
  category: string;
  currency?: string;
}

let made = 0;
const spend = async (userId: string, purchases: readonly Purchase[]): Promise<void> => {
  await service.publish(TransactionsCategorized, userId, {
    userId,
    transactions: purchases.map(({ on, amountMinor, category, currency = 'KRW' }) => {
      made += 1;
      const transaction = aCategorizedTransaction();
      return {
        ...transaction,
        transactionId: `t-${String(made)}`,
        postedOn: on,
        amountMinor,
        currency,
        decision: { ...transaction.decision, category },
      };
    }),
  });
};

const ask = (userIds: readonly string[], days = 180) =>
  service.call('/internal/spending-profiles', {
    as: aService('segmentation'),
    method: 'POST',
    json: { userIds, days },
  });

describe('spending profiles', () => {
  it('sum up purchases by category up to the latest day, refunds taken off, without income and other currencies', async () => {
    const { userId } = aUser();
    await spend(userId, [
      { on: '2026-03-01', amountMinor: -5_000, category: 'coffee' },
      { on: '2026-02-10', amountMinor: -4_000, category: 'coffee' },
      { on: '2026-02-12', amountMinor: 1_000, category: 'coffee' },
      { on: '2026-02-20', amountMinor: 2_000_000, category: 'salary' },
      { on: '2026-02-21', amountMinor: -700, category: 'coffee', currency: 'EUR' },
      { on: '2025-01-01', amountMinor: -9_000, category: 'groceries' },
    ]);

    const reply = await eventually(
      () => ask([userId, aUser().userId]),
      ({ json }) => (json as { profiles: { purchases: number }[] }).profiles[0]?.purchases === 2,
    );

    expect(reply.json).toEqual({
      profiles: [
        {
          userId,
          currency: 'KRW',
          days: 20,
          purchases: 2,
          timedPurchases: expect.any(Number),
          nightPurchases: expect.any(Number),
          categories: [
            {
              category: 'coffee',
              purchases: 2,
              spentMinor: 8_000,
              lastTwoWeeksMinor: 5_000,
              twoWeeksBeforeMinor: 3_000,
            },
          ],
        },
      ],
    });
  });

  it('list spenders in order, page by page, and are for services only', async () => {
    const ids = ['page-a', 'page-b', 'page-c'];
    for (const userId of ids) {
      await spend(userId, [{ on: '2026-03-01', amountMinor: -100, category: 'coffee' }]);
    }
    const page = async (query: string): Promise<string[]> =>
      (
        (await service.call(`/internal/spenders?${query}`, { as: aService('segmentation') })).json as {
          userIds: string[];
        }
      ).userIds;

    await eventually(
      () => page('after=page-&limit=100'),
      (found) => ids.every((id) => found.includes(id)),
    );
    expect(await page('after=page-&limit=2')).toEqual(['page-a', 'page-b']);
    expect((await page('after=page-b&limit=2'))[0]).toBe('page-c');
    expect((await service.call('/internal/spenders')).status).toBe(404);
    expect(
      (await service.call('/internal/spending-profiles', { method: 'POST', json: { userIds: ['page-a'] } }))
        .status,
    ).toBe(404);
  });
});
