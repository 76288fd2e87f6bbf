import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openSandbox, refusal } from './open-sandbox.ts';

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
