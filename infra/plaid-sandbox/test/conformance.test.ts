import { createPublicKey, hash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import jwt from 'jsonwebtoken';
import {
  Configuration,
  CountryCode,
  PlaidApi,
  Products,
  SandboxItemFireWebhookRequestWebhookCodeEnum as Code,
  type AccountBase,
  type Holding,
  type InvestmentTransaction,
  type Item,
  type ItemWithConsentFields,
  type Security,
  type Transaction,
  type TransactionsSyncRequest,
} from 'plaid';
import { z } from 'zod';
import { CLIENT, idsOf, openReceiver, openSandbox, refusal, sdkFor, SECRET } from './open-sandbox.ts';

/**
 * Checks 1 to 21 of Plaid's contract, those about the wire, one test each, through the unmodified SDK. Checks 22 to 30
 * are about what we make of it and stand with the ingestion service.
 */
const NOW = new Date('2026-03-15T12:00:00Z');
const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;
const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const REQUEST_ID = /^[A-Za-z0-9]{15}$/u;

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

const customUser = (transactions: object[], currency = 'USD'): { username: string; password: string } => ({
  username: 'user_custom',
  password: JSON.stringify({
    override_accounts: [{ type: 'depository', subtype: 'checking', currency, transactions }],
  }),
});
const rows = (count: number): object[] =>
  Array.from({ length: count }, (_, index) => ({
    date_transacted: '2026-02-20',
    date_posted: '2026-02-21',
    amount: index + 0.5,
    description: `ROW ${String(index)}`,
  }));

/** Changes of an Item, as the control route takes them. */
const change = (itemId: string, body: object) => sandbox.control(`items/${itemId}/transactions`, body);
const added = (account: string | undefined, ...descriptions: string[]) =>
  descriptions.map((description) => ({
    account_id: account,
    date_transacted: '2026-03-01',
    date_posted: '2026-03-02',
    amount: 1,
    description,
  }));

/** The SDK asks for a string; clients in the wild send null, which goes over the wire as it is. */
const anyCursor = (token: string, cursor: string | null | undefined): TransactionsSyncRequest =>
  ({ access_token: token, count: 2, ...(cursor === undefined ? {} : { cursor }) }) as TransactionsSyncRequest;

const truthOf = async (itemId: string) => {
  const response = await fetch(`${sandbox.url}/_control/items/${itemId}/transactions`);
  return z
    .object({ transactions: z.array(z.looseObject({ transaction_id: z.string(), amount: z.number() })) })
    .parse(await response.json()).transactions;
};

/** Keys that the SDK's own types say are always there. */
type RequiredKeys<Shape> = {
  [Key in keyof Shape]-?: object extends Pick<Shape, Key> ? never : Key;
}[keyof Shape];
/** All of them, and no other: the compiler checks the list against the SDK. */
const required = <Shape>(keys: Record<RequiredKeys<Shape>, true>): string[] => Object.keys(keys);

const LOCATION = required<Transaction['location']>({
  address: true,
  city: true,
  region: true,
  postal_code: true,
  country: true,
  lat: true,
  lon: true,
  store_number: true,
});
const PAYMENT = required<Transaction['payment_meta']>({
  reference_number: true,
  ppd_id: true,
  payee: true,
  by_order_of: true,
  payer: true,
  payment_method: true,
  payment_processor: true,
  reason: true,
});
const TRANSACTION = required<Transaction>({
  account_id: true,
  account_owner: true,
  amount: true,
  authorized_date: true,
  authorized_datetime: true,
  date: true,
  datetime: true,
  iso_currency_code: true,
  location: true,
  name: true,
  payment_channel: true,
  payment_meta: true,
  pending: true,
  pending_transaction_id: true,
  transaction_code: true,
  transaction_id: true,
  unofficial_currency_code: true,
});
const BALANCES = required<AccountBase['balances']>({
  available: true,
  current: true,
  limit: true,
  iso_currency_code: true,
  unofficial_currency_code: true,
});
const ACCOUNT = required<AccountBase>({
  account_id: true,
  balances: true,
  mask: true,
  name: true,
  official_name: true,
  subtype: true,
  type: true,
});
const ITEM = required<Item>({
  available_products: true,
  billed_products: true,
  consent_expiration_time: true,
  error: true,
  item_id: true,
  update_type: true,
  webhook: true,
});
const HOLDING = required<Holding>({
  account_id: true,
  cost_basis: true,
  institution_price: true,
  institution_value: true,
  iso_currency_code: true,
  quantity: true,
  security_id: true,
  unofficial_currency_code: true,
});
const SECURITY = required<Security>({
  cfi_code: true,
  close_price: true,
  close_price_as_of: true,
  cusip: true,
  figi: true,
  fixed_income: true,
  industry: true,
  institution_id: true,
  institution_security_id: true,
  is_cash_equivalent: true,
  isin: true,
  iso_currency_code: true,
  market_identifier_code: true,
  name: true,
  option_contract: true,
  proxy_security_id: true,
  sector: true,
  security_id: true,
  sedol: true,
  ticker_symbol: true,
  type: true,
  unofficial_currency_code: true,
});
const INVESTMENT = required<InvestmentTransaction>({
  account_id: true,
  amount: true,
  date: true,
  fees: true,
  investment_transaction_id: true,
  iso_currency_code: true,
  name: true,
  price: true,
  quantity: true,
  security_id: true,
  subtype: true,
  type: true,
  unofficial_currency_code: true,
});

const lacking = (shape: object, keys: readonly string[]): string[] =>
  keys.filter((key) => Reflect.get(shape, key) === undefined);
const currencies = (shape: {
  iso_currency_code: string | null;
  unofficial_currency_code: string | null;
}): number =>
  [shape.iso_currency_code, shape.unofficial_currency_code].filter((code) => code !== null).length;

const Signed = z.object({ iat: z.number(), request_body_sha256: z.string() });
const Header = z.object({ alg: z.literal('ES256'), kid: z.string(), typ: z.literal('JWT') });

describe('linking', () => {
  it('check 1: the least fields make a link token for four hours', async () => {
    const { status, data } = await sandbox.sdk.linkTokenCreate(linkRequest);

    expect(status).toBe(200);
    expect(data.link_token).toMatch(new RegExp(`^link-sandbox-${UUID}$`, 'u'));
    expect(Math.abs(Date.parse(data.expiration) - Date.now() - 4 * HOUR * 1000)).toBeLessThan(5_000);
    expect(data.request_id).toMatch(REQUEST_ID);
  });

  it('check 2: a wrong secret is refused by every call, and credentials in the body alone are enough', async () => {
    const wrong = sdkFor(sandbox.url, 'guess');
    const { token } = await sandbox.link();
    const calls = [
      wrong.linkTokenCreate(linkRequest),
      wrong.itemGet({ access_token: token }),
      wrong.accountsGet({ access_token: token }),
      wrong.transactionsSync({ access_token: token }),
      wrong.itemRemove({ access_token: token }),
      wrong.institutionsGetById({ institution_id: 'ins_1', country_codes: [CountryCode.Us] }),
      wrong.webhookVerificationKeyGet({ key_id: 'x' }),
    ];
    for (const call of calls) {
      expect(await refusal(call)).toMatchObject({
        status: 400,
        error_type: 'INVALID_INPUT',
        error_code: 'INVALID_API_KEYS',
        request_id: expect.stringMatching(REQUEST_ID),
      });
    }

    const bare = new PlaidApi(new Configuration({ basePath: sandbox.url }));
    const body = { client_id: CLIENT, secret: SECRET, access_token: token };
    expect((await bare.itemGet(body)).data.item.item_id).toMatch(/^[A-Za-z0-9]{37}$/u);
    expect(await refusal(bare.itemGet({ ...body, secret: 'guess' }))).toMatchObject({
      error_code: 'INVALID_API_KEYS',
    });
  });

  it('check 3: a missing, an unknown and a wrong field are told apart', async () => {
    const { token } = await sandbox.link();
    const sync = (body: object) => refusal(sandbox.sdk.transactionsSync(body as TransactionsSyncRequest));

    const missing = await sync({});
    expect(missing).toMatchObject({
      status: 400,
      error_type: 'INVALID_REQUEST',
      error_code: 'MISSING_FIELDS',
      error_message: expect.stringContaining('access_token'),
      display_message: null,
    });
    expect(await sync({ access_token: token, foo: 1 })).toMatchObject({
      status: 400,
      error_type: 'INVALID_REQUEST',
      error_code: 'UNKNOWN_FIELDS',
      error_message: expect.stringContaining('foo'),
    });
    for (const count of [0, 501, 1.5, 'ten']) {
      expect(await sync({ access_token: token, count })).toMatchObject({
        status: 400,
        error_type: 'INVALID_REQUEST',
        error_code: 'INVALID_FIELD',
        error_message: expect.stringContaining('count'),
      });
    }
    for (const count of [1, 500]) {
      expect((await sandbox.sdk.transactionsSync({ access_token: token, count })).status).toBe(200);
    }
  });

  it('check 4: a public token is exchanged once, within thirty minutes', async () => {
    const create = async () => {
      const { data } = await sandbox.sdk.sandboxPublicTokenCreate({
        institution_id: 'ins_109508',
        initial_products: [Products.Transactions],
      });
      return data.public_token;
    };
    const first = await create();
    expect(first).toMatch(new RegExp(`^public-sandbox-${UUID}$`, 'u'));
    const { data } = await sandbox.sdk.itemPublicTokenExchange({ public_token: first });
    expect(data.access_token).toMatch(new RegExp(`^access-sandbox-${UUID}$`, 'u'));
    expect(data.item_id).toMatch(/^[A-Za-z0-9]{37}$/u);

    const refused = { status: 400, error_type: 'INVALID_INPUT', error_code: 'INVALID_PUBLIC_TOKEN' };
    const exchange = (public_token: string) => sandbox.sdk.itemPublicTokenExchange({ public_token });
    expect(await refusal(exchange(first))).toMatchObject(refused);
    expect(await refusal(exchange('nonsense'))).toMatchObject({
      ...refused,
      error_message: expect.stringContaining('expected format: public-<environment>-<identifier>'),
    });
    const [inTime, late] = [await create(), await create()];
    await sandbox.advance(29 * MINUTE);
    expect((await exchange(inTime)).status).toBe(200);
    await sandbox.advance(2 * MINUTE);
    expect(await refusal(exchange(late))).toMatchObject(refused);
  });
});

describe('transactions/sync', () => {
  it('check 5: the first call on a fresh Item is answered with NOT_READY, and get is refused', async () => {
    const slow = await openSandbox({ now: () => NOW, initialMs: HOUR * 1000, historicalMs: 2 * HOUR * 1000 });
    const { token } = await slow.link();

    for (let attempt = 0; attempt < 2; attempt += 1) {
      const { status, data } = await slow.sdk.transactionsSync({ access_token: token });
      expect(status).toBe(200);
      expect(data).toMatchObject({
        transactions_update_status: 'NOT_READY',
        added: [],
        modified: [],
        removed: [],
        has_more: false,
        next_cursor: '',
      });
    }
    const early = slow.sdk.transactionsGet({
      access_token: token,
      start_date: '2026-01-01',
      end_date: '2026-03-01',
    });
    expect(await refusal(early)).toMatchObject({
      status: 400,
      error_type: 'ITEM_ERROR',
      error_code: 'PRODUCT_NOT_READY',
    });

    await slow.advance(HOUR);
    const initial = await slow.drain(token, '');
    expect(initial.pages[0]?.transactions_update_status).toBe('INITIAL_UPDATE_COMPLETE');
    expect(initial.added.length).toBeGreaterThan(20);
    expect(initial.added.every(({ date }) => date >= '2026-02-13')).toBe(true);
    await slow.advance(HOUR);
    const rest = await slow.drain(token, initial.cursor);
    expect(rest.pages[0]?.transactions_update_status).toBe('HISTORICAL_UPDATE_COMPLETE');
    expect(rest.added.length).toBeGreaterThan(20);
    expect(rest.added.every(({ date }) => date < '2026-02-13')).toBe(true);
    await slow.close();
  });

  it('check 6: a cursor that is null, absent or empty gives the same whole history', async () => {
    const { token } = await sandbox.link(customUser(rows(5)));
    await sandbox.ready(token);

    const histories = await Promise.all(
      [null, undefined, ''].map(async (cursor) => {
        const { data } = await sandbox.sdk.transactionsSync(anyCursor(token, cursor));
        const rest = await sandbox.drain(token, data.next_cursor, 2);
        const { request_id: _id, ...first } = data;
        return { first, rest: rest.added };
      }),
    );

    expect(histories[0]?.first).toMatchObject({ has_more: true, modified: [], removed: [] });
    expect([...(histories[0]?.first.added ?? []), ...(histories[0]?.rest ?? [])]).toHaveLength(5);
    expect(histories[1]).toEqual(histories[0]);
    expect(histories[2]).toEqual(histories[0]);
  });

  it('check 7: 1,234 updates of every kind come as 500, 500 and 234, and fold to the whole', async () => {
    const { token, itemId } = await sandbox.link(customUser(rows(1_100)));
    await sandbox.ready(token);
    const first = (await sandbox.sdk.transactionsSync({ access_token: token })).data;
    expect(first.added).toHaveLength(100);
    expect(first.has_more).toBe(true);

    const settled = await sandbox.drain(token);
    const ids = idsOf(settled.added);
    expect(new Set(ids).size).toBe(1_100);
    await change(itemId, { add: added(settled.added[0]?.account_id, ...ids.slice(0, 434)) });
    await change(itemId, {
      modify: ids.slice(0, 400).map((transaction_id) => ({ transaction_id, amount: 7 })),
      remove: ids.slice(400, 800),
    });
    const { pages, ...news } = await sandbox.drain(token, settled.cursor);

    expect(pages.map((page) => page.added.length + page.modified.length + page.removed.length)).toEqual([
      500, 500, 234,
    ]);
    expect(pages.map(({ has_more }) => has_more)).toEqual([true, true, false]);
    const touched = [
      ...idsOf(news.added),
      ...idsOf(news.modified),
      ...news.removed.map(({ transaction_id }) => transaction_id),
    ];
    expect(new Set(touched).size).toBe(1_234);
    const fold = new Map(
      [...settled.added, ...news.added, ...news.modified].map((row) => [row.transaction_id, row]),
    );
    news.removed.forEach(({ transaction_id }) => fold.delete(transaction_id));
    const amounts = (list: Iterable<{ transaction_id: string; amount: number }>) =>
      [...list].map(({ transaction_id, amount }) => `${transaction_id} ${String(amount)}`).toSorted();
    expect(amounts(fold.values())).toEqual(amounts(await truthOf(itemId)));
  });

  it('check 8: a change between two pages refuses the next one, and a new beginning includes it', async () => {
    const { token, itemId } = await sandbox.link(customUser(rows(5)));
    await sandbox.ready(token);
    const settled = await sandbox.drain(token);
    const account = settled.added[0]?.account_id;
    await change(itemId, { add: added(account, 'A', 'B') });
    const page = (cursor: string | undefined) =>
      sandbox.sdk.transactionsSync({ access_token: token, cursor: cursor ?? '', count: 1 });
    const first = (await page(settled.cursor)).data;
    expect(first.has_more).toBe(true);

    await change(itemId, { add: added(account, 'C') });

    expect(await refusal(page(first.next_cursor))).toMatchObject({
      status: 400,
      error_type: 'TRANSACTIONS_ERROR',
      error_code: 'TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION',
      error_message:
        'Underlying transaction data changed since last page was fetched. Please restart pagination from last update.',
    });
    const again = await sandbox.drain(token, settled.cursor, 1);
    expect(again.added.map(({ name }) => name)).toEqual(['A', 'B', 'C']);
  });

  it('check 9: nothing new gives empty arrays, and an old cursor gives the same updates again', async () => {
    const { token, itemId } = await sandbox.link(customUser(rows(3)));
    await sandbox.ready(token);
    const { cursor, added: known } = await sandbox.drain(token);
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const { data } = await sandbox.sdk.transactionsSync({ access_token: token, cursor: cursor ?? '' });
      expect(data).toMatchObject({ added: [], modified: [], removed: [], has_more: false });
      expect((await sandbox.drain(token, data.next_cursor)).pages).toHaveLength(1);
    }

    const [first, second] = idsOf(known);
    await change(itemId, {
      add: added(known[0]?.account_id, 'NEW'),
      modify: [{ transaction_id: first, amount: 99.99, name: 'CHANGED' }],
      remove: [second],
    });
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const news = await sandbox.drain(token, cursor);
      expect(news.added).toMatchObject([{ name: 'NEW' }]);
      expect(news.modified).toMatchObject([{ transaction_id: first, amount: 99.99, name: 'CHANGED' }]);
      expect(news.removed).toEqual([{ transaction_id: second, account_id: known[1]?.account_id }]);
    }
    const fresh = await sandbox.drain(token);
    expect(fresh.added).toHaveLength(3);
    expect([...fresh.modified, ...fresh.removed]).toEqual([]);
  });

  it("check 10: one Item's cursor is refused with another Item's token", async () => {
    const one = await sandbox.link(customUser(rows(1)));
    const two = await sandbox.link(customUser(rows(1)));
    await sandbox.ready(one.token);
    await sandbox.ready(two.token);
    const { cursor } = await sandbox.drain(one.token);
    const refused = {
      status: 400,
      error_type: 'INVALID_REQUEST',
      error_code: 'INVALID_FIELD',
      error_message: 'cursor not associated with access_token',
    };

    for (const given of [cursor ?? '', 'bm9uc2Vuc2U=']) {
      const foreign = sandbox.sdk.transactionsSync({ access_token: two.token, cursor: given });
      expect(await refusal(foreign)).toMatchObject(refused);
    }
    expect((await sandbox.drain(one.token, cursor)).added).toEqual([]);
  });

  it('check 11: a pending transaction posts under a new id that names the old one', async () => {
    const { token, itemId } = await sandbox.link(
      customUser([
        { date_transacted: '2026-03-14', date_posted: '2026-03-20', amount: 20, description: 'HOTEL' },
      ]),
    );
    await sandbox.ready(token);
    const before = await sandbox.drain(token);
    const old = before.added[0];
    expect(old).toMatchObject({ pending: true, date: '2026-03-14', pending_transaction_id: null });

    await change(itemId, {
      post: [{ transaction_id: old?.transaction_id, date: '2026-03-15', amount: 23.6 }],
    });

    const after = await sandbox.drain(token, before.cursor);
    expect(after.added).toMatchObject([
      { pending: false, pending_transaction_id: old?.transaction_id, date: '2026-03-15', amount: 23.6 },
    ]);
    expect(after.added[0]?.transaction_id).not.toBe(old?.transaction_id);
    expect(after.removed).toEqual([{ transaction_id: old?.transaction_id, account_id: old?.account_id }]);
    expect(after.modified).toEqual([]);
  });

  it('check 12: a refresh of the dynamic user brings pending rows and posts the earlier ones, twice a minute', async () => {
    const own = await openSandbox({ now: () => NOW, rateLimits: true });
    const receiver = await openReceiver();
    const { token } = await own.link({
      username: 'user_transactions_dynamic',
      password: 'anything',
      webhook: receiver.url,
    });
    await own.ready(token);
    const before = await own.drain(token);
    expect(before.added.length).toBeGreaterThan(30);
    expect(before.added.length).toBeLessThan(90);
    const already = before.added.filter(({ pending }) => pending);
    const soFar = (code: string): number => receiver.codes().filter((received) => received === code).length;
    const syncs = soFar('SYNC_UPDATES_AVAILABLE');

    await own.sdk.transactionsRefresh({ access_token: token });
    await receiver.waitFor('DEFAULT_UPDATE', 1);
    const first = await own.drain(token, before.cursor);
    const fresh = first.added.filter(({ pending }) => pending);
    expect(fresh.length).toBeGreaterThan(0);
    expect(first.removed.map(({ transaction_id }) => transaction_id).toSorted()).toEqual(
      idsOf(already).toSorted(),
    );

    await own.sdk.transactionsRefresh({ access_token: token });
    await receiver.waitFor('DEFAULT_UPDATE', 2);
    const second = await own.drain(token, first.cursor);
    expect(
      second.added.flatMap(({ pending_transaction_id: id }) => (id === null ? [] : [id])).toSorted(),
    ).toEqual(idsOf(fresh).toSorted());
    expect(second.removed.map(({ transaction_id }) => transaction_id).toSorted()).toEqual(
      idsOf(fresh).toSorted(),
    );
    await receiver.waitFor('SYNC_UPDATES_AVAILABLE', syncs + 2);
    await receiver.waitFor('TRANSACTIONS_REMOVED');

    expect(await refusal(own.sdk.transactionsRefresh({ access_token: token }))).toMatchObject({
      status: 429,
      error_type: 'RATE_LIMIT_EXCEEDED',
      error_code: 'TRANSACTIONS_REFRESH_LIMIT',
    });
    await own.advance(61);
    expect((await own.sdk.transactionsRefresh({ access_token: token })).status).toBe(200);
    await receiver.close();
    await own.close();
  });

  it("check 13: a custom user's row of tomorrow is pending, and posts when the clock passes that day", async () => {
    const own = await openSandbox({ now: () => NOW });
    const { token } = await own.link(
      customUser([
        { date_transacted: '2026-03-14', date_posted: '2026-03-16', amount: 20, description: 'HOTEL' },
        { date_transacted: '2026-03-13', date_posted: '2026-03-14', amount: 5, description: 'BUS' },
      ]),
    );
    await own.ready(token);
    const before = await own.drain(token);
    const old = before.added.find(({ name }) => name === 'HOTEL');
    expect(old).toMatchObject({ pending: true, date: '2026-03-14' });
    expect(before.added.find(({ name }) => name === 'BUS')).toMatchObject({ pending: false });

    await own.advance(DAY);

    const after = await own.drain(token, before.cursor);
    expect(after.added).toMatchObject([
      { pending: false, pending_transaction_id: old?.transaction_id, date: '2026-03-16', amount: 20 },
    ]);
    expect(after.removed).toEqual([{ transaction_id: old?.transaction_id, account_id: old?.account_id }]);
    await own.close();
  });

  it('check 14: every transaction, account, Item, holding and security has all keys that the SDK requires', async () => {
    const people = [
      { username: 'user_us', institution: 'ins_109508' },
      { username: 'user_uk', institution: 'ins_117650' },
      { username: 'user_fr', institution: 'ins_990033' },
      { username: 'user_kr', institution: 'ins_990082' },
      customUser(
        [{ date_transacted: '2026-03-01', date_posted: '2026-03-02', amount: 0.0125, description: 'COIN' }],
        'BTC',
      ),
    ];
    const channels = new Set<string>();
    const units = new Set<string | null>();
    for (const person of people) {
      const { token } = await sandbox.link({ ...person, days: 120 });
      await sandbox.ready(token);
      const { pages, added: transactions } = await sandbox.drain(token);
      expect(transactions.length).toBeGreaterThan(0);
      for (const row of transactions) {
        expect(lacking(row, TRANSACTION)).toEqual([]);
        expect(lacking(row.location, LOCATION)).toEqual([]);
        expect(lacking(row.payment_meta, PAYMENT)).toEqual([]);
        expect(currencies(row)).toBe(1);
        expect(row.transaction_id).toMatch(/^[A-Za-z0-9]{37}$/u);
        const category = row.personal_finance_category;
        expect(category?.detailed.startsWith(category.primary) ?? true).toBe(true);
        channels.add(row.payment_channel);
        units.add(row.iso_currency_code ?? row.unofficial_currency_code);
      }
      const { accounts, item } = (await sandbox.sdk.accountsGet({ access_token: token })).data;
      const told: ItemWithConsentFields = (await sandbox.sdk.itemGet({ access_token: token })).data.item;
      for (const account of [...accounts, ...(pages[0]?.accounts ?? [])]) {
        expect(lacking(account, ACCOUNT)).toEqual([]);
        expect(lacking(account.balances, BALANCES)).toEqual([]);
        expect(currencies(account.balances)).toBe(1);
      }
      for (const shown of [item, told]) {
        expect(lacking(shown, ITEM)).toEqual([]);
        expect(shown.available_products.filter((name) => shown.billed_products.includes(name))).toEqual([]);
        expect(shown.billed_products).not.toContain('balance');
      }
    }
    expect([...channels].toSorted()).toEqual(['in store', 'online', 'other']);
    expect([...units].toSorted()).toEqual(['BTC', 'EUR', 'GBP', 'KRW', 'USD']);

    const { token } = await sandbox.link({ products: [Products.Investments] });
    const held = (await sandbox.sdk.investmentsHoldingsGet({ access_token: token })).data;
    const moved = (
      await sandbox.sdk.investmentsTransactionsGet({
        access_token: token,
        start_date: '2025-03-15',
        end_date: '2026-03-15',
      })
    ).data;
    expect(
      Math.min(held.holdings.length, held.securities.length, moved.investment_transactions.length),
    ).toBeGreaterThan(2);
    for (const [shapes, keys] of [
      [held.holdings, HOLDING],
      [held.securities, SECURITY],
      [moved.investment_transactions, INVESTMENT],
    ] as const) {
      for (const shape of shapes) {
        expect(lacking(shape, keys)).toEqual([]);
        expect(currencies(shape)).toBe(1);
      }
    }
    expect(held.accounts.every(({ balances }) => 'margin_loan_amount' in balances)).toBe(true);
  });

  it("check 15: the bank's own text comes on request, and one account has a cursor of its own", async () => {
    const { token, itemId } = await sandbox.link({ days: 90 });
    await sandbox.ready(token);
    const plain = await sandbox.drain(token);
    expect(plain.added.some((row) => 'original_description' in row)).toBe(false);
    const asked = (
      await sandbox.sdk.transactionsSync({
        access_token: token,
        options: { include_original_description: true },
      })
    ).data;
    expect(asked.added.every((row) => typeof row.original_description === 'string')).toBe(true);

    const { accounts } = (await sandbox.sdk.accountsGet({ access_token: token })).data;
    const card = accounts.find(({ type }) => type.toString() === 'credit')?.account_id ?? '';
    const checking = accounts.find(({ subtype }) => subtype?.toString() === 'checking')?.account_id ?? '';
    const ofCard = async (cursor?: string) =>
      (
        await sandbox.sdk.transactionsSync({
          access_token: token,
          count: 500,
          options: { account_id: card },
          ...(cursor === undefined ? {} : { cursor }),
        })
      ).data;
    const narrow = await ofCard();
    expect(narrow.added.length).toBeGreaterThan(10);
    expect(new Set(narrow.added.map(({ account_id }) => account_id))).toEqual(new Set([card]));
    expect(idsOf(narrow.added).toSorted()).toEqual(
      idsOf(plain.added.filter(({ account_id }) => account_id === card)).toSorted(),
    );

    await change(itemId, { add: [...added(card, 'ON THE CARD'), ...added(checking, 'ELSEWHERE')] });
    expect((await ofCard(narrow.next_cursor)).added.map(({ name }) => name)).toEqual(['ON THE CARD']);
    expect((await sandbox.drain(token, plain.cursor)).added.map(({ name }) => name)).toEqual([
      'ON THE CARD',
      'ELSEWHERE',
    ]);
    expect(await refusal(ofCard(plain.cursor))).toMatchObject({ error_code: 'INVALID_FIELD' });
    const unknown = sandbox.sdk.transactionsSync({ access_token: token, options: { account_id: 'nobody' } });
    expect(await refusal(unknown)).toMatchObject({ error_code: 'INVALID_ACCOUNT_ID' });
  });

  it('check 16: the history is as long as was asked for at first, and never longer', async () => {
    const long = await sandbox.link({ days: 730 });
    const short = await sandbox.link();
    await sandbox.ready(long.token);
    await sandbox.ready(short.token);
    const oldest = (list: readonly Transaction[]): string => list.map(({ date }) => date).toSorted()[0] ?? '';

    const all = await sandbox.drain(long.token);
    const few = await sandbox.drain(short.token);
    expect(oldest(all.added) >= '2024-03-15').toBe(true);
    expect(oldest(all.added) < '2024-04-01').toBe(true);
    expect(all.added.length).toBeGreaterThan(1_000);
    expect(oldest(few.added) >= '2025-12-15').toBe(true);
    expect(oldest(few.added) < '2026-01-01').toBe(true);

    await sandbox.sdk.transactionsSync({ access_token: short.token, options: { days_requested: 730 } });
    expect(idsOf((await sandbox.drain(short.token)).added)).toEqual(idsOf(few.added));
  });

  it('check 17: sync webhooks come only after the first sync, first for the last month, then for all', async () => {
    const receiver = await openReceiver();
    const own = await openSandbox({ now: () => NOW, initialMs: 60_000, historicalMs: 120_000 });
    const silent = await own.link({ webhook: receiver.url });
    const synced = await own.link({ webhook: receiver.url });
    await own.sdk.transactionsSync({ access_token: synced.token });
    const of = (itemId: string) => receiver.received.filter(({ body }) => body['item_id'] === itemId);
    const count = (itemId: string, code: string): number =>
      of(itemId).filter(({ body }) => body['webhook_code'] === code).length;
    const flags = (): unknown[] =>
      of(synced.itemId)
        .filter(({ body }) => body['webhook_code'] === 'SYNC_UPDATES_AVAILABLE')
        .map(({ body }) => [body['initial_update_complete'], body['historical_update_complete']]);
    await own.advance(60);
    await receiver.waitFor('INITIAL_UPDATE', 2);
    await receiver.waitFor('SYNC_UPDATES_AVAILABLE');
    expect(new Set(flags().map(String))).toEqual(new Set(['true,false']));
    await own.advance(60);
    await receiver.waitFor('HISTORICAL_UPDATE', 2);
    await own.control(`items/${silent.itemId}/transactions`, {
      add: added(
        (await own.sdk.accountsGet({ access_token: silent.token })).data.accounts[0]?.account_id,
        'A',
      ),
    });
    await receiver.waitFor('DEFAULT_UPDATE');

    // A webhook whose answer is still on its way when the clock jumps comes again.
    expect([...new Set(flags().map(String))]).toEqual(['true,false', 'true,true']);
    expect(count(silent.itemId, 'INITIAL_UPDATE')).toBeGreaterThan(0);
    expect(count(silent.itemId, 'SYNC_UPDATES_AVAILABLE')).toBe(0);

    await own.sdk.transactionsSync({ access_token: silent.token });
    await own.control(`items/${silent.itemId}/transactions`, {
      add: added(
        (await own.sdk.accountsGet({ access_token: silent.token })).data.accounts[0]?.account_id,
        'B',
      ),
    });
    await receiver.waitFor('DEFAULT_UPDATE', 2);
    const news = (await receiver.waitFor('SYNC_UPDATES_AVAILABLE', flags().length + 1)).find(
      ({ body }) => body['item_id'] === silent.itemId,
    );
    expect(news?.body).toEqual({
      environment: 'sandbox',
      historical_update_complete: true,
      initial_update_complete: true,
      item_id: silent.itemId,
      webhook_code: 'SYNC_UPDATES_AVAILABLE',
      webhook_type: 'TRANSACTIONS',
    });
    await own.close();
    await receiver.close();
  });
});

describe('the life of an Item', () => {
  it('check 18: after a reset every data call wants a sign-in, and a repair gives back the same Item', async () => {
    const receiver = await openReceiver();
    const { token, itemId } = await sandbox.link({
      webhook: receiver.url,
      products: [Products.Transactions, Products.Investments, Products.Liabilities],
    });
    await sandbox.ready(token);
    const before = await sandbox.drain(token);
    const accountIds = async () =>
      (await sandbox.sdk.accountsGet({ access_token: token })).data.accounts.map(
        ({ account_id }) => account_id,
      );
    const ids = await accountIds();
    const { data } = await sandbox.sdk.sandboxItemResetLogin({ access_token: token });
    expect(data.reset_login).toBe(true);

    const { sdk } = sandbox;
    const body = { access_token: token };
    for (const call of [
      sdk.transactionsSync(body),
      sdk.transactionsGet({ ...body, start_date: '2026-01-01', end_date: '2026-03-01' }),
      sdk.transactionsRefresh(body),
      sdk.transactionsRecurringGet(body),
      sdk.accountsGet(body),
      sdk.accountsBalanceGet(body),
      sdk.investmentsHoldingsGet(body),
      sdk.liabilitiesGet(body),
    ]) {
      expect(await refusal(call)).toMatchObject({
        status: 400,
        error_type: 'ITEM_ERROR',
        error_code: 'ITEM_LOGIN_REQUIRED',
      });
    }
    const told = await sdk.itemGet(body);
    expect(told.status).toBe(200);
    expect(told.data.item.error).toMatchObject({
      error_code: 'ITEM_LOGIN_REQUIRED',
      error_type: 'ITEM_ERROR',
    });
    const [webhook] = await receiver.waitFor('ERROR');
    expect(webhook?.body).toMatchObject({
      webhook_type: 'ITEM',
      item_id: itemId,
      error: { error_code: 'ITEM_LOGIN_REQUIRED', status: 400 },
    });

    await sandbox.control(`items/${itemId}/repair`);
    await receiver.waitFor('LOGIN_REPAIRED');
    expect(idsOf((await sandbox.drain(token)).added)).toEqual(idsOf(before.added));
    expect(await accountIds()).toEqual(ids);
    expect((await sdk.itemGet(body)).data.item.error).toBeNull();
    await receiver.close();
  });

  it('check 19: an invalidated token is unknown, its successor goes on, and a removed Item is not found', async () => {
    const { token } = await sandbox.link();
    await sandbox.ready(token);
    const { cursor } = await sandbox.drain(token);
    const { new_access_token: fresh } = (await sandbox.sdk.itemAccessTokenInvalidate({ access_token: token }))
      .data;
    expect(await refusal(sandbox.sdk.itemGet({ access_token: token }))).toMatchObject({
      status: 400,
      error_type: 'INVALID_INPUT',
      error_code: 'INVALID_ACCESS_TOKEN',
      error_message: 'could not find matching access token',
    });
    expect(await sandbox.drain(fresh, cursor)).toMatchObject({ added: [], modified: [], removed: [] });

    const { data } = await sandbox.sdk.itemRemove({ access_token: fresh });
    expect(Object.keys(data)).toEqual(['request_id']);
    for (const call of [
      sandbox.sdk.itemGet({ access_token: fresh }),
      sandbox.sdk.transactionsSync({ access_token: fresh }),
      sandbox.sdk.itemRemove({ access_token: fresh }),
    ]) {
      expect(await refusal(call)).toMatchObject({
        status: 400,
        error_type: 'ITEM_ERROR',
        error_code: 'ITEM_NOT_FOUND',
      });
    }
  });
});

describe('webhooks', () => {
  it('check 20: a webhook verifies with a standard library and the served key, anew at each attempt', async () => {
    const own = await openSandbox({ now: () => NOW });
    const receiver = await openReceiver();
    receiver.state.status = 500;
    const { token } = await own.link({ webhook: receiver.url, products: [Products.Auth] });
    await own.sdk.sandboxItemFireWebhook({ access_token: token, webhook_code: Code.LoginRepaired });
    await receiver.waitFor('LOGIN_REPAIRED');
    await own.stored('deliveries', ({ attempts }) => attempts === 1);
    const before = Date.now();
    await own.advance(30);
    const received = await receiver.waitFor('LOGIN_REPAIRED', 2);

    for (const { header, raw } of received) {
      const decoded = jwt.decode(header ?? '', { complete: true });
      const { kid } = Header.parse(decoded?.header);
      const { key } = (await own.sdk.webhookVerificationKeyGet({ key_id: kid })).data;
      expect(key).toMatchObject({
        alg: 'ES256',
        crv: 'P-256',
        kty: 'EC',
        use: 'sig',
        kid,
        created_at: expect.any(Number),
        expired_at: null,
      });
      const publicKey = createPublicKey({
        key: { kty: key.kty, crv: key.crv, x: key.x, y: key.y },
        format: 'jwk',
      });
      const claims = Signed.parse(jwt.verify(header ?? '', publicKey, { algorithms: ['ES256'] }));
      expect(claims.request_body_sha256).toBe(hash('sha256', raw, 'hex'));
      expect(raw).toContain('{\n  "environment": "sandbox"');
      expect(Math.abs(Date.now() / 1000 - claims.iat)).toBeLessThan(30);
    }
    const second = Signed.parse(jwt.decode(received[1]?.header ?? ''));
    expect(second.iat).toBeGreaterThanOrEqual(Math.floor(before / 1000));
    expect(received[1]?.header).not.toBe(received[0]?.header);
    expect(await refusal(own.sdk.webhookVerificationKeyGet({ key_id: 'unknown' }))).toMatchObject({
      status: 400,
      error_type: 'INVALID_INPUT',
      error_code: 'INVALID_WEBHOOK_VERIFICATION_KEY_ID',
    });
    await receiver.close();
    await own.close();
  });

  it('check 21: a failing receiver is tried at growing pauses for a day, or when it says, and needs an address', async () => {
    const own = await openSandbox({ now: () => NOW });
    const failing = await openReceiver();
    failing.state.status = 500;
    const { token } = await own.link({ webhook: failing.url, products: [Products.Auth] });
    await own.sdk.sandboxItemFireWebhook({ access_token: token, webhook_code: Code.LoginRepaired });
    await failing.waitFor('LOGIN_REPAIRED');
    for (const [done, seconds] of [30, 120, 480, 1_920, 7_680, 30_720].entries()) {
      // The answer to an attempt is noted a moment after it has arrived here.
      await own.stored('deliveries', ({ attempts }) => attempts === done + 1);
      await own.advance(seconds - 5);
      expect(failing.received).toHaveLength(done + 1);
      await own.advance(5);
      await failing.waitFor('LOGIN_REPAIRED', done + 2);
    }
    await own.stored('deliveries', undefined);
    await own.advance(2 * DAY);
    expect(failing.received).toHaveLength(7);
    await failing.close();

    const busy = await openReceiver();
    busy.state.status = 429;
    busy.state.headers = { 'retry-after': '600' };
    const linked = await own.link({ webhook: busy.url, products: [Products.Auth] });
    await own.sdk.sandboxItemFireWebhook({ access_token: linked.token, webhook_code: Code.LoginRepaired });
    await busy.waitFor('LOGIN_REPAIRED');
    await own.stored('deliveries', ({ attempts }) => attempts === 1);
    busy.state.status = 200;
    await own.advance(590);
    expect(busy.received).toHaveLength(1);
    await own.advance(10);
    await busy.waitFor('LOGIN_REPAIRED', 2);
    await busy.close();

    const silent = await own.link();
    const fired = own.sdk.sandboxItemFireWebhook({
      access_token: silent.token,
      webhook_code: Code.DefaultUpdate,
    });
    expect(await refusal(fired)).toMatchObject({
      status: 400,
      error_type: 'SANDBOX_ERROR',
      error_code: 'SANDBOX_WEBHOOK_INVALID',
    });
    await own.close();
  });
});
