import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CountryCode, Products, SandboxItemFireWebhookRequestWebhookCodeEnum as Code } from 'plaid';
import { CLIENT, openReceiver, openSandbox, refusal, SECRET } from './open-sandbox.ts';

const NOW = new Date('2026-03-15T12:00:00Z');
const MINUTE = 60;
const HOUR = 3_600;

let sandbox: Awaited<ReturnType<typeof openSandbox>>;
beforeAll(async () => {
  sandbox = await openSandbox({ now: () => NOW });
});
afterAll(async () => {
  expect(sandbox.faults).toEqual([]);
  await sandbox.close();
});

const linkRequest = {
  client_name: 'Orrery',
  language: 'en',
  country_codes: [CountryCode.Us],
  user: { client_user_id: 'u1' },
  products: [Products.Transactions],
};
const post = async (path: string, body: string, headers: Record<string, string> = {}) => {
  const response = await fetch(`${sandbox.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
};

describe('requests', () => {
  it('are refused by form: no JSON, other type, other version, unknown path, too large', async () => {
    const key = { 'plaid-client-id': CLIENT, 'plaid-secret': SECRET };
    const code = async (path: string, body: string, headers = {}) => {
      const { status, text } = await post(path, body, { ...key, ...headers });
      return [status, (JSON.parse(text) as { error_code: string }).error_code];
    };

    expect(await code('/item/get', '{')).toEqual([400, 'INVALID_BODY']);
    expect(await code('/item/get', '{}', { 'content-type': 'text/plain' })).toEqual([400, 'INVALID_HEADERS']);
    expect(await code('/item/get', '{}', { 'plaid-version': '2018-05-22' })).toEqual([
      400,
      'INCOMPATIBLE_API_VERSION',
    ]);
    expect(await code('/nowhere', '{}')).toEqual([404, 'NOT_FOUND']);
    expect(await code('/item/get', '{}', { 'plaid-secret': '' })).toEqual([400, 'MISSING_FIELDS']);
    expect(await code('/item/get', `{"access_token":"${'a'.repeat(1024 * 1024)}"}`)).toEqual([
      400,
      'INVALID_BODY',
    ]);
  });

  it('are answered with sorted, indented JSON, the version and a request id', async () => {
    // The SDK glues a base address that ends with a slash and a path together.
    const { headers, text } = await post('//categories/get', '{}');

    expect(headers.get('plaid-version')).toBe('2020-09-14');
    expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(text.startsWith('{\n  "categories": [')).toBe(true);
    expect(JSON.parse(text)).toHaveProperty('request_id');
  });
});

describe('linking', () => {
  it('to repair a link gives a token for thirty minutes, and tells what a token is for', async () => {
    const { token } = await sandbox.link();
    const { products: _products, ...bare } = linkRequest;
    const update = (await sandbox.sdk.linkTokenCreate({ ...bare, access_token: token })).data;
    expect(Math.abs(Date.parse(update.expiration) - Date.now() - 30 * MINUTE * 1000)).toBeLessThan(5_000);

    const { data } = await sandbox.sdk.linkTokenCreate(linkRequest);
    const session = (await sandbox.sdk.linkTokenGet({ link_token: data.link_token })).data;
    expect(session.metadata.client_name).toBe('Orrery');
    expect(await refusal(sandbox.sdk.linkTokenGet({ link_token: 'link-sandbox-0' }))).toMatchObject({
      error_code: 'INVALID_LINK_TOKEN',
    });
  });

  it('refuses products that cannot be asked for, twice-named ones, and none', async () => {
    const balance = sandbox.sdk.linkTokenCreate({ ...linkRequest, products: [Products.Balance] });
    expect(await refusal(balance)).toMatchObject({
      error_type: 'INVALID_INPUT',
      error_code: 'INVALID_PRODUCT',
    });
    const twice = sandbox.sdk.linkTokenCreate({ ...linkRequest, optional_products: [Products.Transactions] });
    expect(await refusal(twice)).toMatchObject({ error_code: 'INVALID_FIELD' });
    const none = sandbox.sdk.linkTokenCreate({ ...linkRequest, products: [] });
    expect(await refusal(none)).toMatchObject({ error_code: 'MISSING_FIELDS' });
  });

  it('refuses unknown banks, products the bank lacks, wrong passwords, and whatever a password asks for', async () => {
    const code = async (given: Parameters<typeof sandbox.link>[0]) =>
      (await refusal(sandbox.link(given))).error_code;

    expect(await code({ institution: 'ins_0' })).toBe('INVALID_INSTITUTION');
    expect(await code({ institution: 'ins_117650', products: [Products.Liabilities] })).toBe(
      'INVALID_PRODUCT',
    );
    expect(await code({ username: 'user_good', password: 'guess' })).toBe('INVALID_CREDENTIALS');
    expect(await code({ username: 'nobody' })).toBe('INVALID_CREDENTIALS');
    expect(await code({ username: 'user_good', password: 'error_ITEM_LOCKED' })).toBe('ITEM_LOCKED');
    expect(await code({ username: 'user_custom', password: '{}' })).toBe('INVALID_CREDENTIALS');
  });

  it('by hand: the page links a bank, and repairs one in update mode', async () => {
    const receiver = await openReceiver();
    const { data } = await sandbox.sdk.linkTokenCreate({
      ...linkRequest,
      required_if_supported_products: [Products.Investments],
      optional_products: [Products.Auth],
      webhook: receiver.url,
      hosted_link: {},
    });
    const address = data.hosted_link_url ?? '';
    const html = await (await fetch(address)).text();
    expect(html).toContain('First Platypus Bank');
    const submit = async (form: Record<string, string>): Promise<string> =>
      (await fetch(`${sandbox.url}/link`, { method: 'POST', body: new URLSearchParams(form) })).text();
    const form = { token: data.link_token, institution: 'ins_117650', username: 'user_good' };
    expect(await submit({ ...form, password: 'guess' })).toContain(
      'the provided credentials were not correct',
    );

    const linked = await submit({ ...form, password: 'pass_good' });
    const publicToken = /public-sandbox-[0-9a-f-]{36}/u.exec(linked)?.[0] ?? '';
    const finished = await receiver.waitFor('SESSION_FINISHED');
    expect(finished[0]?.body['public_tokens']).toEqual([publicToken]);
    const session = (await sandbox.sdk.linkTokenGet({ link_token: data.link_token })).data.link_sessions?.[0];
    expect(session?.results?.item_add_results[0]?.public_token).toBe(publicToken);
    const { access_token: token } = (await sandbox.sdk.itemPublicTokenExchange({ public_token: publicToken }))
      .data;
    expect((await sandbox.sdk.itemGet({ access_token: token })).data.item.products).toEqual([
      'auth',
      'transactions',
    ]);

    await sandbox.sdk.sandboxItemResetLogin({ access_token: token });
    const { products: _products, ...bare } = linkRequest;
    const update = (await sandbox.sdk.linkTokenCreate({ ...bare, access_token: token })).data;
    expect(await submit({ token: update.link_token, password: 'pass_good' })).toContain('Signed in again');
    await receiver.waitFor('LOGIN_REPAIRED');
    expect((await sandbox.sdk.accountsGet({ access_token: token })).data.accounts).toHaveLength(2);
    await receiver.close();
  });
});

describe('an Item', () => {
  it('tells itself, its accounts and its balances', async () => {
    const { token, itemId } = await sandbox.link({ products: [Products.Transactions, Products.Auth] });
    const { data } = await sandbox.sdk.itemGet({ access_token: token });
    expect(data.item).toMatchObject({
      item_id: itemId,
      institution_id: 'ins_109508',
      webhook: '',
      error: null,
      products: ['auth', 'transactions'],
      update_type: 'background',
    });
    expect(data.item.available_products).not.toContain('transactions');

    const { accounts } = (await sandbox.sdk.accountsGet({ access_token: token })).data;
    expect(accounts.map(({ type }) => type.toString())).toEqual([
      'depository',
      'depository',
      'credit',
      'investment',
      'loan',
    ]);
    for (const account of accounts) {
      expect(account).toHaveProperty('official_name');
      expect(Object.keys(account.balances)).toEqual(
        expect.arrayContaining([
          'available',
          'current',
          'limit',
          'iso_currency_code',
          'unofficial_currency_code',
        ]),
      );
    }
    const chosen = { access_token: token, options: { account_ids: [accounts[1]?.account_id ?? ''] } };
    expect((await sandbox.sdk.accountsBalanceGet(chosen)).data.accounts).toHaveLength(1);
    const unknown = sandbox.sdk.accountsGet({ access_token: token, options: { account_ids: ['x'] } });
    expect(await refusal(unknown)).toMatchObject({
      error_type: 'INVALID_INPUT',
      error_code: 'INVALID_ACCOUNT_ID',
    });
  });

  it('says when its transactions came', async () => {
    const { token } = await sandbox.link();
    await sandbox.ready(token);
    const { status } = (await sandbox.sdk.itemGet({ access_token: token })).data;

    expect(status?.transactions?.last_successful_update).toEqual(expect.any(String));
  });

  it('gets another public token, whose access token stands beside the first', async () => {
    const { token, itemId } = await sandbox.link();
    const { text } = await post(
      '/item/public_token/create',
      JSON.stringify({ client_id: CLIENT, secret: SECRET, access_token: token }),
    );
    const { public_token } = JSON.parse(text) as { public_token: string };
    const second = (await sandbox.sdk.itemPublicTokenExchange({ public_token })).data;
    expect(second.item_id).toBe(itemId);

    await sandbox.sdk.itemAccessTokenInvalidate({ access_token: token });
    expect((await sandbox.sdk.itemGet({ access_token: second.access_token })).status).toBe(200);
    expect(await refusal(sandbox.sdk.itemGet({ access_token: 'x' }))).toMatchObject({
      error_message: expect.stringContaining('access-<environment>-<identifier>'),
    });
  });

  it('needs a sign-in by itself after thirty days', async () => {
    const own = await openSandbox({ now: () => NOW });
    const { token } = await own.link();
    await own.advance(31 * 24 * HOUR);

    expect(await refusal(own.sdk.accountsGet({ access_token: token }))).toMatchObject({
      error_code: 'ITEM_LOGIN_REQUIRED',
    });
    await own.close();
  });

  it('survives a restart with its tokens, rows, webhook and keys', async () => {
    const own = await openSandbox({ now: () => NOW });
    const receiver = await openReceiver();
    const { token } = await own.link({ webhook: receiver.url, days: 30 });
    await own.ready(token);
    const before = await own.drain(token);
    await own.sdk.sandboxItemFireWebhook({ access_token: token, webhook_code: Code.NewAccountsAvailable });
    const [first] = await receiver.waitFor('NEW_ACCOUNTS_AVAILABLE');

    await own.restart();
    expect(await own.drain(token, before.cursor)).toMatchObject({ added: [], modified: [], removed: [] });
    await own.sdk.sandboxItemFireWebhook({ access_token: token, webhook_code: Code.NewAccountsAvailable });
    const [, second] = await receiver.waitFor('NEW_ACCOUNTS_AVAILABLE', 2);
    expect(second?.header?.split('.')[0]).toBe(first?.header?.split('.')[0]);
    await receiver.close();
    await own.close();
  });
});

describe('institutions', () => {
  it('are listed by country and product, and found by id', async () => {
    const list = (await sandbox.sdk.institutionsGet({ count: 3, offset: 1, country_codes: [CountryCode.Us] }))
      .data;
    expect(list.institutions).toHaveLength(3);
    expect(list.total).toBe(7);
    const french = (
      await sandbox.sdk.institutionsGet({ count: 5, offset: 0, country_codes: [CountryCode.Fr] })
    ).data;
    expect(french.institutions.map(({ name }) => name)).toEqual(['Banque Platypus']);

    const alias = await sandbox.sdk.institutionsGetById({
      institution_id: 'ins_1',
      country_codes: [CountryCode.Us],
      options: { include_optional_metadata: true, include_status: true },
    });
    expect(alias.data.institution).toMatchObject({
      institution_id: 'ins_109508',
      name: 'First Platypus Bank',
    });
    expect(alias.data.institution.status?.item_logins?.status.toString()).toBe('HEALTHY');
    const unknown = sandbox.sdk.institutionsGetById({ institution_id: 'x', country_codes: [CountryCode.Us] });
    expect(await refusal(unknown)).toMatchObject({ error_code: 'INVALID_INSTITUTION' });
  });
});

describe('injected errors', () => {
  it.each([
    ['/accounts/get', 'INSTITUTION_DOWN', 400, 'INSTITUTION_ERROR'],
    ['/accounts/get', 'ACCOUNTS_LIMIT', 429, 'RATE_LIMIT_EXCEEDED'],
    ['/accounts/get', 'INTERNAL_SERVER_ERROR', 500, 'API_ERROR'],
    ['/accounts/get', 'PLANNED_MAINTENANCE', 503, 'API_ERROR'],
    ['/accounts/get', 'USER_PERMISSION_REVOKED', 400, 'INVALID_INPUT'],
    ['/accounts/get', 'SOMETHING_NEW', 400, 'ITEM_ERROR'],
  ])('%s answers %s as often as asked', async (path, errorCode, status, error_type) => {
    const { token, itemId } = await sandbox.link();
    const other = await sandbox.link();
    await sandbox.control('faults', { path, itemId, times: 1, errorCode });

    expect((await sandbox.sdk.accountsGet({ access_token: other.token })).status).toBe(200);
    const hit = await refusal(sandbox.sdk.accountsGet({ access_token: token }));
    expect(hit).toMatchObject({ status, error_type, error_code: errorCode });
    expect((await sandbox.sdk.accountsGet({ access_token: token })).status).toBe(200);
  });

  it('a mutation hits requests with a cursor only', async () => {
    const { token, itemId } = await sandbox.link();
    await sandbox.ready(token);
    const { cursor } = await sandbox.drain(token);
    const errorCode = 'TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION';
    await sandbox.control('faults', { path: '/transactions/sync', itemId, times: 2, errorCode });

    const stored = { access_token: token, cursor: cursor ?? '' };
    expect(await refusal(sandbox.sdk.transactionsSync(stored))).toMatchObject({ error_code: errorCode });
    expect((await sandbox.drain(token, undefined, 500)).added.length).toBeGreaterThan(0);
    expect(await refusal(sandbox.sdk.transactionsSync(stored))).toMatchObject({ error_code: errorCode });
    expect((await sandbox.sdk.transactionsSync(stored)).status).toBe(200);
  });

  it('are refused to callers that come by another name', async () => {
    const { request } = await import('node:http');
    const { port } = new URL(sandbox.url);
    const status = await new Promise<number | undefined>((resolve, reject) => {
      request(
        {
          host: '127.0.0.1',
          port,
          path: '/_control/clock',
          method: 'POST',
          headers: { host: 'evil.example', 'content-type': 'application/json' },
        },
        (response) => {
          response.resume();
          resolve(response.statusCode);
        },
      )
        .on('error', reject)
        .end('{"advanceSeconds":1}');
    });

    expect(status).toBe(400);
  });
});
