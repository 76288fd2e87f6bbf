import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TransactionsCategorized } from '@orrery/contracts';
import { aCategorizedTransaction, anAdmin, aUser, eventually, startTestService } from '@orrery/testing';
import type { TestService } from '@orrery/testing';
import { z } from 'zod';
import { insights } from '../src/index.ts';

let service: TestService;

beforeAll(async () => {
  // Noon in London is the evening of the same day in Seoul.
  service = await startTestService(insights, { env: { DEFAULT_TIME_ZONE: 'Asia/Seoul' } });
});

afterAll(async () => {
  await service.stop();
});

const Task = z.object({ task_id: z.string() });

const rebuild = async (lookbackDays: number): Promise<void> => {
  const reply = await service.call(`/admin/rebuild-daily-metrics?lookback_days=${String(lookbackDays)}`, {
    method: 'POST',
    as: anAdmin(),
  });
  expect(reply.status).toBe(200);
  const { task_id: id } = Task.parse(reply.json);
  await eventually(async () => {
    const run = await service.mongo.collection<{ _id: string; state: string }>('jobs').findOne({ _id: id });
    return run?.state === 'succeeded';
  });
};

const metrics = (userId: string) =>
  service.mongo.collection('daily_metrics').find({ userId }).sort({ _id: 1 }).toArray();

describe('POST /admin/rebuild-daily-metrics', () => {
  it('recounts only the last days and gives the same rows when it runs twice', async () => {
    const user = aUser();
    const days = ['2026-03-16', '2026-03-15', '2026-03-10'];
    await service.publish(TransactionsCategorized, user.userId, {
      userId: user.userId,
      transactions: days.map((postedOn) => aCategorizedTransaction({ postedOn })),
    });
    await eventually(
      () => metrics(user.userId),
      ({ length }) => length === 3,
    );
    const right = await metrics(user.userId);
    await service.mongo
      .collection('daily_metrics')
      .updateMany({ userId: user.userId }, { $set: { count: 99 } });

    await rebuild(1);
    const once = await metrics(user.userId);
    await rebuild(1);

    expect(once.map(({ day, count }) => [day, count])).toEqual([
      ['2026-03-10', 99],
      ['2026-03-15', 99],
      ['2026-03-16', 1],
    ]);
    expect(await metrics(user.userId)).toEqual(once);
    await rebuild(30);
    expect(await metrics(user.userId)).toEqual(right);
  });

  it('takes out metrics that no row stands behind', async () => {
    const user = aUser();
    await service.publish(TransactionsCategorized, user.userId, {
      userId: user.userId,
      transactions: [aCategorizedTransaction({ postedOn: '2026-03-16' })],
    });
    const [real] = await eventually(
      () => metrics(user.userId),
      ({ length }) => length === 1,
    );
    await service.mongo
      .collection<{ _id: string; category: string }>('daily_metrics')
      .insertOne({ ...real, _id: `${user.userId}:2026-03-16:EUR:fuel`, category: 'fuel' });

    await rebuild(1);

    expect(await metrics(user.userId)).toEqual([real]);
  });

  it('is for administrators, with a sensible number of days', async () => {
    const call = (path: string, role: 'user' | 'admin') =>
      service.call(path, { method: 'POST', as: aUser({ role }) });

    expect((await call('/admin/rebuild-daily-metrics', 'user')).status).toBe(403);
    expect((await call('/admin/rebuild-daily-metrics?lookback_days=0', 'admin')).status).toBe(422);
  });
});
