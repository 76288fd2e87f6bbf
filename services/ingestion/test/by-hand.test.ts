import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TransactionsIngested, TransactionsRemoved } from '@orrery/contracts';
import { aUser, eventually, startTestService, type TestService } from '@orrery/testing';
import { ingestion } from '../src/index.ts';

let service: TestService;

beforeAll(async () => {
  service = await startTestService(ingestion);
}, 60_000);

afterAll(async () => {
  await service.stop();
});

type User = ReturnType<typeof aUser>;

const post = (as: User, path: string, json: unknown) => service.call(path, { as, method: 'POST', json });

const told = (userId: string) =>
  service.captured
    .of(TransactionsIngested)
    .filter(({ data }) => data.userId === userId)
    .flatMap(({ data }) => data.transactions);

const removed = (userId: string) =>
  service.captured
    .of(TransactionsRemoved)
    .filter(({ data }) => data.userId === userId)
    .flatMap(({ data }) => data.transactions);

const ENTRY = {
  date: '2026-03-10',
  merchant_name: 'Marché',
  amount: 12.3,
  category: { id: 'foodAndDrink', subcategory: { id: 'groceries' } },
};

describe('POST /api/add_transaction', () => {
  it('stores what the user wrote down, with the category as the user said, and tells it', async () => {
    const user = aUser();

    const reply = await post(user, '/api/add_transaction', { user_id: user.userId, transaction: ENTRY });

    expect(reply).toMatchObject({
      status: 200,
      json: {
        success: true,
        transaction: {
          date: '2026-03-10',
          amount: 12.3,
          currency: 'EUR',
          merchant_name: 'Marché',
          payment_channel: 'manual',
          pending: false,
          category: ENTRY.category,
          is_manual: true,
          is_test_data: false,
        },
      },
    });
    const [transaction] = await eventually(
      () => told(user.userId),
      (rows) => rows.length === 1,
    );
    expect(transaction).toMatchObject({ source: 'manual', amountMinor: -1230 });
    expect(transaction?.statedCategory).toBeDefined();
  });

  it('tells a main category without a subcategory as no more than that', async () => {
    const user = aUser();

    const reply = await post(user, '/api/add_transaction', {
      transaction: { ...ENTRY, merchant_name: 'Carrefour', category: { id: 'foodAndDrink' } },
    });

    expect(reply.json).toMatchObject({
      transaction: { category: { id: 'foodAndDrink', subcategory: { id: 'unknown' } } },
    });
    const [transaction] = await eventually(
      () => told(user.userId),
      (rows) => rows.length === 1,
    );
    expect(transaction).toMatchObject({ statedGroup: 'foodAndDrink' });
    expect(transaction?.statedCategory).toBeUndefined();
  });

  it('takes the coffee shop of the frontend for the café of the back end, and income as negative', async () => {
    const user = aUser();

    const reply = await post(user, '/api/add_transaction', {
      transaction: {
        ...ENTRY,
        amount: -50,
        category: { id: 'foodAndDrink', subcategory: { id: 'coffeeShop' } },
      },
    });

    expect(reply.json).toMatchObject({
      transaction: { amount: -50, category: { id: 'foodAndDrink', subcategory: { id: 'cafe' } } },
    });
  });

  it('adds an entry once when the request is repeated with its Idempotency-Key', async () => {
    const user = aUser();
    const send = () =>
      service.call('/api/add_transaction', {
        as: user,
        method: 'POST',
        json: { transaction: ENTRY },
        headers: { 'idempotency-key': 'lunch' },
      });

    const first = await send();
    const second = await send();

    expect(first.status).toBe(200);
    expect(second).toMatchObject({ status: 200, json: first.json });
    const rows = await eventually(
      () => told(user.userId),
      (all) => all.length > 0,
    );
    expect(rows).toHaveLength(1);
  });

  it('adds an entry with an id of the client once, and refuses another entry under it', async () => {
    const user = aUser();
    const transaction = { ...ENTRY, id: 'phone-1' };

    const first = await post(user, '/api/add_transaction', { transaction });
    const again = await post(user, '/api/add_transaction', { transaction });
    const other = await post(user, '/api/add_transaction', { transaction: { ...transaction, amount: 99 } });

    expect(first.json).toMatchObject({ transaction: { id: 'phone-1' } });
    expect(again.json).toEqual(first.json);
    expect(other.status).toBe(409);
    expect(await service.mongo.collection('raw_transactions').countDocuments({ userId: user.userId })).toBe(
      1,
    );
  });

  it('gives two users who chose the same id an entry each', async () => {
    const [one, two] = [aUser(), aUser()];
    const transaction = { ...ENTRY, id: 'the-same' };

    await post(one, '/api/add_transaction', { transaction });
    const reply = await post(two, '/api/add_transaction', { transaction });

    expect(reply.status).toBe(200);
    expect(await service.mongo.collection('raw_transactions').countDocuments({ userId: two.userId })).toBe(1);
  });

  it.each([
    [{ ...ENTRY, category: { id: 'nonsense' } }, 'transaction.category'],
    [{ ...ENTRY, category: { id: 'foodAndDrink', subcategory: { id: 'nonsense' } } }, 'transaction.category'],
    [{ ...ENTRY, amount: 0 }, 'transaction.amount'],
    [{ ...ENTRY, amount: '12' }, 'transaction.amount'],
    [{ ...ENTRY, amount: 0.001 }, 'transaction.amount'],
    [{ ...ENTRY, date: '2026-02-30' }, 'transaction.date'],
    [{ ...ENTRY, merchant_name: 'x' }, 'transaction.merchant_name'],
    [{ ...ENTRY, merchant_name: undefined }, 'transaction.merchant_name'],
    [{ ...ENTRY, payment_channel: 'pigeon' }, 'transaction.payment_channel'],
  ])('answers %j with 400 that names %s', async (transaction, field) => {
    const reply = await post(aUser(), '/api/add_transaction', { transaction });

    expect(reply.status).toBe(400);
    expect((reply.json as { error: string }).error).toContain(field);
  });

  it.each(['0000-01-01', '0001-01-01', '9999-12-31', '2023-02-29'])('refuses the day %s', async (date) => {
    expect(await post(aUser(), '/api/add_transaction', { transaction: { ...ENTRY, date } })).toMatchObject({
      status: 400,
      json: { error: expect.stringContaining('transaction.date') },
    });
  });

  it('refuses an id that no user can have, also from an administrator', async () => {
    expect(
      await post(aUser({ role: 'admin' }), '/api/reset_test_transactions', { user_id: '../x' }),
    ).toMatchObject({ status: 400, json: { error: expect.stringContaining('user_id') } });
  });

  it('says that the transaction is missing in the words of the contract', async () => {
    expect(await post(aUser(), '/api/add_transaction', {})).toMatchObject({
      status: 400,
      json: { error: 'Transaction data is required' },
    });
  });

  it('is written for the named user when an administrator sends it', async () => {
    const user = aUser();

    expect(
      await post(aUser({ role: 'admin' }), '/api/add_transaction', {
        user_id: user.userId,
        transaction: ENTRY,
      }),
    ).toMatchObject({ status: 200 });
    await eventually(
      () => told(user.userId),
      (rows) => rows.length === 1,
    );
  });

  it('knows nobody but the caller', async () => {
    expect(
      await post(aUser(), '/api/add_transaction', { user_id: aUser().userId, transaction: ENTRY }),
    ).toMatchObject({ status: 404, json: { error: 'User not found' } });
  });
});

describe('demo mode', () => {
  it('shows made-up transactions to its user and to nobody else, and hides them again', async () => {
    const [user, other] = [aUser(), aUser()];
    await post(user, '/api/add_transaction', { transaction: ENTRY });

    const on = await post(user, '/api/toggle_demo_mode', { user_id: user.userId });
    const demo = await eventually(
      () => told(user.userId).filter(({ source }) => source === 'demo'),
      (rows) => rows.length > 20,
    );
    const off = await post(user, '/api/toggle_demo_mode', { enable_demo: false });

    expect(on.json).toEqual({ success: true, mode: 'demo', is_demo_mode: true });
    expect(off.json).toEqual({ success: true, mode: 'prod', is_demo_mode: false });
    await eventually(() => removed(user.userId).length === demo.length);
    expect(told(other.userId)).toEqual([]);
  });

  it('changes nothing when it is already so', async () => {
    const user = aUser();
    await post(user, '/api/toggle_demo_mode', { enable_demo: true });
    const before = await service.mongo.collection('outbox').countDocuments({});
    const rows = await service.mongo.collection('raw_transactions').countDocuments({ userId: user.userId });

    await post(user, '/api/toggle_demo_mode', { enable_demo: true });

    expect(await service.mongo.collection('raw_transactions').countDocuments({ userId: user.userId })).toBe(
      rows,
    );
    expect(await service.mongo.collection('outbox').countDocuments({})).toBeLessThanOrEqual(before);
  });
});

describe('POST /api/reset_test_transactions', () => {
  it('makes a new set within the days asked for and takes the older one away', async () => {
    const user = aUser();

    const first = await post(user, '/api/reset_test_transactions', { days: 30 });
    const second = await post(user, '/api/reset_test_transactions', { days: 60 });

    const { count, transactions } = second.json as {
      count: number;
      transactions: { id: string; date: string; is_test_data: boolean }[];
    };
    expect(first.status).toBe(200);
    expect(transactions).toHaveLength(count);
    expect(transactions.every(({ date }) => date >= '2026-01-16' && date <= '2026-03-16')).toBe(true);
    expect(transactions.every(({ is_test_data }) => is_test_data)).toBe(true);
    expect([...transactions].sort((a, b) => (a.date < b.date ? 1 : -1)).map(({ date }) => date)).toEqual(
      transactions.map(({ date }) => date),
    );
    expect(
      await service.mongo
        .collection('raw_transactions')
        .countDocuments({ userId: user.userId, source: 'demo' }),
    ).toBe(count);
    await eventually(() => removed(user.userId).length === (first.json as { count: number }).count);
  });
});
