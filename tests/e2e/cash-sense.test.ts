import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startPlaidSandbox, type PlaidSandbox } from '@orrery/plaid-sandbox';
import { eventually } from '@orrery/testing';
import { newTokenKey } from '../../services/ingestion/src/domain/bank/token-cipher.ts';
import { type Constellation, startConstellation } from './constellation.ts';

/** Every route of Cash Sense as its contract says, through the gateway, in the order of the contract. */
let orrery: Constellation;
let sandbox: PlaidSandbox;

const logs: string[] = [];

beforeAll(async () => {
  sandbox = await startPlaidSandbox({
    mongoUri: process.env['TEST_MONGODB_URI'] ?? '',
    databaseName: `plaid_sandbox_${randomUUID().slice(0, 8)}`,
    port: 0,
    clientId: 'sandbox-client',
    secret: 'sandbox-secret',
    initialMs: 0,
    historicalMs: 0,
  });
  orrery = await startConstellation(
    {
      PLAID_CLIENT_ID: 'sandbox-client',
      PLAID_SECRET_sand: 'sandbox-secret',
      PLAID_ENV_sand: sandbox.url,
      PLAID_TOKEN_KEYS: newTokenKey('k1'),
      BANK_POLL_MS: '50',
      LOG_LEVEL: 'info',
    },
    (line) => logs.push(line),
  );
}, 120_000);

afterAll(async () => {
  await orrery.stop();
  await sandbox.stop();
});

type Headers = Record<string, string>;
type Json = Record<string, unknown>;

const newUser = () => {
  const userId = `user-${randomUUID()}`;
  return { userId, ...orrery.signIn(userId) };
};
const headersOf = ({ authorization }: { authorization: string }): Headers => ({ authorization });

const call = async (
  method: string,
  as: { authorization: string } | null,
  path: string,
  body?: unknown,
): Promise<{ status: number; json: Json; type: string; text: string }> => {
  const response = await fetch(`${orrery.url}${path}`, {
    method,
    headers: {
      ...(as === null ? {} : headersOf(as)),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const type = response.headers.get('content-type') ?? '';
  return {
    status: response.status,
    json: type.includes('json') ? (JSON.parse(text) as Json) : {},
    type,
    text,
  };
};
const post = (as: { authorization: string } | null, path: string, body?: unknown) =>
  call('POST', as, path, body);
const get = (as: { authorization: string } | null, path: string) => call('GET', as, path);

const link = async (as: { authorization: string }, body?: object) => {
  const token = await post(as, '/api/create_sandbox_token', body);
  const { json } = await post(as, '/api/exchange_token', { public_token: token.json['public_token'] });
  return json as { access_token: string; item_id: string };
};

const today = (offset = 0): string => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10);

/** A user whose ledger holds a bank file of our own making. */
const withFile = async (rows: readonly string[]) => {
  const user = newUser();
  const form = new FormData();
  form.set('file', new Blob([`date,description,amount,currency\n${rows.join('\n')}\n`]), 'rows.csv');
  const response = await fetch(`${orrery.url}/v1/imports`, {
    method: 'POST',
    headers: headersOf(user),
    body: form,
  });
  expect(response.status).toBeLessThan(300);
  await eventually(
    () => post(user, '/api/get_transactions', { days: 3660 }),
    ({ json }) => (json['transactions'] as unknown[]).length >= rows.length,
    { timeoutMs: 30_000 },
  );
  return user;
};

const error = (text: unknown, code: unknown = expect.any(String)) => ({ error: text, code });

describe('the routes that Cash Sense had', () => {
  it('C1: GET / says that the service runs', async () => {
    expect(await get(null, '/')).toMatchObject({
      status: 200,
      json: { status: 'ok', message: expect.any(String) },
    });
  });

  it('C2: POST /api/create_link_token gives a link token, with no body, with the user, and in update mode', async () => {
    const user = newUser();

    for (const body of [undefined, {}, { user_id: user.userId }]) {
      expect(await post(user, '/api/create_link_token', body)).toMatchObject({
        status: 200,
        json: { link_token: expect.stringMatching(/^link-sandbox-/) },
      });
    }
    expect(await post(user, '/api/create_link_token', { user_id: 'somebody' })).toMatchObject({
      status: 404,
      json: error('User not found'),
    });
  });

  it('C3 and C9: a sandbox token is exchanged for a handle that is no token of the bank', async () => {
    const user = newUser();
    const token = await post(user, '/api/create_sandbox_token');
    const exchanged = await post(user, '/api/exchange_token', {
      public_token: token.json['public_token'],
      user_id: user.userId,
    });

    expect(token).toMatchObject({
      status: 200,
      json: { public_token: expect.stringMatching(/^public-sandbox-/) },
    });
    expect(exchanged).toMatchObject({
      status: 200,
      json: { access_token: expect.not.stringMatching(/^access-/), item_id: expect.any(String) },
    });
    for (const body of [undefined, {}, { public_token: '' }, { public_token: null }]) {
      expect(await post(user, '/api/exchange_token', body)).toMatchObject({
        status: 400,
        json: error('Public token is required'),
      });
    }
    expect(await post(user, '/api/create_sandbox_token', { institution_id: 'ins_0' })).toMatchObject({
      status: 400,
      json: { error: expect.any(String), error_code: 'INVALID_INSTITUTION' },
    });
  });

  it('C4 to C7: transactions, accounts, balances and holdings of a link, by handle and by id', async () => {
    const user = newUser();
    const { access_token, item_id } = await link(user);
    for (const name of [{ access_token }, { item_id }]) {
      const { status, json } = await post(user, '/api/get_transactions', name);
      expect(status).toBe(200);
      const rows = json['transactions'] as Json[];
      expect(rows.length).toBeGreaterThan(10);
      for (const row of rows) {
        expect(row).toMatchObject({
          id: expect.any(String),
          date: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
          name: expect.any(String),
          amount: expect.any(Number),
          category: expect.any(String),
          payment_channel: expect.any(String),
          pending: expect.any(Boolean),
          merchant_name: expect.any(String),
        });
        expect(String(row['date']) > today(-31)).toBe(true);
      }
      const dates = rows.map(({ date }) => String(date));
      expect(dates).toEqual(dates.toSorted().toReversed());
      expect(rows.some(({ amount }) => Number(amount) > 0)).toBe(true);
    }

    const accounts = await post(user, '/api/get_accounts', { access_token });
    expect(accounts).toMatchObject({
      status: 200,
      json: {
        accounts: expect.arrayContaining([
          {
            account_id: expect.any(String),
            name: expect.any(String),
            official_name: expect.any(String),
            mask: expect.any(String),
            type: 'depository',
            subtype: 'checking',
            balances: {
              available: expect.any(Number),
              current: expect.any(Number),
              limit: null,
              iso_currency_code: 'USD',
              unofficial_currency_code: null,
            },
          },
        ]),
      },
    });

    const all = await post(user, '/api/get_balances', { item_id });
    const balances = all.json['balances'] as { account_id: string; type: string; current: number }[];
    expect(all.json).toMatchObject({
      totals: [{ currency: 'USD', available: expect.any(Number), current: expect.any(Number) }],
      as_of: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    });
    const cash = balances.filter(({ type }) => type === 'depository');
    expect((all.json['totals'] as { current: number }[])[0]?.current).toBeCloseTo(
      cash.reduce((sum, { current }) => sum + current, 0),
      2,
    );
    const chosen = balances[1]?.account_id;
    const one = await post(user, '/api/get_balances', { access_token, account_ids: [chosen] });
    expect((one.json['balances'] as Json[]).map(({ account_id }) => account_id)).toEqual([chosen]);
    expect(await post(user, '/api/get_balances', { access_token, account_ids: ['nobody'] })).toMatchObject({
      status: 400,
      json: { error: expect.any(String), error_code: 'INVALID_ACCOUNT_ID' },
    });

    const held = await post(user, '/api/get_investments', { access_token });
    expect(held).toMatchObject({
      status: 200,
      json: {
        accounts: expect.any(Array),
        holdings: expect.arrayContaining([
          expect.objectContaining({
            account_id: expect.any(String),
            security_id: expect.any(String),
            quantity: expect.any(Number),
            institution_price: expect.any(Number),
            institution_value: expect.any(Number),
            iso_currency_code: 'USD',
          }),
        ]),
        securities: expect.arrayContaining([
          expect.objectContaining({ security_id: expect.any(String), name: expect.any(String) }),
        ]),
        total_value: [{ currency: 'USD', value: expect.any(Number) }],
      },
    });
    const without = await link(user, { initial_products: ['transactions'], institution_id: 'ins_117650' });
    const none = await post(user, '/api/get_investments', without);
    expect([409, 424]).toContain(none.status);
    expect(none.json).toMatchObject({
      error: expect.any(String),
      error_code: expect.stringMatching(/^[A-Z_]+$/),
    });

    for (const path of ['/api/get_accounts', '/api/get_balances', '/api/get_investments']) {
      for (const body of [undefined, {}, { access_token: '' }]) {
        expect(await post(user, path, body)).toMatchObject({
          status: 400,
          json: error('Access token is required'),
        });
      }
      for (const body of [{ access_token }, { item_id }, { access_token: 'access-sandbox-x' }]) {
        expect((await post(newUser(), path, body)).status).toBe(404);
      }
    }
  });

  it("C4 by user: the caller's own ledger for the days asked for, and nobody else's", async () => {
    const user = newUser();
    await post(user, '/api/add_transaction', {
      transaction: {
        date: today(-40),
        merchant_name: 'Librairie',
        amount: 12.5,
        category: { id: 'shopping' },
      },
    });
    const rowsOf = async (body?: object) =>
      (await post(user, '/api/get_transactions', body)).json['transactions'] as Json[];
    await eventually(
      () => rowsOf({ user_id: user.userId, days: 90 }),
      (rows) => rows.length === 1,
    );

    expect(await rowsOf({ userId: user.userId, days: 90 })).toMatchObject([
      {
        id: expect.any(String),
        date: today(-40),
        amount: 12.5,
        merchant_name: 'Librairie',
        payment_channel: 'manual',
        pending: false,
        category: { id: 'shopping', subcategory: { id: expect.any(String) } },
        is_test_data: false,
        is_manual: true,
      },
    ]);
    expect(await rowsOf()).toEqual([]);
    expect(await rowsOf({})).toEqual([]);
    expect(await rowsOf({ user_id: null, access_token: null, item_id: null })).toEqual([]);
    for (const body of [{ user_id: 'demo-user' }, { userId: newUser().userId }]) {
      expect(await post(user, '/api/get_transactions', body)).toMatchObject({
        status: 404,
        json: error('User not found'),
      });
    }
  });

  it('C25: an entry by hand, demo mode of one user, and a new set of made-up rows', async () => {
    const [user, other] = [newUser(), newUser()];
    expect(await post(user, '/api/add_transaction', { user_id: user.userId })).toMatchObject({
      status: 400,
      json: error('Transaction data is required'),
    });
    const transaction = {
      id: 'mine-1',
      date: today(),
      merchant_name: 'Café de Flore',
      amount: 4.5,
      category: { id: 'foodAndDrink', subcategory: { id: 'coffeeShop' } },
      payment_channel: 'in store',
      pending: false,
      is_test_data: false,
    };
    for (let attempt = 0; attempt < 2; attempt += 1) {
      expect(await post(user, '/api/add_transaction', { user_id: user.userId, transaction })).toMatchObject({
        status: 200,
        json: {
          success: true,
          transaction: {
            date: today(),
            amount: 4.5,
            currency: 'EUR',
            merchant_name: 'Café de Flore',
            payment_channel: 'in store',
            category: { id: 'foodAndDrink', subcategory: { id: 'cafe' } },
            is_manual: true,
          },
        },
      });
    }
    for (const wrong of [
      { ...transaction, id: 'b', category: { id: 'nonsense' } },
      { ...transaction, id: 'c', amount: 'much' },
      { ...transaction, id: 'd', amount: 0 },
      { ...transaction, id: 'e', date: '31/12/2025' },
    ]) {
      expect(await post(user, '/api/add_transaction', { transaction: wrong })).toMatchObject({
        status: 400,
        json: error(expect.any(String)),
      });
    }

    const rowsOf = async (as: { authorization: string }) =>
      (await post(as, '/api/get_transactions', { days: 90 })).json['transactions'] as Json[];
    expect(
      await post(user, '/api/toggle_demo_mode', { user_id: user.userId, enable_demo: true }),
    ).toMatchObject({
      status: 200,
      json: { success: true, mode: 'demo', is_demo_mode: true },
    });
    await eventually(
      () => rowsOf(user),
      (rows) => rows.some(({ is_test_data }) => is_test_data === true),
    );
    expect(await rowsOf(other)).toEqual([]);
    const reset = await post(user, '/api/reset_test_transactions', { user_id: user.userId, days: 30 });
    const made = reset.json['transactions'] as Json[];
    expect(reset).toMatchObject({ status: 200, json: { success: true, count: made.length } });
    expect(made.length).toBeGreaterThan(5);
    expect(made.every(({ date }) => String(date) > today(-31) && String(date) <= today())).toBe(true);
    expect(await post(user, '/api/toggle_demo_mode', { enable_demo: false })).toMatchObject({
      json: { mode: 'prod', is_demo_mode: false },
    });
    await eventually(
      () => rowsOf(user),
      (rows) => rows.length === 1 && rows[0]?.['is_manual'] === true,
    );
    expect(await post(user, '/api/toggle_demo_mode', { enable_demo: 'maybe' })).toMatchObject({
      status: 400,
      json: error(expect.any(String)),
    });
  });
});

describe('the routes that Cash Sense promised', () => {
  it('C10: POST /api/categorize_transaction', async () => {
    const user = newUser();

    expect(
      await post(user, '/api/categorize_transaction', { description: 'CARREFOUR', amount: 52.3 }),
    ).toMatchObject({
      status: 200,
      json: {
        category: 'foodAndDrink',
        subcategory: 'groceries',
        confidence: expect.any(Number),
        source: expect.any(String),
        model_version: expect.any(String),
        alternatives: expect.any(Array),
      },
    });
    for (const body of [
      undefined,
      {},
      { description: '', amount: 5 },
      { description: '  ', amount: 5 },
      { description: 'X', amount: '5' },
      { description: 'X' },
    ]) {
      expect(await post(user, '/api/categorize_transaction', body)).toMatchObject({
        status: 400,
        json: error(expect.any(String)),
      });
    }
  });

  it('C11, C14 to C19 and C21: predictions, budgets, report, savings and cash flow of one ledger', async () => {
    const months = Array.from({ length: 8 }, (_, index) => {
      const month = new Date(Date.UTC(new Date().getUTCFullYear(), new Date().getUTCMonth() - index, 1));
      return month.toISOString().slice(0, 7);
    });
    const user = await withFile([
      ...months.flatMap((month) => [
        `${month}-01,VIREMENT SALAIRE ACME,2400.00,EUR`,
        `${month}-01,CARREFOUR MARKET PARIS,-120.10,EUR`,
        `${month}-01,NETFLIX.COM,-13.49,EUR`,
      ]),
      `${today()},CARREFOUR MARKET PARIS,-0.20,EUR`,
      `${today()},"=1+1 Café à l'été",-3.00,EUR`,
    ]);

    const predicted = await post(user, '/api/predict_expenses', { months: 2, category: 'foodAndDrink' });
    expect(predicted).toMatchObject({
      status: 200,
      json: {
        predictions: expect.arrayContaining([
          {
            month: expect.stringMatching(/^\d{4}-\d\d$/),
            category: 'foodAndDrink',
            amount: expect.any(Number),
            lower: expect.any(Number),
            upper: expect.any(Number),
          },
        ]),
        total: [
          { month: expect.any(String), amount: expect.any(Number) },
          { month: expect.any(String), amount: expect.any(Number) },
        ],
        method: expect.any(String),
        history_months: expect.any(Number),
      },
    });
    expect((await post(user, '/api/predict_expenses')).status).toBe(200);
    for (const body of [{ months: 0 }, { months: 13 }, { category: 'nonsense' }, { currency: 'money' }]) {
      expect(await post(user, '/api/predict_expenses', body)).toMatchObject({
        status: 400,
        json: error(expect.any(String)),
      });
    }
    expect(await post(newUser(), '/api/predict_expenses', {})).toMatchObject({
      status: 422,
      json: { error: expect.any(String), error_code: 'INSUFFICIENT_DATA' },
    });

    expect(await get(user, '/api/budget_summary')).toMatchObject({
      status: 200,
      json: {
        month: months[0],
        currency: 'EUR',
        total: { budget: 0, spent: expect.any(Number), remaining: expect.any(Number), percent: 0 },
        categories: [],
      },
    });
    for (const body of [
      { category: 'nonsense', amount: 5 },
      { category: 'foodAndDrink', amount: 0 },
      { category: 'foodAndDrink', amount: -1 },
      { category: 'foodAndDrink', amount: 'x' },
      undefined,
    ]) {
      expect(await post(user, '/api/set_budget_goal', body)).toMatchObject({
        status: 400,
        json: error(expect.any(String)),
      });
    }
    const goal = { category: 'foodAndDrink', amount: 100, period: 'monthly', start: months[0] };
    const first = await post(user, '/api/set_budget_goal', { ...goal, amount: 50 });
    expect(first).toMatchObject({
      status: 200,
      json: { success: true, goal: { ...goal, amount: 50, id: expect.any(String) } },
    });
    await post(user, '/api/set_budget_goal', goal);
    await post(user, '/api/set_budget_goal', { category: 'total', amount: 1000 });
    const summary = await get(user, `/api/budget_summary?month=${months[0] ?? ''}`);
    expect(summary.json).toMatchObject({
      total: { budget: 1000 },
      categories: [
        {
          category: 'foodAndDrink',
          budget: 100,
          spent: 123.3,
          remaining: -23.3,
          percent: 123.3,
          status: 'exceeded',
          projected: expect.any(Number),
        },
      ],
    });
    expect((await get(user, '/api/budget_summary?month=2025-13')).status).toBe(400);

    const range = `start=${months[0] ?? ''}-01&end=${today()}`;
    const report = await get(user, `/api/spending_report?${range}`);
    expect(report).toMatchObject({
      status: 200,
      json: {
        period: expect.any(Object),
        income: 2400,
        expenses: 136.79,
        net: 2263.21,
        by_category: expect.arrayContaining(
          [{ category: 'foodAndDrink', amount: 123.3, percent: expect.any(Number), count: 3 }].map((row) =>
            expect.objectContaining(row),
          ),
        ),
        by_month: expect.any(Array),
        top_merchants: expect.any(Array),
        change_vs_previous: expect.any(Object),
      },
    });
    const sum = (report.json['by_category'] as { amount: number }[]).reduce(
      (total, { amount }) => total + amount,
      0,
    );
    expect(sum).toBeCloseTo(136.79, 2);
    for (const group of ['category', 'merchant', 'month']) {
      const file = await fetch(`${orrery.url}/api/spending_report?${range}&format=csv&group_by=${group}`, {
        headers: headersOf(user),
      });
      expect(file.headers.get('content-disposition')).toMatch(/^attachment/);
      const bytes = Buffer.from(await file.arrayBuffer());
      expect(bytes.subarray(0, 3)).toEqual(Buffer.from([0xef, 0xbb, 0xbf]));
      expect(bytes.toString('utf8')).not.toMatch(/(?:^|[,;\n"])=1\+1/);
    }
    const french = await get(user, `/api/spending_report?${range}&format=html`);
    expect(french.text).toMatch(/[éèêà]/);
    const sheet = await get(user, `/api/spending_report?${range}&format=xlsx`);
    expect(sheet).toMatchObject({ status: 200, type: expect.stringContaining('spreadsheetml') });
    for (const wrong of ['start=x', 'format=pdf', 'group_by=colour', `start=${today()}&end=${today(-9)}`]) {
      expect(await get(user, `/api/spending_report?${wrong}`)).toMatchObject({
        status: 400,
        json: error(expect.any(String)),
      });
    }

    expect(await get(user, '/api/savings_opportunities')).toMatchObject({
      status: 200,
      json: { opportunities: expect.any(Array), total_estimated_saving: expect.any(Number) },
    });
    const flow = await get(user, '/api/cash_flow_forecast?days=30');
    expect(flow).toMatchObject({
      status: 200,
      json: {
        currency: 'EUR',
        lowest: { date: expect.any(String), balance: expect.any(Number) },
        probabilityBelowZero: expect.any(Number),
        safeToSpend: expect.any(Number),
      },
    });
    expect(flow.json['days']).toHaveLength(30);
    expect((await get(user, '/api/cash_flow_forecast?days=0')).status).toBe(400);
  }, 90_000);

  it('C12: POST /api/detect_anomalies finds a ten-fold purchase in the ledger and among rows sent along', async () => {
    const rows = Array.from({ length: 80 }, (_, index) => ({
      id: `t${String(index)}`,
      date: today(-index),
      amount: index === 3 ? 300 : 28 + (index % 5),
      merchant_name: 'TOTAL ENERGIES',
    }));
    const user = await withFile(
      rows.map(({ date, amount }) => `${date},TOTAL ENERGIES,-${amount.toFixed(2)},EUR`),
    );
    const found = expect.objectContaining({
      transaction_id: expect.any(String),
      date: today(-3),
      merchant_name: expect.any(String),
      amount: 300,
      category: expect.any(String),
      score: expect.any(Number),
      reason: expect.any(String),
    });

    const own = await eventually(
      () => post(user, '/api/detect_anomalies', { days: 90 }),
      ({ json }) => (json['anomalies'] as unknown[]).length > 0,
      { timeoutMs: 30_000 },
    );
    expect(own).toMatchObject({ status: 200, json: { checked: 80, anomalies: [found] } });
    const sent = await post(user, '/api/detect_anomalies', { transactions: rows });
    expect(sent).toMatchObject({ status: 200, json: { checked: 80, anomalies: [found] } });
    expect(await post(newUser(), '/api/detect_anomalies')).toMatchObject({
      status: 200,
      json: { checked: 0, anomalies: [] },
    });
    for (const body of [{ days: 0 }, { sensitivity: 2 }, { transactions: [{}] }]) {
      expect(await post(user, '/api/detect_anomalies', body)).toMatchObject({
        status: 400,
        json: error(expect.any(String)),
      });
    }
  }, 90_000);

  it('C13: /api/retrain_models is for administrators, by GET and POST, one run at a time', async () => {
    const admin = orrery.signIn(`admin-${randomUUID()}`, 'ADMIN');
    for (const method of ['GET', 'POST']) {
      expect(await call(method, newUser(), '/api/retrain_models')).toMatchObject({
        status: 403,
        json: error(expect.any(String)),
      });
    }

    const first = await get(admin, '/api/retrain_models');
    const second = await post(admin, '/api/retrain_models');
    expect(first).toMatchObject({
      status: 202,
      json: {
        job_id: expect.any(String),
        status: 'queued',
        models: ['transaction_classifier', 'spending_predictor'],
      },
    });
    expect(second).toMatchObject({ status: 409, json: error(expect.any(String)) });
    expect(
      (await post(newUser(), '/api/categorize_transaction', { description: 'CARREFOUR', amount: 5 })).status,
    ).toBe(200);
  });

  it('C8 and C20: transfers and alerts stand under /v1', async () => {
    const user = newUser();
    const { access_token } = await link(user);
    const { json } = await post(user, '/api/get_accounts', { access_token });
    const account = (json['accounts'] as { account_id: string }[])[0];
    const made = await fetch(`${orrery.url}/v1/transfers`, {
      method: 'POST',
      headers: { ...headersOf(user), 'content-type': 'application/json', 'idempotency-key': randomUUID() },
      body: JSON.stringify({
        accountId: account?.account_id,
        type: 'debit',
        amount: { amount: '1.00', currency: 'USD' },
        description: 'Test',
        legalName: 'Alex Doe',
      }),
    });
    expect(made.status).toBeLessThan(300);
    expect(await get(user, '/v1/alerts')).toMatchObject({ status: 200, json: { data: expect.any(Array) } });
    expect((await get(user, '/v1/alerts/settings')).status).toBe(200);
  });
});

describe('all of them', () => {
  const routes: [method: string, path: string][] = [
    ...[
      'create_link_token',
      'exchange_token',
      'create_sandbox_token',
      'get_transactions',
      'get_accounts',
      'get_balances',
      'get_investments',
      'add_transaction',
      'toggle_demo_mode',
      'reset_test_transactions',
      'categorize_transaction',
      'predict_expenses',
      'detect_anomalies',
      'set_budget_goal',
      'retrain_models',
    ].map((name): [string, string] => ['POST', `/api/${name}`]),
    ...[
      'retrain_models',
      'budget_summary',
      'spending_report',
      'savings_opportunities',
      'cash_flow_forecast',
    ].map((name): [string, string] => ['GET', `/api/${name}`]),
  ];

  it.each(routes)(
    '%s %s: nobody gets 401, and what is no JSON gets 400, in the words of the contract',
    async (method, path) => {
      expect(await call(method, null, path, method === 'POST' ? {} : undefined)).toMatchObject({
        status: 401,
        json: error(expect.any(String)),
      });
      if (method === 'POST' && path !== '/api/retrain_models') {
        const response = await fetch(`${orrery.url}${path}`, {
          method,
          headers: { ...headersOf(newUser()), 'content-type': 'application/json' },
          body: '{ half',
        });
        expect({ status: response.status, json: await response.json() }).toMatchObject({
          status: 400,
          json: error(expect.any(String)),
        });
      }
    },
  );

  it('a failure of the bank reaches the client with its code, and no secret reaches a log', async () => {
    const user = newUser();
    const { access_token, item_id } = await link(user);
    for (const [errorCode, status] of [
      ['INSTITUTION_DOWN', 502],
      ['RATE_LIMIT', 429],
      ['INTERNAL_SERVER_ERROR', 502],
      ['ITEM_LOGIN_REQUIRED', 409],
    ] as const) {
      await fetch(`${sandbox.url}/_control/faults`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          path: '/accounts/get',
          itemId: item_id,
          times: status === 409 ? 1 : 3,
          errorCode,
        }),
      });
      const answer = await post(user, '/api/get_accounts', { access_token });
      expect([errorCode, answer.status]).toEqual([errorCode, status]);
      expect(answer.json).toMatchObject({ error: expect.any(String), error_code: errorCode });
      expect(answer.text).not.toMatch(/at .*\.ts|AxiosError|stack/);
      if (errorCode === 'INSTITUTION_DOWN') {
        await fetch(`${sandbox.url}/_control/items/${item_id}/repair`, { method: 'POST' });
        await post(user, '/api/get_accounts', { access_token });
        await post(user, '/api/get_accounts', { access_token });
      }
    }
    expect(logs.join('\n')).not.toMatch(/access-sandbox-|sandbox-secret/);
  });
});
