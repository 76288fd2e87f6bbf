import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { TransactionsIngested, TransactionsRemoved } from '@orrery/contracts';
import { eventually } from '@orrery/testing';
import { startFaultProxy } from '../../../tests/faults/fault-proxy.ts';
import { seededRandom } from '../../../tests/faults/seeded-random.ts';
import { newUser, openBank, type Bank } from './open-bank.ts';
import type { Mishap, WireCall } from './open-wire.ts';

const SYNC = '/transactions/sync';

let bank: Bank;

beforeAll(async () => {
  bank = await openBank({ env: { PLAID_PAGE_SIZE: '2', PLAID_TIMEOUT_MS: '5000' } });
}, 60_000);

afterEach(() => {
  bank.wire.clear();
});

afterAll(async () => {
  await bank.close();
});

const given = (amount: number, description: string) => ({
  date_transacted: '2026-03-13',
  date_posted: '2026-03-14',
  amount,
  description,
});
const change = (itemId: string, body: object) => bank.control(`items/${itemId}/transactions`, body);
const accountsOf = async (itemId: string) =>
  (
    await bank.service.mongo
      .collection<{ _id: string }>('accounts')
      .find({ itemId })
      .sort({ name: 1 })
      .toArray()
  ).map(({ _id }) => _id);
const amounts = async (itemId: string): Promise<number[]> =>
  (await bank.rows(itemId)).map(({ amountMinor }) => Number(amountMinor)).sort((a, b) => a - b);
const linked = async () => {
  const user = newUser();
  const { itemId } = await bank.linkCustom(user, [{ transactions: [given(1, 'A'), given(2, 'B')] }]);
  await bank.healthy(user, itemId);
  return { user, itemId };
};
const plaidError = (error_type: string, error_code: string): string =>
  JSON.stringify({ error_type, error_code, error_message: 'no', display_message: null, request_id: 'r' });

describe('a provider that stumbles between two pages', () => {
  const stumbles: [what: string, mishap: Mishap][] = [
    [
      'says that it is asked too often, and for how long to wait',
      {
        kind: 'answer',
        status: 429,
        body: plaidError('RATE_LIMIT_EXCEEDED', 'TRANSACTIONS_SYNC_LIMIT'),
        headers: { 'retry-after': '1' },
      },
    ],
    ['fails', { kind: 'answer', status: 500, body: plaidError('API_ERROR', 'INTERNAL_SERVER_ERROR') }],
    ['is a proxy that fails', { kind: 'answer', status: 502, body: '<html>Bad gateway</html>' }],
    ['says nothing', { kind: 'silence' }],
    ['breaks off in the middle of an answer', { kind: 'half' }],
  ];

  it.each(stumbles)('%s is asked once more, and nothing is lost or doubled', async (_what, mishap) => {
    const { user, itemId } = await linked();
    const [account_id] = await accountsOf(itemId);
    const began = bank.wire.about(itemId, SYNC).length;
    let stumbled = 0;
    bank.wire.decide((call: WireCall) => {
      const isSecondPage = bank.wire.about(itemId, SYNC).length === began + 2;
      if (call.path !== SYNC || !bank.wire.isAbout(call, itemId) || !isSecondPage || stumbled > 0) {
        return undefined;
      }
      stumbled += 1;
      return mishap;
    });

    await change(itemId, {
      add: [3, 4, 5, 6, 7].map((n) => ({ account_id, ...given(n, `NEW ${String(n)}`) })),
    });

    await eventually(
      () => amounts(itemId),
      (found) => found.length === 7,
    );
    expect(stumbled).toBe(1);
    expect((await bank.itemsOf(user))[0]).toMatchObject({ status: 'healthy', lastError: null });
    const told = bank.service.captured
      .of(TransactionsIngested)
      .filter(({ subject }) => subject === user.userId)
      .flatMap(({ data }) => data.transactions);
    expect(new Set(told.map(({ transactionId }) => transactionId)).size).toBe(told.length);
  });

  it('answers with something that is no page, and is taken for what it is', async () => {
    const { user, itemId } = await linked();
    bank.wire.decide((call) =>
      call.path === SYNC && bank.wire.isAbout(call, itemId)
        ? { kind: 'changed', change: ({ added: _added, ...rest }) => rest }
        : undefined,
    );

    await bank.post(user, `/v1/items/${itemId}/sync`);

    await eventually(
      () => bank.itemsOf(user),
      ([item]) => item?.lastError?.code === 'PLAID_UNEXPECTED_ANSWER',
    );
    expect(await amounts(itemId)).toEqual([-200, -100]);
  });
});

describe('something in between that answers in the place of the provider', () => {
  it('with a page of its own is no reason to wait for an hour', async () => {
    const { user, itemId } = await linked();
    bank.wire.decide((call) =>
      call.path === SYNC && bank.wire.isAbout(call, itemId)
        ? { kind: 'answer', status: 200, body: '<html>Please sign in to this network</html>' }
        : undefined,
    );

    await bank.post(user, `/v1/items/${itemId}/sync`);

    await eventually(
      () => bank.itemsOf(user),
      ([item]) => item?.lastError?.code === 'PLAID_UNEXPECTED_ANSWER',
    );
    const item = await bank.service.mongo.collection<{ _id: string }>('items').findOne({ _id: itemId });
    const inMs = (item as unknown as { nextSyncAt: Date }).nextSyncAt.getTime() - Date.now();
    expect(inMs).toBeLessThanOrEqual(60_000);
    expect(await amounts(itemId)).toEqual([-200, -100]);
  });
});

describe('a link that its user removes while it is read', () => {
  it('shows no row afterwards, and none that was on its way is told', async () => {
    const { user, itemId } = await linked();
    const [account_id] = await accountsOf(itemId);
    let release: (() => void) | undefined;
    const removed = new Promise<void>((resolve) => {
      release = resolve;
    });
    let isHeld = false;
    bank.wire.decide((call) => {
      if (call.path !== SYNC || !bank.wire.isAbout(call, itemId)) {
        return undefined;
      }
      isHeld = true;
      return { kind: 'late', after: removed };
    });
    await change(itemId, { add: [{ account_id, ...given(3, 'ON ITS WAY') }] });
    await eventually(() => isHeld);

    const reply = await bank.service.call(`/v1/items/${itemId}`, { as: user, method: 'DELETE' });
    release?.();

    expect(reply.status).toBe(204);
    await eventually(() => bank.wire.about(itemId, SYNC).every(({ endedAt }) => endedAt !== undefined));
    await eventually(() =>
      bank.service.captured.of(TransactionsRemoved).some(({ subject }) => subject === user.userId),
    );
    expect(await bank.rows(itemId)).toEqual([]);
    expect(await bank.itemsOf(user)).toMatchObject([{ id: itemId, status: 'removed' }]);
    const told = bank.service.captured
      .of(TransactionsIngested)
      .filter(({ subject }) => subject === user.userId);
    expect(JSON.stringify(told)).not.toContain('ON ITS WAY');
  });
});

describe('a transaction that moves to another account', () => {
  it('keeps its id and is told with its new account', async () => {
    const user = newUser();
    const { itemId } = await bank.linkCustom(user, [
      { transactions: [given(5, 'MOVES')], meta: { name: 'First', mask: '1111' } },
      { transactions: [given(6, 'STAYS')], meta: { name: 'Second', mask: '2222' } },
    ]);
    await bank.healthy(user, itemId);
    const [first, second] = await accountsOf(itemId);
    const before = (await bank.rows(itemId)).find(({ description }) => description === 'MOVES');
    expect(before?.['accountId']).toBe(first);

    await change(itemId, { modify: [{ transaction_id: before?.['providerId'], account_id: second }] });

    const after = await eventually(
      async () => (await bank.rows(itemId)).find(({ description }) => description === 'MOVES'),
      (row) => row?.['accountId'] === second,
    );
    expect(after?._id).toBe(before?._id);
    await eventually(() =>
      bank.service.captured
        .of(TransactionsIngested)
        .flatMap(({ data }) => data.transactions)
        .some(
          ({ transactionId, accountId }) => transactionId === String(before?._id) && accountId === second,
        ),
    );
    const { json } = await bank.post(user, '/api/get_balances', { item_id: itemId });
    expect((json as { balances: { current: number }[] }).balances.map(({ current }) => current)).toEqual([
      1005, 995,
    ]);
  });
});

describe('our database, out of reach', () => {
  it('makes a webhook come again later, and what it tells is not lost', async () => {
    const server = new URL(bank.database.uri);
    const proxy = await startFaultProxy(Number(server.port), seededRandom(1));
    const own = await openBank({
      env: { MONGODB_URI: `mongodb://127.0.0.1:${String(proxy.port)}/?directConnection=true` },
    });
    try {
      const user = newUser();
      const { itemId } = await own.linkCustom(user, [{ transactions: [given(1, 'A')] }]);
      await own.healthy(user, itemId);
      const account = await own.service.mongo.collection('accounts').findOne({ itemId });
      await eventually(
        async () =>
          (await own.service.mongo.collection('webhooks').countDocuments({ state: 'waiting' })) === 0,
      );

      proxy.set({ refuse: true });
      proxy.cutAll();
      await own.control(`items/${itemId}/transactions`, {
        add: [{ account_id: String(account?._id), ...given(2, 'DURING THE OUTAGE') }],
      });
      const answers = await eventually(
        () => own.edge.answers.filter((status) => status >= 500),
        (statuses) => statuses.length > 0,
      );
      expect(new Set(answers)).toEqual(new Set([503]));

      proxy.set({});
      await eventually(() => own.service.mongo.collection('items').countDocuments({}));
      expect(await own.rows(itemId)).toHaveLength(1);
      // Plaid comes again after half a minute.
      await own.control('clock', { advanceSeconds: 31 });
      await eventually(
        () => own.rows(itemId),
        (rows) => rows.length === 2,
      );
    } finally {
      proxy.set({});
      await own.close();
      await proxy.stop();
    }
  });
});
