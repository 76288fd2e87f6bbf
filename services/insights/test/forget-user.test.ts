import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TransactionsCategorized, USER_ERASED_BY, UserErasureRequested } from '@orrery/contracts';
import {
  type TestService,
  aCategorizedTransaction,
  aUser,
  eventually,
  startTestService,
} from '@orrery/testing';
import { insights } from '../src/index.ts';

let service: TestService;

beforeAll(async () => {
  service = await startTestService(insights);
}, 60_000);

afterAll(async () => {
  await service.stop();
});

const rowsOf = (userId: string) => service.mongo.collection('ledger').countDocuments({ userId });

const categorized = (userId: string, time: string) =>
  service.publish(
    TransactionsCategorized,
    userId,
    { userId, transactions: [aCategorizedTransaction()] },
    { time },
  );

describe('the erasure of a user', () => {
  it('drops facts that were stated before it and arrive late, and takes those stated after it', async () => {
    const { userId } = aUser();
    await categorized(userId, '2026-03-16T10:00:00.000Z');
    await eventually(async () => (await rowsOf(userId)) === 1);

    await service.publish(UserErasureRequested, userId, {
      userId,
      erasureId: 'an-erasure',
      round: 1,
      requestedAt: '2026-03-16T11:00:00.000Z',
    });
    const [confirmation] = await service.captured.waitFor(USER_ERASED_BY.insights);
    const late = await categorized(userId, '2026-03-16T10:59:59.000Z');
    await eventually(
      async () =>
        (await service.mongo.collection<{ _id: string }>('inbox').findOne({ _id: `insights:${late.id}` })) !==
        null,
    );

    expect(confirmation?.data).toMatchObject({ erasureId: 'an-erasure', removed: { ledger: 1 } });
    expect(await rowsOf(userId)).toBe(0);

    await categorized(userId, '2026-03-16T11:00:01.000Z');
    await eventually(async () => (await rowsOf(userId)) === 1);
  });

  it('removes what is parked about the user, because dead letters hold whole events', async () => {
    const [leaving, staying] = [aUser(), aUser()];
    for (const { userId } of [leaving, staying]) {
      // Told by nobody of ours: a version that the service does not know is parked at once.
      const dataschema = 'urn:orrery:events:transactions.categorized:v9';
      await service.publish(
        TransactionsCategorized,
        userId,
        { userId, transactions: [aCategorizedTransaction()] },
        { dataschema },
      );
    }
    const parkedFor = async () =>
      (await service.bus.listDeadLetters()).map(({ envelope }) => (envelope as { subject: string }).subject);
    await eventually(parkedFor, (subjects) => subjects.length === 2);

    await service.publish(UserErasureRequested, leaving.userId, {
      userId: leaving.userId,
      erasureId: 'a-third-erasure',
      round: 1,
      requestedAt: '2026-03-16T11:00:00.000Z',
    });
    await eventually(() =>
      service.captured.of(USER_ERASED_BY.insights).some(({ data }) => data.erasureId === 'a-third-erasure'),
    );

    expect(await parkedFor()).toEqual([staying.userId]);
  });

  it('touches nobody else', async () => {
    const [leaving, staying] = [aUser(), aUser()];
    await categorized(staying.userId, '2026-03-16T10:00:00.000Z');
    await eventually(async () => (await rowsOf(staying.userId)) === 1);

    await service.publish(UserErasureRequested, leaving.userId, {
      userId: leaving.userId,
      erasureId: 'another-erasure',
      round: 1,
      requestedAt: '2026-03-16T11:00:00.000Z',
    });
    await eventually(() =>
      service.captured.of(USER_ERASED_BY.insights).some(({ data }) => data.erasureId === 'another-erasure'),
    );

    expect(await rowsOf(staying.userId)).toBe(1);
  });
});
