import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  BankItemLinked,
  BankItemRemoved,
  TransactionsIngested,
  TransactionsRemoved,
} from '@orrery/contracts';
import { eventually } from '@orrery/testing';
import { newUser, openBank, type Bank } from './open-bank.ts';

let bank: Bank;

/** Three months of payments, for tests that need a bank and not its history. */
const LIGHT = { username: 'user_yuppie' };

beforeAll(async () => {
  bank = await openBank();
}, 60_000);

afterAll(async () => {
  await bank.close();
});

describe('linking a bank with the bodies of the Cash Sense README', () => {
  it('goes from sandbox token over exchange, accounts and balances to two years of transactions', async () => {
    const user = newUser();

    const { handle, itemId } = await bank.link(user);
    const accounts = await bank.post(user, '/api/get_accounts', { access_token: handle });
    const balances = await bank.post(user, '/api/get_balances', { item_id: itemId });
    await bank.healthy(user, itemId);

    expect(handle).toMatch(/^bank_/);
    expect(accounts.json).toMatchObject({
      accounts: expect.arrayContaining([
        expect.objectContaining({
          type: 'depository',
          balances: expect.objectContaining({ iso_currency_code: 'USD' }),
        }),
      ]),
    });
    expect(balances.json).toMatchObject({ totals: [{ currency: 'USD' }] });
    const rows = await bank.rows(itemId);
    expect(rows.length).toBe((await bank.truth(itemId)).length);
    expect(String(rows.map(({ postedOn }) => String(postedOn)).sort()[0]) < '2024-06-01').toBe(true);
    expect(
      bank.service.captured.of(BankItemLinked).filter(({ subject }) => subject === user.userId),
    ).toHaveLength(1);
    const told = await eventually(
      () =>
        bank.service.captured
          .of(TransactionsIngested)
          .filter(({ data }) => data.userId === user.userId)
          .flatMap(({ data }) => data.transactions),
      (transactions) => transactions.length >= rows.length,
    );
    expect(told.some(({ providerCategory }) => providerCategory?.detailed !== undefined)).toBe(true);
  });

  it('counts no owed balance of a card as cash', async () => {
    const user = newUser();
    const { handle } = await bank.link(user);

    const reply = await bank.post(user, '/api/get_balances', { access_token: handle });

    const { balances, totals } = reply.json as {
      balances: { type: string; current: number }[];
      totals: { current: number }[];
    };
    const cash = balances
      .filter(({ type }) => type === 'depository')
      .reduce((sum, { current }) => sum + current, 0);
    expect(balances.some(({ type }) => type === 'credit')).toBe(true);
    expect(totals[0]?.current).toBeCloseTo(cash, 4);
  });

  it('lists holdings, and passes on the code of a bank that has none', async () => {
    const user = newUser();
    const { handle } = await bank.link(user);
    const british = await bank.link(user, { institution: 'ins_117650' });

    const reply = await bank.post(user, '/api/get_investments', { access_token: handle });
    const none = await bank.post(user, '/api/get_investments', { access_token: british.handle });

    expect(reply.status).toBe(200);
    expect(reply.json).toMatchObject({ total_value: [{ currency: 'USD' }] });
    expect([409, 424]).toContain(none.status);
    expect(none.json).toMatchObject({
      error: expect.any(String),
      error_code: expect.stringMatching(/^[A-Z_]+$/),
    });
  });

  it('says which field is missing in the words of the contract', async () => {
    const user = newUser();

    expect(await bank.post(user, '/api/exchange_token', {})).toMatchObject({
      status: 400,
      json: { error: 'Public token is required' },
    });
    expect(await bank.post(user, '/api/get_accounts', {})).toMatchObject({
      status: 400,
      json: { error: 'Access token is required' },
    });
  });

  it('answers a refused public token with 400 and its code', async () => {
    const reply = await bank.post(newUser(), '/api/exchange_token', {
      public_token: 'public-sandbox-nonsense',
    });

    expect(reply.status).toBe(400);
    expect(reply.json).toMatchObject({ code: 'INVALID_PUBLIC_TOKEN', error_code: 'INVALID_PUBLIC_TOKEN' });
  });

  it('starts the update mode for a link of the caller only', async () => {
    const user = newUser();
    const { itemId } = await bank.link(user, LIGHT);

    const fresh = await bank.service.call('/api/create_link_token', { as: user, method: 'POST' });
    const update = await bank.post(user, '/api/create_link_token', { item_id: itemId });
    const foreign = await bank.post(newUser(), '/api/create_link_token', { item_id: itemId });

    expect(fresh.json).toMatchObject({ link_token: expect.stringMatching(/^link-sandbox-/) });
    expect(update.json).toMatchObject({ link_token: expect.stringMatching(/^link-sandbox-/) });
    expect(foreign.status).toBe(404);
  });
});

describe('links of other users', () => {
  it.each(['/api/get_accounts', '/api/get_balances', '/api/get_investments'])(
    'are unknown to %s, by handle and by id',
    async (path) => {
      const { handle, itemId } = await bank.link(newUser(), LIGHT);
      const other = newUser();

      const missing = await bank.post(other, path, { item_id: 'no-such-item' });
      for (const body of [{ access_token: handle }, { item_id: itemId }]) {
        const reply = await bank.post(other, path, body);
        expect({ status: reply.status, error: (reply.json as { error: string }).error }).toEqual({
          status: 404,
          error: (missing.json as { error: string }).error,
        });
      }
    },
  );

  it('cannot be read, removed or refreshed, and do not show in the lists', async () => {
    const { itemId } = await bank.link(newUser(), LIGHT);
    const other = newUser();

    expect((await bank.service.call(`/v1/items/${itemId}`, { as: other })).status).toBe(404);
    expect((await bank.service.call(`/v1/items/${itemId}`, { as: other, method: 'DELETE' })).status).toBe(
      404,
    );
    expect((await bank.post(other, `/v1/items/${itemId}/sync`)).status).toBe(404);
    expect(await bank.itemsOf(other)).toEqual([]);
    expect((await bank.service.call('/v1/accounts', { as: other })).json).toMatchObject({ data: [] });
  });

  it('are not told apart from none by a user id in the body', async () => {
    const reply = await bank.post(newUser(), '/api/get_accounts', { user_id: 'somebody-else', item_id: 'x' });

    expect(reply).toMatchObject({ status: 404, json: { error: 'User not found' } });
  });
});

describe('linking the same bank again', () => {
  it('answers with the first link, ends the surplus one at the provider and doubles no row', async () => {
    const user = newUser();
    const first = await bank.link(user);
    await bank.healthy(user, first.itemId);
    const before = (await bank.rows(first.itemId)).length;

    const reply = await bank.post(user, '/api/exchange_token', {
      public_token: await bank.publicToken(user),
    });

    expect(reply.status).toBe(200);
    expect(reply.json).toMatchObject({
      access_token: first.handle,
      item_id: first.itemId,
      already_linked: true,
    });
    await eventually(
      () => bank.service.mongo.collection('item_endings').countDocuments({}),
      (count) => count === 0,
    );
    expect(await bank.itemsOf(user)).toHaveLength(1);
    expect((await bank.rows(first.itemId)).length).toBe(before);
  });

  it('makes one link of two exchanges at the same moment', async () => {
    const user = newUser();
    const tokens = await Promise.all([bank.publicToken(user, LIGHT), bank.publicToken(user, LIGHT)]);

    await Promise.all(tokens.map((token) => bank.post(user, '/api/exchange_token', { public_token: token })));

    expect((await bank.itemsOf(user)).filter(({ status }) => status !== 'removed')).toHaveLength(1);
  });
});

describe('what a bank says about debts and recurring payments', () => {
  it('is passed on, and a bank that does not say is left out and asked once', async () => {
    const user = newUser();
    await bank.link(user);
    const british = await bank.link(user, { institution: 'ins_117650' });

    const debts = await bank.service.call('/v1/accounts/liabilities', { as: user });
    const recurring = await bank.service.call('/v1/accounts/recurring', { as: user });

    expect(debts).toMatchObject({ status: 200, json: { data: [{ kind: 'credit' }, { kind: 'student' }] } });
    expect(recurring.status).toBe(200);
    const item = await bank.service.mongo
      .collection<{ _id: string }>('items')
      .findOne({ _id: british.itemId });
    expect(item).toMatchObject({ refusedProducts: ['liabilities'] });
    expect((await bank.service.call('/v1/accounts/liabilities', { as: newUser() })).json).toEqual({
      data: [],
    });
  });
});

describe('resolving a link for the reader of transactions', () => {
  it('reads the bank once more and tells a failure with its code and status', async () => {
    const user = newUser();
    const { handle, itemId } = await bank.link(user, { username: 'user_yuppie' });
    const resolve = (as: typeof user) =>
      bank.post(as, '/internal/bank-links/resolve', { accessToken: handle, waitMs: 10_000 });

    const ready = await resolve(user);
    await bank.control('faults', {
      path: '/transactions/sync',
      itemId,
      times: 2,
      errorCode: 'INSTITUTION_DOWN',
    });
    const down = await resolve(user);
    await bank.control(`items/${itemId}/break`, { errorCode: 'ITEM_LOGIN_REQUIRED' });
    const broken = await eventually(
      () => resolve(user),
      ({ json }) => (json as { failure: { status: number } | null }).failure?.status === 409,
    );

    expect(ready.json).toMatchObject({ itemId, isReady: true, failure: null });
    expect((ready.json as { transactionCount: number }).transactionCount).toBeGreaterThan(0);
    expect(down.json).toMatchObject({ failure: { code: 'INSTITUTION_DOWN', status: 502 } });
    expect(broken.json).toMatchObject({ failure: { code: 'ITEM_LOGIN_REQUIRED' } });
    expect((await resolve(newUser())).status).toBe(404);
  });

  it('keeps a link whose accounts could not be looked at in its first moment', async () => {
    const user = newUser();
    const public_token = await bank.publicToken(user, { username: 'user_ewa_user' });
    await bank.control('faults', { path: '/accounts/get', times: 3, errorCode: 'INTERNAL_SERVER_ERROR' });

    const reply = await bank.post(user, '/api/exchange_token', { public_token });

    expect(reply.status).toBe(200);
    await bank.healthy(user, (reply.json as { item_id: string }).item_id);
  });
});

describe('removing a link', () => {
  it('ends it at the provider, hides its rows and tells it once', async () => {
    const user = newUser();
    const { handle, itemId } = await bank.link(user, { username: 'user_yuppie' });
    await bank.healthy(user, itemId);
    const before = (await bank.rows(itemId)).length;

    const reply = await bank.service.call(`/v1/items/${itemId}`, { as: user, method: 'DELETE' });
    const again = await bank.service.call(`/v1/items/${itemId}`, { as: user, method: 'DELETE' });

    expect([reply.status, again.status]).toEqual([204, 204]);
    expect(await bank.rows(itemId)).toEqual([]);
    expect((await bank.truth(itemId).catch(() => [])).length).toBe(0);
    expect(await bank.itemsOf(user)).toMatchObject([{ id: itemId, status: 'removed' }]);
    expect((await bank.post(user, '/api/get_accounts', { access_token: handle })).status).toBe(404);
    const removed = await eventually(
      () =>
        bank.service.captured
          .of(TransactionsRemoved)
          .filter(({ data }) => data.userId === user.userId)
          .flatMap(({ data }) => data.transactions),
      (transactions) => transactions.length >= before,
    );
    expect(removed).toHaveLength(before);
    expect(
      bank.service.captured.of(BankItemRemoved).filter(({ subject }) => subject === user.userId),
    ).toHaveLength(1);
  });
});
