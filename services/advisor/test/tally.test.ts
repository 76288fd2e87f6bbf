import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TransactionsCategorized } from '@orrery/contracts';
import {
  aCategorizedTransaction,
  aUser,
  eventually,
  startTestService,
  type TestService,
} from '@orrery/testing';
import { advisor } from '../src/index.ts';

let service: TestService;

beforeAll(async () => {
  service = await startTestService(advisor);
}, 60_000);

afterAll(async () => {
  await service.stop();
});

describe('advisor', () => {
  it('counts an event that is delivered twice only once, and shows the count to its owner alone', async () => {
    const owner = aUser();
    const data = { userId: owner.userId, transactions: [aCategorizedTransaction()] };
    const first = await service.publish(TransactionsCategorized, owner.userId, data);
    await service.publish(TransactionsCategorized, owner.userId, data, { id: first.id });
    await service.publish(TransactionsCategorized, owner.userId, data);

    const reply = await eventually(
      () => service.call('/v1/advisor', { as: owner }),
      ({ json }) => JSON.stringify(json) === '{"transactions":2}',
    );

    expect(reply.status).toBe(200);
    expect((await service.call('/v1/advisor', { as: aUser() })).json).toEqual({ transactions: 0 });
  });

  it('refuses a call that the gateway has not signed', async () => {
    expect((await service.call('/v1/advisor', { as: null })).status).toBe(401);
  });
});
