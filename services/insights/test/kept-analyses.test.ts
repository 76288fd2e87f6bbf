import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { addDays, addMonths } from '@orrery/calendar';
import { AnomalyDetected, RecurringChanged, TransactionsCategorized } from '@orrery/contracts';
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

const Page = z.object({ data: z.array(z.looseObject({})) });

const read = async (user: User, path: string) =>
  Page.parse((await service.call(path, { as: user })).json).data;

const enter = async (user: User, transactions: CategorizedTransaction[]): Promise<void> => {
  const event = await service.publish(TransactionsCategorized, user.userId, {
    userId: user.userId,
    transactions,
  });
  const inbox = service.mongo.collection<{ _id: string }>('inbox');
  await eventually(() => inbox.countDocuments({ _id: `insights:${event.id}` }));
};

const subscription = (monthsAgo: number, amountMinor = -1299): CategorizedTransaction =>
  aCategorizedTransaction({
    postedOn: addMonths('2026-03-05', -monthsAgo),
    amountMinor,
    decision: aDecision({ category: 'streaming', merchant: 'Netflix' }),
  });

const patch = (user: User, path: string, json: unknown) =>
  service.call(path, { method: 'PATCH', as: user, json });

describe('/v1/recurring', () => {
  it('keeps streams with the name and status that the user gave, and tells changes once', async () => {
    const user = aUser();
    await enter(
      user,
      [4, 3, 2, 1].map((months) => subscription(months)),
    );
    const [stream] = await read(user, '/v1/recurring');
    expect(stream).toMatchObject({
      merchant: 'Netflix',
      name: 'Netflix',
      status: 'detected',
      period: 'monthly',
      averageAmount: { amount: '-12.99', currency: 'EUR' },
    });
    const path = `/v1/recurring/${String(stream?.['id'])}`;
    expect((await patch(aUser(), path, { status: 'dismissed' })).status).toBe(404);
    expect(await patch(user, path, { status: 'confirmed', name: 'Films' })).toMatchObject({
      status: 200,
      json: { name: 'Films', status: 'confirmed' },
    });

    await enter(user, [subscription(0, -1599)]);
    expect(await read(user, '/v1/recurring')).toMatchObject([
      { id: stream?.['id'], name: 'Films', status: 'confirmed', lastAmount: { amount: '-15.99' } },
    ]);
    const [risen] = await service.captured.waitFor(RecurringChanged);
    expect(risen?.data).toMatchObject({
      changes: [{ change: 'price-rose', merchant: 'Films', previous: { amountMinor: -1299 } }],
    });
    expect(await read(user, '/v1/alerts')).toMatchObject([
      { kind: 'recurring_rose', title: 'Recurring payment rose: Films', text: '€15.99 instead of €12.99.' },
    ]);

    await patch(user, path, { status: 'dismissed' });
    expect(await read(user, '/v1/recurring')).toEqual([]);
    expect(await read(user, '/v1/recurring?status=dismissed')).toHaveLength(1);
  });
});

describe('GET /v1/anomalies', () => {
  const usual = Array.from({ length: 80 }, (_unused, index) =>
    aCategorizedTransaction({
      postedOn: addDays('2025-12-20', index),
      amountMinor: -3900 - ((index * 37) % 200),
    }),
  );

  it('keeps what was found, and reports no repeat of what the user called expected', async () => {
    const user = aUser();
    const big = aCategorizedTransaction({ postedOn: '2026-03-10', amountMinor: -40_000 });
    await enter(user, [...usual, big]);

    const [anomaly] = await read(user, '/v1/anomalies');
    expect(anomaly).toMatchObject({ transactionId: big.transactionId, kind: 'large', feedback: null });
    await service.captured.waitFor(AnomalyDetected);
    expect(await read(user, '/v1/alerts')).toMatchObject([{ kind: 'anomaly', subject: big.transactionId }]);

    const path = `/v1/anomalies/${big.transactionId}`;
    expect((await patch(aUser(), path, { feedback: 'expected' })).status).toBe(404);
    expect(await patch(user, path, { feedback: 'expected' })).toMatchObject({
      status: 200,
      json: { feedback: 'expected' },
    });
    await enter(user, [aCategorizedTransaction({ postedOn: '2026-03-15', amountMinor: -41_000 })]);
    expect(await read(user, '/v1/anomalies')).toHaveLength(1);
    const far = aCategorizedTransaction({ postedOn: '2026-03-16', amountMinor: -90_000 });
    await enter(user, [far]);
    expect(await read(user, '/v1/anomalies')).toMatchObject([
      { transactionId: far.transactionId },
      { transactionId: big.transactionId, feedback: 'expected' },
    ]);
  });
});
