import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { newUser, openBank, type Bank } from './open-bank.ts';

let bank: Bank;

beforeAll(async () => {
  bank = await openBank({ hasWebhooks: false });
}, 60_000);

afterAll(async () => {
  await bank.close();
});

type User = ReturnType<typeof newUser>;

const linkedAccount = async (user: User): Promise<string> => {
  const { itemId } = await bank.link(user);
  const account = await bank.service.mongo
    .collection('accounts')
    .findOne({ itemId, 'bank.type': 'depository', 'bank.subtype': 'checking' });
  return String(account?._id);
};

const order = (accountId: string, amount = '10.00') => ({
  accountId,
  type: 'debit',
  amount: { amount, currency: 'USD' },
  description: 'Savings',
  legalName: 'Alex Morgan',
});

const create = (as: User, json: object, key: string = randomUUID()) =>
  bank.service.call('/v1/transfers', { as, method: 'POST', json, headers: { 'idempotency-key': key } });

describe('transfers', () => {
  it('are authorised and made once for one key, can be seen, and taken back', async () => {
    const user = newUser();
    const accountId = await linkedAccount(user);
    const key = randomUUID();

    const first = await create(user, order(accountId), key);
    const again = await create(user, order(accountId), key);
    const { id } = first.json as { id: string };
    const cancelled = await bank.post(user, `/v1/transfers/${id}/cancel`);

    expect(first).toMatchObject({ status: 201, json: { status: 'pending', amount: { amount: '10.00' } } });
    expect(again.json).toEqual(first.json);
    expect(cancelled.json).toMatchObject({ id, status: 'cancelled' });
    expect((await bank.service.call('/v1/transfers', { as: user })).json).toMatchObject({ data: [{ id }] });
    const papers = await bank.service.mongo.collection('transfers').countDocuments({ userId: user.userId });
    expect(papers).toBe(1);
  });

  it('answer a decline with its reason, and move nothing', async () => {
    const user = newUser();

    const reply = await create(user, order(await linkedAccount(user), '9999999.00'));

    expect(reply).toMatchObject({ status: 201, json: { status: 'declined', reason: 'NSF' } });
  });

  it.each([
    [{ amount: { amount: '-1.00', currency: 'USD' } }, 'amount'],
    [{ amount: { amount: '0.00', currency: 'USD' } }, 'amount'],
    [{ amount: { amount: '1.00', currency: 'EUR' } }, 'currency'],
    [{ description: 'much longer than fifteen' }, 'description'],
  ])('refuse %j', async (change, field) => {
    const reply = await create(newUser(), { ...order('some-account'), ...change });

    expect(reply.status).toBe(422);
    expect(JSON.stringify(reply.json)).toContain(field);
  });

  it('know no account and no transfer of somebody else', async () => {
    const user = newUser();
    const accountId = await linkedAccount(user);
    const { id } = (await create(user, order(accountId))).json as { id: string };
    const other = newUser();

    expect((await create(other, order(accountId))).status).toBe(404);
    expect((await bank.service.call(`/v1/transfers/${id}`, { as: other })).status).toBe(404);
    expect((await bank.post(other, `/v1/transfers/${id}/cancel`)).status).toBe(404);
  });
});
