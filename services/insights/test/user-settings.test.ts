import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TransactionsCategorized } from '@orrery/contracts';
import { aCategorizedTransaction, aUser, eventually, startTestService } from '@orrery/testing';
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

const change = (as: ReturnType<typeof aUser>, json: unknown) =>
  service.call('/v1/settings', { as, method: 'PATCH', json });

const NOTHING = { currency: null, timeZone: null, language: null };

describe('what a user chose', () => {
  it('is nothing at first, keeps what a change does not name, and is taken back with null', async () => {
    const user = aUser();

    expect((await service.call('/v1/settings', { as: user })).json).toEqual(NOTHING);
    expect((await change(user, { currency: 'EUR', language: 'fr' })).json).toEqual({
      ...NOTHING,
      currency: 'EUR',
      language: 'fr',
    });
    expect((await change(user, { currency: null })).json).toEqual({ ...NOTHING, language: 'fr' });
    expect((await change(user, {})).json).toEqual({ ...NOTHING, language: 'fr' });
  });

  it('is seen and changed by nobody else', async () => {
    const [mine, other] = [aUser(), aUser()];
    await change(mine, { currency: 'JPY' });
    await change(other, { currency: 'KRW' });

    expect((await service.call('/v1/settings', { as: mine })).json).toMatchObject({ currency: 'JPY' });
  });

  it.each([
    ['timeZone', 'Europe/Atlantis'],
    ['timeZone', 9],
    ['currency', 'euro'],
    ['language', 'de'],
  ])('is refused with the field named when %s is %p', async (field, value) => {
    const reply = await change(aUser(), { [field]: value });

    expect(reply.status).toBe(422);
    expect(JSON.stringify(reply.json)).toContain(field);
  });

  it('decides the currency of reports', async () => {
    const user = aUser();
    await service.publish(TransactionsCategorized, user.userId, {
      userId: user.userId,
      transactions: [
        aCategorizedTransaction({ currency: 'KRW', amountMinor: -5000 }),
        aCategorizedTransaction({ currency: 'KRW', amountMinor: -6000 }),
        aCategorizedTransaction({ currency: 'EUR', amountMinor: -700 }),
      ],
    });
    await eventually(
      () => service.mongo.collection('ledger').countDocuments({ userId: user.userId }),
      (count) => count === 3,
    );
    const reported = async () =>
      z.looseObject({ currency: z.string() }).parse((await service.call('/v1/spending', { as: user })).json)
        .currency;

    expect(await reported()).toBe('KRW');
    await change(user, { currency: 'EUR' });
    expect(await reported()).toBe('EUR');
  });
});
