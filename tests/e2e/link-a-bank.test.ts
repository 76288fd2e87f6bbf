import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startPlaidSandbox, type PlaidSandbox } from '@orrery/plaid-sandbox';
import { eventually } from '@orrery/testing';
import { newTokenKey } from '../../services/ingestion/src/domain/bank/token-cipher.ts';
import { type Constellation, startConstellation } from './constellation.ts';

let orrery: Constellation;
let sandbox: PlaidSandbox;
const databaseName = `plaid_sandbox_${randomUUID().slice(0, 8)}`;

beforeAll(async () => {
  sandbox = await startPlaidSandbox({
    mongoUri: process.env['TEST_MONGODB_URI'] ?? '',
    databaseName,
    port: 0,
    clientId: 'sandbox-client',
    secret: 'sandbox-secret',
    initialMs: 0,
    historicalMs: 0,
  });
  orrery = await startConstellation({
    PLAID_CLIENT_ID: 'sandbox-client',
    PLAID_SECRET_sand: 'sandbox-secret',
    PLAID_ENV_sand: sandbox.url,
    PLAID_TOKEN_KEYS: newTokenKey('k1'),
    BANK_POLL_MS: '50',
  });
}, 120_000);

afterAll(async () => {
  await orrery.stop();
  await sandbox.stop();
});

type Headers = Record<string, string>;

const newUser = (): Headers => orrery.signIn(`user-${randomUUID()}`);

const post = async (headers: Headers, path: string, body: object = {}) => {
  const response = await fetch(`${orrery.url}${path}`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, json: (await response.json()) as Record<string, unknown> };
};

const get = async (headers: Headers, path: string) => {
  const response = await fetch(`${orrery.url}${path}`, { headers });
  return { status: response.status, json: (await response.json()) as Record<string, unknown> };
};

const link = async (headers: Headers, body: object = {}) => {
  const token = await post(headers, '/api/create_sandbox_token', body);
  const { json } = await post(headers, '/api/exchange_token', { public_token: token.json['public_token'] });
  return json as { access_token: string; item_id: string };
};

const control = (path: string, body: object = {}) =>
  fetch(`${sandbox.url}/_control/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

interface Row {
  id: string;
  category: unknown;
  amount: number;
  pending: boolean;
}

describe('a user links a bank', () => {
  it("gets that bank's rows with labels by the handle, and the whole ledger without it", async () => {
    const user = newUser();
    const { access_token, item_id } = await link(user);

    const first = await post(user, '/api/get_transactions', { access_token });
    const byItem = await post(user, '/api/get_transactions', { item_id, days: 731 });
    const { json: item } = await get(user, `/v1/items/${item_id}`);

    expect([first.status, byItem.status]).toEqual([200, 200]);
    const rows = first.json['transactions'] as Row[];
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.every(({ category }) => typeof category === 'string')).toBe(true);
    expect(byItem.json['transactions']).toHaveLength(Number(item['transactionCount']));
    const own = await eventually(
      () => post(user, '/api/get_transactions', { days: 30 }),
      ({ json }) => (json['transactions'] as Row[]).length > 0,
    );
    expect((own.json['transactions'] as Row[]).every(({ category }) => typeof category === 'object')).toBe(
      true,
    );
  });

  it('keeps the category that the user gave a pending purchase when it posts, and counts it once', async () => {
    const user = newUser();
    const { item_id } = await link(user, {
      options: {
        override_username: 'user_custom',
        override_password: JSON.stringify({
          override_accounts: [
            {
              type: 'depository',
              subtype: 'checking',
              transactions: [
                {
                  date_transacted: new Date().toISOString().slice(0, 10),
                  date_posted: new Date(Date.now() + 3 * 86_400_000).toISOString().slice(0, 10),
                  amount: 20,
                  description: 'SOME PLACE',
                },
              ],
            },
          ],
        }),
      },
    });
    const list = async () =>
      ((await get(user, '/v1/transactions')).json['data'] ?? []) as (Row & {
        category: { slug: string } | null;
      })[];
    const [pending] = await eventually(list, (rows) => rows.length === 1);
    await fetch(`${orrery.url}/v1/transactions/${pending?.id ?? ''}/category`, {
      method: 'PUT',
      headers: { ...user, 'content-type': 'application/json' },
      body: JSON.stringify({ category: 'coffee', applyToMerchant: false }),
    });
    const truth = (await (await fetch(`${sandbox.url}/_control/items/${item_id}/transactions`)).json()) as {
      transactions: { transaction_id: string }[];
    };

    await control(`items/${item_id}/transactions`, {
      post: [
        {
          transaction_id: truth.transactions[0]?.transaction_id,
          date: new Date().toISOString().slice(0, 10),
          amount: 24,
        },
      ],
    });
    await post(user, `/v1/items/${item_id}/sync`);

    const [posted, ...more] = await eventually(list, (rows) => rows[0]?.pending === false);
    expect(more).toEqual([]);
    expect(posted).toMatchObject({
      id: pending?.id,
      category: { slug: 'coffee' },
      amount: { amount: '-24.00', currency: 'USD' },
    });
  });

  it('sees amounts of every kind of currency as the bank wrote them, and no coin among them', async () => {
    const user = newUser();
    const amounts = {
      USD: [0, -0.01, 12.34],
      JPY: [5000],
      KRW: [12_900],
      KWD: [1.234, -0.001],
      BTC: [0.0125],
    };
    const day = new Date(Date.now() - 3 * 86_400_000).toISOString().slice(0, 10);
    const { item_id } = await link(user, {
      options: {
        override_username: 'user_custom',
        override_password: JSON.stringify({
          override_accounts: Object.entries(amounts).map(([currency, list]) => ({
            type: 'depository',
            subtype: 'checking',
            currency,
            starting_balance: 1.2345,
            meta: { mask: currency },
            transactions: list.map((amount, index) => ({
              date_transacted: day,
              date_posted: day,
              amount,
              description: `${currency} PLACE ${String(index)}`,
            })),
          })),
        }),
      },
    });

    const rows = await eventually(
      async () =>
        ((await get(user, '/v1/transactions?limit=100')).json['data'] ?? []) as unknown as {
          date: string;
          amount: { amount: string; currency: string };
        }[],
      ({ length }) => length === 7,
    );
    expect(rows.map(({ amount }) => `${amount.amount} ${amount.currency}`).toSorted()).toEqual(
      ['-1.234 KWD', '-12.34 USD', '-12900 KRW', '-5000 JPY', '0.00 USD', '0.001 KWD', '0.01 USD'].toSorted(),
    );
    expect(new Set(rows.map(({ date }) => date))).toEqual(new Set([day]));
    const legacy = (await post(user, '/api/get_transactions', { item_id })).json['transactions'] as Row[];
    expect(legacy.map(({ amount }) => amount).toSorted((left, right) => left - right)).toEqual([
      -0.01, -0.001, 0, 1.234, 12.34, 5000, 12_900,
    ]);
    const { json } = await post(user, '/api/get_balances', { item_id });
    expect((json['totals'] as { currency: string }[]).map(({ currency }) => currency).toSorted()).toEqual([
      'JPY',
      'KRW',
      'KWD',
      'USD',
    ]);
  });

  it('is alerted once when the bank wants a new sign-in', async () => {
    const user = newUser();
    const { item_id } = await link(user);
    await eventually(async () => {
      const { json } = await get(user, `/v1/items/${item_id}`);
      return json['status'] === 'healthy';
    });

    await control(`items/${item_id}/break`, { errorCode: 'ITEM_LOGIN_REQUIRED' });
    await post(user, `/v1/items/${item_id}/sync`);

    const alerts = await eventually(
      async () => ((await get(user, '/v1/alerts')).json['data'] ?? []) as { kind: string }[],
      (data) => data.some(({ kind }) => kind === 'bank_sign_in'),
    );
    expect(alerts.filter(({ kind }) => kind === 'bank_sign_in')).toHaveLength(1);
  });

  it('cannot reach the bank of somebody else by handle or id, on any route', async () => {
    const { access_token, item_id } = await link(newUser());
    const other = newUser();

    for (const path of [
      '/api/get_transactions',
      '/api/get_accounts',
      '/api/get_balances',
      '/api/get_investments',
    ]) {
      for (const body of [{ access_token }, { item_id }]) {
        expect((await post(other, path, body)).status).toBe(404);
      }
    }
  });

  it('gets no answer from the webhook address without a signature of the provider', async () => {
    const response = await fetch(`${orrery.url}/webhooks/plaid`, { method: 'POST', body: '{}' });

    expect(response.status).toBe(401);
  });
});
