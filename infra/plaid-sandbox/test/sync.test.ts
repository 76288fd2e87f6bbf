import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Products } from 'plaid';
import { z } from 'zod';
import { idsOf, openReceiver, openSandbox, refusal } from './open-sandbox.ts';

const NOW = new Date('2026-03-15T12:00:00Z');
const DAY = 86_400;

let sandbox: Awaited<ReturnType<typeof openSandbox>>;
beforeAll(async () => {
  sandbox = await openSandbox({ now: () => NOW });
});
afterAll(async () => {
  expect(sandbox.faults).toEqual([]);
  await sandbox.close();
});

const customUser = (transactions: object[], more: object = {}): { username: string; password: string } => ({
  username: 'user_custom',
  password: JSON.stringify({
    override_accounts: [{ type: 'depository', subtype: 'checking', transactions, ...more }],
  }),
});
const rows = (count: number): object[] =>
  Array.from({ length: count }, (_, index) => ({
    date_transacted: '2026-02-20',
    date_posted: '2026-02-21',
    amount: index + 0.5,
    description: `ROW ${String(index)}`,
  }));

describe('a fresh Item', () => {
  it('answers sync with NOT_READY and an empty cursor, and get with PRODUCT_NOT_READY, until its time has come', async () => {
    const slow = await openSandbox({ now: () => NOW, initialMs: 3_600_000, historicalMs: 7_200_000 });
    const { token } = await slow.link();

    const first = (await slow.sdk.transactionsSync({ access_token: token })).data;
    expect(first).toMatchObject({
      transactions_update_status: 'NOT_READY',
      added: [],
      modified: [],
      removed: [],
      has_more: false,
      next_cursor: '',
    });
    const early = slow.sdk.transactionsGet({
      access_token: token,
      start_date: '2026-01-01',
      end_date: '2026-03-01',
    });
    expect(await refusal(early)).toMatchObject({
      status: 400,
      error_code: 'PRODUCT_NOT_READY',
      error_type: 'ITEM_ERROR',
    });

    await slow.advance(3_600);
    const initial = await slow.drain(token, '');
    expect(initial.pages[0]?.transactions_update_status).toBe('INITIAL_UPDATE_COMPLETE');
    expect(initial.added.length).toBeGreaterThan(20);
    expect(initial.added.every(({ date }) => date >= '2026-02-13')).toBe(true);

    await slow.advance(3_600);
    const rest = await slow.drain(token, initial.cursor);
    expect(rest.pages[0]?.transactions_update_status).toBe('HISTORICAL_UPDATE_COMPLETE');
    expect(rest.added.every(({ date }) => date < '2026-02-13')).toBe(true);
    await slow.close();
  });

  it('serves two years when asked for them, else ninety days, and never more later', async () => {
    const long = await sandbox.link({ days: 730 });
    const short = await sandbox.link();
    await sandbox.ready(long.token);
    await sandbox.ready(short.token);

    const all = await sandbox.drain(long.token);
    const few = await sandbox.drain(short.token);
    const oldest = (dates: string[]): string => dates.toSorted()[0] ?? '';
    expect(oldest(all.added.map(({ date }) => date)) >= '2024-03-15').toBe(true);
    expect(oldest(all.added.map(({ date }) => date)) < '2024-04-01').toBe(true);
    expect(all.added.length).toBeGreaterThan(1_000);
    expect(oldest(few.added.map(({ date }) => date)) >= '2025-12-15').toBe(true);

    await sandbox.sdk.transactionsSync({ access_token: short.token, options: { days_requested: 730 } });
    expect((await sandbox.drain(short.token)).added).toHaveLength(few.added.length);
  });
});

describe('pages', () => {
  it('count every update, hold none twice and make up the whole', async () => {
    const { token } = await sandbox.link(customUser(rows(1_234)));
    await sandbox.ready(token);

    const { pages, added } = await sandbox.drain(token);
    expect(pages.map((page) => page.added.length + page.modified.length + page.removed.length)).toEqual([
      500, 500, 234,
    ]);
    expect(pages.map(({ has_more }) => has_more)).toEqual([true, true, false]);
    expect(new Set(idsOf(added)).size).toBe(1_234);
    expect((await sandbox.sdk.transactionsSync({ access_token: token })).data.added).toHaveLength(100);
  });

  it('begin anew for a cursor that is null, absent or empty', async () => {
    const { token } = await sandbox.link(customUser(rows(3)));
    await sandbox.ready(token);
    const post = async (cursor: null | string | undefined): Promise<unknown> => {
      const response = await fetch(`${sandbox.url}//transactions/sync`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          client_id: 'sandbox-client',
          secret: 'sandbox-secret',
          access_token: token,
          cursor,
        }),
      });
      const { added } = z.object({ added: z.array(z.unknown()) }).parse(await response.json());
      return added;
    };

    const [absent, empty, none] = await Promise.all([post(undefined), post(''), post(null)]);
    expect(absent).toHaveLength(3);
    expect(empty).toEqual(absent);
    expect(none).toEqual(absent);
  });

  it('are refused when data change between them, and start again from where the loop began', async () => {
    const { token, itemId } = await sandbox.link(customUser(rows(5)));
    await sandbox.ready(token);
    const settled = await sandbox.drain(token);
    const account = settled.added[0]?.account_id;
    const add = (description: string) => ({
      add: [
        {
          account_id: account,
          date_transacted: '2026-03-01',
          date_posted: '2026-03-02',
          amount: 1,
          description,
        },
      ],
    });
    await sandbox.control(`items/${itemId}/transactions`, add('A'));
    await sandbox.control(`items/${itemId}/transactions`, add('B'));
    const first = (
      await sandbox.sdk.transactionsSync({ access_token: token, cursor: settled.cursor ?? '', count: 1 })
    ).data;
    expect(first.has_more).toBe(true);

    await sandbox.control(`items/${itemId}/transactions`, add('C'));
    const second = sandbox.sdk.transactionsSync({ access_token: token, cursor: first.next_cursor, count: 1 });
    expect(await refusal(second)).toMatchObject({
      status: 400,
      error_type: 'TRANSACTIONS_ERROR',
      error_code: 'TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION',
      error_message: expect.stringContaining('Please restart pagination'),
    });
    const again = await sandbox.drain(token, settled.cursor, 1);
    expect(again.added.map(({ name }) => name)).toEqual(['A', 'B', 'C']);
  });

  it('are empty when nothing has changed, and an old cursor may be used again', async () => {
    const { token, itemId } = await sandbox.link(customUser(rows(2)));
    await sandbox.ready(token);
    const { cursor, added } = await sandbox.drain(token);
    expect(await sandbox.drain(token, cursor)).toMatchObject({ added: [], modified: [], removed: [] });

    const [first, second] = idsOf(added);
    await sandbox.control(`items/${itemId}/transactions`, {
      modify: [{ transaction_id: first, amount: 99.99, name: 'CHANGED' }],
      remove: [second],
    });
    for (const _attempt of [1, 2]) {
      const changed = await sandbox.drain(token, cursor);
      expect(changed.modified).toMatchObject([{ transaction_id: first, amount: 99.99, name: 'CHANGED' }]);
      expect(changed.removed).toEqual([{ transaction_id: second, account_id: added[1]?.account_id }]);
      expect(changed.added).toEqual([]);
    }
    const fresh = await sandbox.drain(token);
    expect(idsOf(fresh.added)).toEqual([first]);
    expect(fresh.removed).toEqual([]);
  });

  it('refuse the cursor of another Item, of another account, and of nobody', async () => {
    const one = await sandbox.link(customUser(rows(1)));
    const two = await sandbox.link(customUser(rows(1)));
    await sandbox.ready(one.token);
    await sandbox.ready(two.token);
    const { cursor, added } = await sandbox.drain(one.token);
    const expected = {
      status: 400,
      error_code: 'INVALID_FIELD',
      error_message: 'cursor not associated with access_token',
    };

    const foreign = { access_token: two.token, cursor: cursor ?? '' };
    expect(await refusal(sandbox.sdk.transactionsSync(foreign))).toMatchObject(expected);
    const nonsense = { access_token: one.token, cursor: 'bm9uc2Vuc2U=' };
    expect(await refusal(sandbox.sdk.transactionsSync(nonsense))).toMatchObject(expected);
    const narrowed = {
      access_token: one.token,
      cursor: cursor ?? '',
      options: { account_id: added[0]?.account_id ?? '' },
    };
    expect(await refusal(sandbox.sdk.transactionsSync(narrowed))).toMatchObject(expected);
  });

  it('keep to one account when asked', async () => {
    const { token } = await sandbox.link({ days: 90 });
    await sandbox.ready(token);
    const { accounts } = (await sandbox.sdk.accountsGet({ access_token: token })).data;
    const card = accounts.find(({ type }) => type.toString() === 'credit')?.account_id ?? '';

    const { data } = await sandbox.sdk.transactionsSync({
      access_token: token,
      count: 500,
      options: { account_id: card },
    });
    expect(data.added.length).toBeGreaterThan(10);
    expect(new Set(data.added.map(({ account_id }) => account_id))).toEqual(new Set([card]));
    const unknown = sandbox.sdk.transactionsSync({ access_token: token, options: { account_id: 'nobody' } });
    expect(await refusal(unknown)).toMatchObject({ error_code: 'INVALID_ACCOUNT_ID' });
  });
});

describe('a pending transaction', () => {
  it('of a custom user posts on its day, under a new id that names the old one', async () => {
    const { token } = await sandbox.link(
      customUser([
        { date_transacted: '2026-03-14', date_posted: '2026-03-16', amount: 20, description: 'HOTEL' },
      ]),
    );
    await sandbox.ready(token);
    const before = await sandbox.drain(token);
    expect(before.added).toMatchObject([{ pending: true, date: '2026-03-14', pending_transaction_id: null }]);

    const other = await openSandbox({ now: () => NOW });
    const linked = await other.link(
      customUser([
        { date_transacted: '2026-03-14', date_posted: '2026-03-16', amount: 20, description: 'HOTEL' },
      ]),
    );
    await other.ready(linked.token);
    const pending = await other.drain(linked.token);
    await other.advance(DAY);
    const after = await other.drain(linked.token, pending.cursor);
    const old = pending.added[0];
    expect(after.added).toMatchObject([
      { pending: false, pending_transaction_id: old?.transaction_id, date: '2026-03-16', amount: 20 },
    ]);
    expect(after.removed).toEqual([{ transaction_id: old?.transaction_id, account_id: old?.account_id }]);
    await other.close();
  });

  it('of a dynamic user posts at the next refresh, which brings new ones and webhooks', async () => {
    const receiver = await openReceiver();
    const { token } = await sandbox.link({
      username: 'user_transactions_dynamic',
      password: 'anything',
      webhook: receiver.url,
    });
    await sandbox.ready(token);
    const before = await sandbox.drain(token);
    expect(before.added.length).toBeGreaterThan(30);
    expect(before.added.length).toBeLessThan(90);

    await sandbox.sdk.transactionsRefresh({ access_token: token });
    await receiver.waitFor('DEFAULT_UPDATE');
    const first = await sandbox.drain(token, before.cursor);
    const fresh = first.added.filter(({ pending }) => pending);
    expect(fresh).toHaveLength(3);

    await sandbox.sdk.transactionsRefresh({ access_token: token });
    await receiver.waitFor('DEFAULT_UPDATE', 2);
    const second = await sandbox.drain(token, first.cursor);
    expect(
      second.added.flatMap(({ pending_transaction_id: id }) => (id === null ? [] : [id])).toSorted(),
    ).toEqual(idsOf(fresh).toSorted());
    expect(second.removed.map(({ transaction_id }) => transaction_id).toSorted()).toEqual(
      idsOf(fresh).toSorted(),
    );
    await receiver.waitFor('SYNC_UPDATES_AVAILABLE', 2);
    await receiver.waitFor('TRANSACTIONS_REMOVED');
    await receiver.close();
  });
});

describe('as days go by', () => {
  it('people go on living, their card payments post, and balances follow', async () => {
    const moving = await openSandbox({ now: () => NOW });
    const { token } = await moving.link({ days: 90 });
    await moving.ready(token);
    const before = await moving.drain(token);
    const cash = async (): Promise<number> =>
      (await moving.sdk.accountsBalanceGet({ access_token: token })).data.accounts[0]?.balances.current ?? 0;
    const start = await cash();

    await moving.advance(10 * DAY);
    const after = await moving.drain(token, before.cursor);
    const dates = after.added.map(({ date }) => date).toSorted();
    expect((dates.at(-1) ?? '') > '2026-03-22').toBe(true);
    expect(after.removed.length).toBe(before.added.filter(({ pending }) => pending).length);
    const checking = (await moving.sdk.accountsGet({ access_token: token })).data.accounts[0]?.account_id;
    const spent = after.added
      .filter(({ account_id, pending }) => account_id === checking && !pending)
      .reduce((sum, { amount }) => sum + amount, 0);
    expect(await cash()).toBeCloseTo(start - spent, 2);
    await moving.close();
  });

  it('gives the same people the same lives for the same seed', async () => {
    const again = await openSandbox({ now: () => NOW });
    const other = await openSandbox({ now: () => NOW, seed: 'another' });
    const lives = await Promise.all(
      [again, other].map(async (opened) => {
        const { token } = await opened.link({ days: 60 });
        await opened.ready(token);
        const { added } = await opened.drain(token);
        return added.map(({ transaction_id, name, amount, date }) => [transaction_id, name, amount, date]);
      }),
    );
    const third = await openSandbox({ now: () => NOW });
    const { token } = await third.link({ days: 60 });
    await third.ready(token);
    const repeat = (await third.drain(token)).added.map(({ transaction_id, name, amount, date }) => [
      transaction_id,
      name,
      amount,
      date,
    ]);

    expect(repeat).toEqual(lives[0]);
    expect(lives[1]).not.toEqual(lives[0]);
    await Promise.all([again.close(), other.close(), third.close()]);
  });
});

describe('transactions/get', () => {
  it('lists newest first, by pages, within days', async () => {
    const { token } = await sandbox.link({ days: 90 });
    await sandbox.ready(token);
    const range = { access_token: token, start_date: '2026-02-01', end_date: '2026-02-28' };

    const { data } = await sandbox.sdk.transactionsGet({ ...range, options: { count: 10 } });
    const next = await sandbox.sdk.transactionsGet({ ...range, options: { count: 10, offset: 10 } });
    const dates = [...data.transactions, ...next.data.transactions].map(({ date }) => date);
    expect(dates).toEqual(dates.toSorted().toReversed());
    expect(data.total_transactions).toBeGreaterThan(20);
    expect(dates.every((date) => date.startsWith('2026-02'))).toBe(true);
    const reversed = sandbox.sdk.transactionsGet({ ...range, start_date: '2026-03-01' });
    expect(await refusal(reversed)).toMatchObject({ error_code: 'INVALID_FIELD' });
  });
});

describe('people', () => {
  it.each([
    ['user_us', 'ins_109508', 'USD'],
    ['user_uk', 'ins_117650', 'GBP'],
    ['user_fr', 'ins_990033', 'EUR'],
    ['user_kr', 'ins_990082', 'KRW'],
  ])('%s has two years of regular and irregular payments in %s', async (username, institution, currency) => {
    const { token } = await sandbox.link({ username, institution, days: 730 });
    await sandbox.ready(token);
    const { added } = await sandbox.drain(token);

    expect(added.length).toBeGreaterThan(700);
    expect(new Set(added.map(({ iso_currency_code: code }) => code))).toEqual(new Set([currency]));
    const month = (date: string): string => date.slice(0, 7);
    expect(new Set(added.map(({ date }) => month(date))).size).toBe(25);
    const net = added.reduce((sum, { amount }) => sum + amount, 0);
    const income = added.reduce((sum, { amount }) => sum + Math.max(0, -amount), 0);
    expect(Math.abs(net)).toBeLessThan(income * 0.35);

    const streams = (await sandbox.sdk.transactionsRecurringGet({ access_token: token })).data;
    expect(streams.inflow_streams.length).toBeGreaterThan(0);
    expect(streams.outflow_streams.length).toBeGreaterThan(3);
    expect(streams.inflow_streams.every(({ average_amount }) => (average_amount.amount ?? 0) < 0)).toBe(true);
    expect(streams.outflow_streams.every(({ is_user_modified }) => !is_user_modified)).toBe(true);
  });

  it('come in any number for measuring', async () => {
    const { token } = await sandbox.link({ username: 'user_volume_3000', days: 730 });
    await sandbox.ready(token);

    expect((await sandbox.drain(token)).added).toHaveLength(3_000);
  });
});

describe('every transaction', () => {
  const keys = [
    'account_id',
    'account_owner',
    'amount',
    'authorized_date',
    'authorized_datetime',
    'date',
    'datetime',
    'iso_currency_code',
    'location',
    'name',
    'payment_channel',
    'payment_meta',
    'pending',
    'pending_transaction_id',
    'transaction_code',
    'transaction_id',
    'unofficial_currency_code',
  ];

  it('has every required key, one currency, and its original text only on request', async () => {
    const { token } = await sandbox.link({ products: [Products.Transactions], days: 90 });
    await sandbox.ready(token);
    const { added } = await sandbox.drain(token);

    for (const row of added) {
      expect(Object.keys(row)).toEqual(expect.arrayContaining(keys));
      expect(Object.keys(row)).not.toContain('original_description');
      expect(Object.keys(row.location)).toHaveLength(8);
      expect(Object.keys(row.payment_meta)).toHaveLength(8);
      expect(
        [row.iso_currency_code, row.unofficial_currency_code].filter((code) => code !== null),
      ).toHaveLength(1);
      expect(['online', 'in store', 'other']).toContain(row.payment_channel);
      expect(row.transaction_id).toMatch(/^[A-Za-z0-9]{37}$/u);
      expect(row.personal_finance_category?.detailed.startsWith(row.personal_finance_category.primary)).toBe(
        true,
      );
    }
    const { data } = await sandbox.sdk.transactionsSync({
      access_token: token,
      options: { include_original_description: true },
    });
    expect(data.added.every((row) => typeof row.original_description === 'string')).toBe(true);
  });
});
