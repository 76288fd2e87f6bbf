import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BankItemBroken, BankItemLinked, TransactionsIngested, TransactionsRemoved } from '@orrery/contracts';
import { startService } from '@orrery/service-kit';
import { eventually, fakeClock } from '@orrery/testing';
import { ingestion } from '../src/index.ts';
import { newUser, openBank, type Bank } from './open-bank.ts';

const MUTATION = 'TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION';

let bank: Bank;

beforeAll(async () => {
  bank = await openBank();
}, 60_000);

afterAll(async () => {
  await bank.close();
});

const day = (offset: number): string =>
  new Date(Date.parse('2026-03-16T00:00:00Z') + offset * 86_400_000).toISOString().slice(0, 10);

const given = (amount: number, description: string, from = -3, posted = -2, currency?: string) => ({
  date_transacted: day(from),
  date_posted: day(posted),
  amount,
  description,
  ...(currency === undefined ? {} : { currency }),
});

const amounts = async (itemId: string) =>
  (await bank.rows(itemId)).map(({ amountMinor }) => Number(amountMinor)).sort((a, b) => a - b);

const accountOf = async (itemId: string): Promise<string> =>
  String((await bank.service.mongo.collection('accounts').findOne({ itemId }))?._id);

const toldTo = (userId: string) =>
  bank.service.captured
    .of(TransactionsIngested)
    .filter(({ data }) => data.userId === userId)
    .flatMap(({ data }) => data.transactions);

describe('rows of a bank', () => {
  it('are exact in every currency, keep their day and are out when negative', async () => {
    const user = newUser();
    const { itemId } = await bank.linkCustom(user, [
      {
        transactions: [given(72.1, 'SHOP'), given(-0.01, 'INTEREST'), given(5000, 'NOODLES', -3, -2, 'JPY')],
      },
    ]);

    await bank.healthy(user, itemId);

    expect(await amounts(itemId)).toEqual([-7210, -5000, 1]);
    expect((await bank.rows(itemId)).map(({ postedOn }) => postedOn)).toEqual([day(-2), day(-2), day(-2)]);
  });

  it('are told once, and nothing is told again when nothing has changed', async () => {
    const user = newUser();
    const { itemId } = await bank.linkCustom(user, [{ transactions: [given(5, 'A'), given(6, 'B')] }]);
    await bank.healthy(user, itemId);
    await eventually(() => toldTo(user.userId).length === 2);
    const before = await bank.service.mongo.collection('items').findOne({ userId: user.userId });

    await bank.post(user, `/v1/items/${itemId}/sync`);
    await eventually(
      () => bank.service.mongo.collection('items').findOne({ userId: user.userId }),
      (item) => item?.['lastSyncedAt'] > before?.['lastSyncedAt'],
    );

    expect(toldTo(user.userId)).toHaveLength(2);
  });

  it('follow additions, changes and removals that webhooks announce', async () => {
    const user = newUser();
    const { itemId } = await bank.linkCustom(user, [{ transactions: [given(5, 'A'), given(6, 'B')] }]);
    await bank.healthy(user, itemId);
    const truth = await bank.truth(itemId);
    const [first, second] = truth;

    await bank.control(`items/${itemId}/transactions`, {
      add: [{ account_id: await accountOf(itemId), ...given(7, 'C') }],
      modify: [{ transaction_id: first?.transaction_id, amount: 5.5 }],
      remove: [second?.transaction_id],
    });

    await eventually(
      () => amounts(itemId),
      (found) => found.length === 2 && found.includes(-700) && found.includes(-550),
    );
    await eventually(() =>
      bank.service.captured.of(TransactionsRemoved).some(({ subject }) => subject === user.userId),
    );
  });

  it('keep id and count when a pending purchase posts', async () => {
    const user = newUser();
    const { itemId } = await bank.linkCustom(user, [{ transactions: [given(20, 'DINER', -1, 1)] }]);
    await bank.healthy(user, itemId);
    const [pending] = await bank.rows(itemId);

    await bank.control(`items/${itemId}/transactions`, {
      post: [{ transaction_id: pending?.['providerId'], date: day(0), amount: 24 }],
    });

    const [posted] = await eventually(
      () => bank.rows(itemId),
      (rows) => rows.length === 1 && rows[0]?.['pending'] === false,
    );
    expect(posted).toMatchObject({ _id: pending?._id, amountMinor: -2400 });
    const told = await eventually(
      () => toldTo(user.userId),
      (transactions) => transactions.length === 2,
    );
    expect(new Set(told.map(({ transactionId }) => transactionId))).toEqual(new Set([String(pending?._id)]));
    expect(
      bank.service.captured.of(TransactionsRemoved).filter(({ subject }) => subject === user.userId),
    ).toEqual([]);
  });
});

describe('data that move while pages are read', () => {
  it.each([1, 3])('make %i new beginnings, and the run ends with the truth', async (times) => {
    const user = newUser();
    const { itemId } = await bank.linkCustom(user, [{ transactions: [given(5, 'A')] }]);
    await bank.healthy(user, itemId);
    await bank.control('faults', { path: '/transactions/sync', itemId, times, errorCode: MUTATION });

    await bank.control(`items/${itemId}/transactions`, {
      add: [{ account_id: await accountOf(itemId), ...given(7, 'C') }],
    });

    await eventually(
      () => amounts(itemId),
      (found) => found.length === 2,
    );
  });

  it('make it read everything after four times, and remove exactly what has vanished', async () => {
    const user = newUser();
    const { itemId } = await bank.linkCustom(user, [
      { transactions: [given(5, 'A'), given(6, 'B'), given(8, 'D')] },
    ]);
    await bank.healthy(user, itemId);
    const gone = (await bank.truth(itemId)).find(({ amount }) => amount === 6);
    await bank.control('faults', { path: '/transactions/sync', itemId, times: 4, errorCode: MUTATION });

    await bank.control(`items/${itemId}/transactions`, { remove: [gone?.transaction_id] });

    await eventually(
      () => amounts(itemId),
      (found) => found.length === 2 && !found.includes(-600),
    );
    expect(bank.service.logs.some((line) => line.includes('"fromBeginning":true'))).toBe(true);
  });
});

describe('a cursor that belongs to another link', () => {
  it('is given up for one that the bank knows, without a loss', async () => {
    const user = newUser();
    const one = await bank.linkCustom(user, [{ transactions: [given(5, 'A')], meta: { mask: '1111' } }]);
    const two = await bank.linkCustom(user, [{ transactions: [given(6, 'B')], meta: { mask: '2222' } }]);
    await Promise.all([bank.healthy(user, one.itemId), bank.healthy(user, two.itemId)]);
    const items = bank.service.mongo.collection<{ _id: string; cursor: string }>('items');
    const foreign = (await items.findOne({ _id: two.itemId }))?.cursor ?? '';
    await items.updateOne({ _id: one.itemId }, { $set: { cursor: foreign } });

    await bank.control(`items/${one.itemId}/transactions`, {
      add: [{ account_id: await accountOf(one.itemId), ...given(7, 'C') }],
    });

    await eventually(
      () => amounts(one.itemId),
      (found) => found.length === 2,
    );
    expect(await amounts(two.itemId)).toEqual([-600]);
  });
});

describe('a failed run', () => {
  it('leaves cursor and rows as they were, and the next one finishes the work', async () => {
    const user = newUser();
    const { itemId } = await bank.link(user, { username: 'user_volume_1200' });
    await bank.healthy(user, itemId);
    const before = await bank.service.mongo.collection('items').findOne({ userId: user.userId });
    const rowsBefore = (await bank.rows(itemId)).length;
    // Three attempts at each page: the run gives up at its first page with a cursor.
    await bank.control('faults', {
      path: '/transactions/sync',
      itemId,
      times: 3,
      errorCode: 'INTERNAL_SERVER_ERROR',
    });
    await bank.control(`items/${itemId}/transactions`, {
      add: [{ account_id: await accountOf(itemId), ...given(7, 'C') }],
    });
    await eventually(
      () => bank.itemsOf(user),
      ([item]) => item?.lastError?.code === 'INTERNAL_SERVER_ERROR',
    );
    const after = await bank.service.mongo.collection('items').findOne({ userId: user.userId });

    expect(after?.['cursor']).toBe(before?.['cursor']);
    expect((await bank.rows(itemId)).length).toBe(rowsBefore);
    await bank.post(user, `/v1/items/${itemId}/sync`);
    await eventually(
      () => bank.rows(itemId),
      (rows) => rows.length === rowsBefore + 1,
    );
    expect((await bank.itemsOf(user))[0]).toMatchObject({ status: 'healthy', lastError: null });
  });
});

describe('a bank that wants its user back', () => {
  it('is told once per outage, keeps its rows, and works again after the repair', async () => {
    const user = newUser();
    const { handle, itemId } = await bank.linkCustom(user, [{ transactions: [given(5, 'A')] }]);
    await bank.healthy(user, itemId);
    const broken = () =>
      bank.service.captured.of(BankItemBroken).filter(({ subject }) => subject === user.userId);

    await bank.control(`items/${itemId}/break`, { errorCode: 'ITEM_LOGIN_REQUIRED' });
    await eventually(
      () => bank.itemsOf(user),
      ([item]) => item?.status === 'login_required',
    );
    const refused = await bank.post(user, '/api/get_balances', { access_token: handle });
    await bank.control(`items/${itemId}/break`, { errorCode: 'ITEM_LOGIN_REQUIRED' });

    expect(refused.status).toBe(409);
    expect(refused.json).toMatchObject({ error_code: 'ITEM_LOGIN_REQUIRED' });
    expect(await amounts(itemId)).toEqual([-500]);

    await bank.control(`items/${itemId}/repair`);
    await bank.healthy(user, itemId);
    await bank.control(`items/${itemId}/break`, { errorCode: 'ITEM_LOGIN_REQUIRED' });
    await eventually(() => broken().length === 2);

    expect(broken().map(({ data }) => data.outage)).toEqual([1, 2]);
    expect(
      bank.service.captured.of(BankItemLinked).filter(({ subject }) => subject === user.userId),
    ).toHaveLength(2);
  });

  it('is found to work again by asking, when no message told of the repair', async () => {
    const user = newUser();
    const { itemId } = await bank.linkCustom(user, [{ transactions: [given(5, 'A')] }]);
    await bank.healthy(user, itemId);
    await bank.control('faults', {
      path: '/transactions/sync',
      itemId,
      times: 2,
      errorCode: 'ITEM_LOGIN_REQUIRED',
    });
    const ask = async (status: string) => {
      await bank.post(user, `/v1/items/${itemId}/sync`);
      await eventually(
        () => bank.service.mongo.collection('items').findOne({ userId: user.userId }),
        (item) => item?.['status'] === status && (status === 'healthy' || item['nextSyncAt'] === null),
      );
    };

    await ask('login_required');
    await ask('login_required');
    await ask('healthy');

    expect(
      bank.service.captured.of(BankItemBroken).filter(({ subject }) => subject === user.userId),
    ).toHaveLength(1);
  });

  it.each([
    ['INSTITUTION_DOWN', 'healthy'],
    ['RATE_LIMIT', 'healthy'],
    ['INVALID_API_KEYS', 'healthy'],
    ['ITEM_LOCKED', 'login_required'],
    ['ITEM_NOT_FOUND', 'removed'],
  ])('with %s during a run stands at %s', async (errorCode, status) => {
    const user = newUser();
    const { itemId } = await bank.linkCustom(user, [{ transactions: [given(5, 'A')] }]);
    await bank.healthy(user, itemId);
    await bank.control('faults', { path: '/transactions/sync', itemId, times: 3, errorCode });

    await bank.post(user, `/v1/items/${itemId}/sync`);

    await eventually(
      () => bank.itemsOf(user),
      ([item]) => item?.lastError?.code === errorCode && item.status === status,
    );
    expect(await amounts(itemId)).toEqual([-500]);
  });
});

describe('several replicas', () => {
  it('read a bank one at a time, cross no row between users, and end with the truth', async () => {
    const users = [newUser(), newUser()];
    const links = await Promise.all(
      users.map((user) => bank.link(user, { username: 'user_transactions_dynamic', password: 'x' })),
    );
    const { mongo } = bank.service;
    const namespace = mongo.name.replace(/_ingestion$/, '');
    const second = await startService(ingestion, {
      env: {
        NODE_ENV: 'test',
        APP_ENV: 'local',
        MONGODB_URI: bank.database.uri,
        ORRERY_NAMESPACE: namespace,
        SERVICE_TOKEN_SECRET: 'a-secret-that-only-tests-know-0123456789',
        LOG_LEVEL: 'silent',
        ...bank.env,
      },
      bus: bank.service.bus,
      clock: fakeClock(),
    });
    try {
      await Promise.all(users.map((user, index) => bank.healthy(user, links[index]?.itemId ?? '')));
      await bank.control('webhooks', { mode: 'duplicate', times: 50 });
      for (let round = 0; round < 3; round += 1) {
        for (const { itemId } of links) {
          const account_id = String(
            (await mongo.collection('accounts').findOne({ itemId, 'bank.type': 'depository' }))?._id,
          );
          await bank.control(`items/${itemId}/transactions`, {
            add: [{ account_id, ...given(100 + round, `ROUND ${String(round)}`) }],
          });
        }
      }

      for (const [index, { itemId }] of links.entries()) {
        const truth = await bank.truth(itemId);
        await eventually(
          async () => (await bank.rows(itemId)).length,
          (count) => count === truth.length,
        );
        const rows = await bank.rows(itemId);
        expect(new Set(rows.map(({ userId }) => String(userId)))).toEqual(new Set([users[index]?.userId]));
        expect(new Set(rows.map(({ providerId }) => String(providerId)))).toEqual(
          new Set(truth.map(({ transaction_id }) => transaction_id)),
        );
      }
    } finally {
      await bank.control('webhooks', { mode: 'normal' });
      await second.stop();
    }
  });
});
