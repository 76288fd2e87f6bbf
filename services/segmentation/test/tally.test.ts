import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TransactionsCategorized } from '@orrery/contracts';
import {
  aCategorizedTransaction,
  aUser,
  eventually,
  startTestService,
  type TestService,
} from '@orrery/testing';
import { segmentation } from '../src/index.ts';

let service: TestService;

beforeAll(async () => {
  service = await startTestService(segmentation);
}, 60_000);

afterAll(async () => {
  await service.stop();
});

describe('segmentation', () => {
  it('counts an event that is delivered twice only once, and shows the count to its owner alone', async () => {
    const owner = aUser();
    const data = { userId: owner.userId, transactions: [aCategorizedTransaction()] };
    const first = await service.publish(TransactionsCategorized, owner.userId, data);
    await service.publish(TransactionsCategorized, owner.userId, data, { id: first.id });
    await service.publish(TransactionsCategorized, owner.userId, data);

    const reply = await eventually(
      () => service.call('/v1/segmentation', { as: owner }),
      ({ json }) => JSON.stringify(json) === '{"transactions":2}',
    );

    expect(reply.status).toBe(200);
    expect((await service.call('/v1/segmentation', { as: aUser() })).json).toEqual({ transactions: 0 });
  });

  it('refuses a call that the gateway has not signed', async () => {
    expect((await service.call('/v1/segmentation', { as: null })).status).toBe(401);
  });
});
