import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startPlaidSandbox } from '@orrery/plaid-sandbox';
import { eventually } from '@orrery/testing';
import { type Constellation, startConstellation } from './constellation.ts';
import { exampleOf, type JsonSchema } from './example-of-schema.ts';
import {
  type Ask,
  type Caller,
  ERASURE_PATH,
  OWNED_THINGS,
  type OwnedThing,
  SHARED_PATHS,
} from './owned-things.ts';

interface Operation {
  parameters?: { in: string }[];
  requestBody?: { content: Record<string, { schema?: JsonSchema }> };
}
interface OpenApi {
  paths: Record<string, Record<string, Operation>>;
}

const METHODS = ['get', 'patch', 'put', 'post', 'delete'];

const BANK_DATABASE = `plaid_${randomUUID().slice(0, 8)}`;

let orrery: Constellation;
let bank: Awaited<ReturnType<typeof startPlaidSandbox>>;
let document: OpenApi;

beforeAll(async () => {
  bank = await startPlaidSandbox({
    mongoUri: process.env['TEST_MONGODB_URI'] ?? '',
    databaseName: BANK_DATABASE,
    port: 0,
    clientId: 'sandbox-client',
    secret: 'sandbox-secret',
  });
  orrery = await startConstellation({
    PLAID_ENV_MODE: 'sand',
    PLAID_CLIENT_ID: 'sandbox-client',
    PLAID_SECRET_sand: 'sandbox-secret',
    PLAID_ENV_sand: bank.url,
    PLAID_TOKEN_KEYS: `k1:${randomBytes(32).toString('base64url')}`,
  });
  document = (await (await fetch(`${orrery.url}/openapi.json`)).json()) as OpenApi;
}, 90_000);

afterAll(async () => {
  await bank.stop();
  await orrery.client.db(BANK_DATABASE).dropDatabase();
  await orrery.stop();
});

const caller = (name: string): Caller => {
  const userId = `${name}-${randomUUID()}`;
  return { userId, headers: orrery.signIn(userId) };
};

const ask: Ask = async ({ headers }, method, path, body) => {
  const answer = await fetch(`${orrery.url}${path}`, {
    method,
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  const isJson = (answer.headers.get('content-type') ?? '').includes('json') && text !== '';
  return { status: answer.status, text, json: isJson ? (JSON.parse(text) as unknown) : undefined };
};

const day = (ago: number): string => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10);

/** A year of purchases with a monthly payment and one purchase that is far from usual. */
const fillLedger = async ({ headers, userId }: Caller): Promise<void> => {
  const daily = Array.from(
    { length: 240 },
    (_unused, index) => `${day(index)},CARREFOUR CITY ${userId},-${String(20 + (index % 7))}.10,EUR`,
  );
  const monthly = [5, 35, 65, 96, 126, 157, 187].map((ago) => `${day(ago)},NETFLIX.COM ${userId},-13.49,EUR`);
  const odd = `${day(3)},CARREFOUR CITY ${userId},-890.00,EUR`;
  const lines = [...daily, ...monthly, odd];
  const form = new FormData();
  form.set('file', new File([`date,description,amount,currency\n${lines.join('\n')}\n`], 'year.csv'));
  await fetch(`${orrery.url}/v1/imports`, { method: 'POST', headers, body: form });
  await eventually(
    async () => (await fetch(`${orrery.url}/v1/transactions/totals`, { headers })).json(),
    (totals) => JSON.stringify(totals).includes(`"count":${String(lines.length)}`),
    { timeoutMs: 30_000, intervalMs: 100 },
  );
};

const operations = () =>
  Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method];
      return operation?.parameters?.some((parameter) => parameter.in === 'path') === true
        ? [{ name: `${method.toUpperCase()} ${path}`, method: method.toUpperCase(), path, operation }]
        : [];
    }),
  );

const covers = (prefix: string, path: string): boolean => path === prefix || path.startsWith(`${prefix}/`);

const isShared = (path: string): boolean =>
  [...SHARED_PATHS, ERASURE_PATH].some((prefix) => covers(prefix, path));

const bodyFor = ({ bodies = {} }: OwnedThing, name: string, { requestBody }: Operation): unknown => {
  const schema = requestBody?.content['application/json']?.schema;
  return bodies[name] ?? (schema === undefined ? undefined : exampleOf(schema, document));
};

describe('an id in a path', () => {
  it('is known to the test on every route, so that no new one is left out', () => {
    const unknown = operations()
      .filter(({ path }) => !isShared(path) && !OWNED_THINGS.some((thing) => covers(thing.path, path)))
      .map(({ name }) => name);

    expect(operations().length).toBeGreaterThan(30);
    expect(unknown).toEqual([]);
  });

  it('of something real that belongs to somebody else answers like an id of nothing, and changes nothing', async () => {
    const [owner, stranger] = [caller('owner'), caller('stranger')];
    await fillLedger(owner);

    const wrong: string[] = [];
    for (const thing of OWNED_THINGS) {
      const id = await thing.make(ask, owner);
      // Ids keep their form: what is not well-formed may be refused otherwise.
      const missing = /^[0-9a-f]{24}$/.test(id)
        ? 'f'.repeat(24)
        : id.replace(/[0-9a-z]{6,}$/i, randomUUID().replaceAll('-', '').slice(0, 12));
      const mine = operations()
        .filter(({ path }) => covers(thing.path, path))
        .sort((left, right) => Number(left.method === 'DELETE') - Number(right.method === 'DELETE'));
      const fill = (path: string, value: string) => path.replace(/\{\w+\}/, value);

      for (const { name, method, path, operation } of mine) {
        const body = bodyFor(thing, name, operation);
        const [theirs, nothing] = await Promise.all(
          [id, missing].map(async (value) => {
            const { status, text } = await ask(stranger, method, fill(path, value), body);
            return {
              status,
              text: text.replaceAll(value, '').replaceAll(/"request_?[iI]d":"[^"]*"/g, ''),
            };
          }),
        );
        if (theirs?.status !== nothing?.status || theirs?.text !== nothing?.text) {
          wrong.push(`${name}: ${JSON.stringify(theirs)} is not ${JSON.stringify(nothing)}`);
        }
        if (theirs?.status !== 404 && theirs?.status !== 403) {
          wrong.push(`${name} answers a stranger with ${JSON.stringify(theirs)}`);
        }
      }
      if (thing.isBeyondItsOwner !== true) {
        for (const { name, method, path, operation } of mine) {
          const { status, text } = await ask(owner, method, fill(path, id), bodyFor(thing, name, operation));
          // A conflict still shows that the thing is there and the body in order.
          if (status >= 400 && status !== 409) {
            wrong.push(`${name} is not there for its owner: ${String(status)} ${text}`);
          }
        }
      }
    }
    expect(wrong).toEqual([]);
  }, 120_000);

  it('of an erasure opens a result that names nobody, and no other id does', async () => {
    const leaver = caller('leaver');
    const { json } = await ask(leaver, 'POST', '/v1/privacy/erase');
    const { id } = json as { id: string };
    const nobody = { userId: '', headers: {} };
    const theirs = await ask(nobody, 'GET', ERASURE_PATH.replace('{erasureId}', id));
    const guess = await ask(nobody, 'GET', ERASURE_PATH.replace('{erasureId}', 'A'.repeat(43)));

    expect(id).toMatch(/^[\w-]{43}$/);
    expect(theirs.status).toBe(200);
    expect(theirs.text).not.toContain(leaver.userId);
    expect(guess.status).toBe(404);
  });
});
