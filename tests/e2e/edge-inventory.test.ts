import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ROUTES, compileRoutes } from '../../gateway/src/index.ts';
import { createOrreryClient } from '../../packages/client/src/index.ts';
import { eventually } from '../../packages/testing/src/index.ts';
import { type Constellation, startConstellation } from './constellation.ts';

interface Operation {
  security?: unknown[];
  parameters?: {
    name: string;
    in: string;
    required?: boolean;
    schema?: { type?: string; pattern?: string };
  }[];
  requestBody?: { content: Record<string, unknown> };
}
interface OpenApi {
  paths: Record<string, Record<string, Operation>>;
}

/** Pages of the gateway itself. */
const OWN = new Set([
  '/',
  '/health',
  '/healthz',
  '/readyz',
  '/docs',
  '/redoc',
  '/openapi.json',
  '/asyncapi.json',
]);
const METHODS = new Set(['get', 'post', 'put', 'patch', 'delete']);

let orrery: Constellation;
let document: OpenApi;

beforeAll(async () => {
  orrery = await startConstellation();
  // The gateway gathers the documents of the services; one that is slow to answer is left out until the next time.
  const routeOf = compileRoutes();
  await eventually(
    async () => {
      document = (await (await fetch(`${orrery.url}/openapi.json`)).json()) as OpenApi;
      const used = new Set(Object.keys(document.paths).map((path) => routeOf(path)?.path));
      return ROUTES.map(({ path }) => path).filter((path) => !used.has(path));
    },
    (undocumented) => undocumented.length === 0,
    { intervalMs: 500 },
  );
}, 90_000);

afterAll(async () => {
  await orrery.stop();
});

const operations = () =>
  Object.entries(document.paths)
    .filter(([path]) => !OWN.has(path))
    .flatMap(([path, item]) =>
      Object.entries(item)
        .filter(([method]) => METHODS.has(method))
        .map(([verb, operation]) => {
          const method = verb.toUpperCase();
          return { name: `${method} ${path}`, method, path, operation };
        }),
    );

describe('the inventory of the edge', () => {
  it('routes every documented path, and every row of the table has a documented path', () => {
    const routeOf = compileRoutes();
    const paths = [...new Set(operations().map(({ path }) => path))];
    const unrouted = paths.filter((path) => routeOf(path) === undefined);
    const used = new Set(paths.map((path) => routeOf(path)?.path));

    expect(paths.length).toBeGreaterThan(10);
    expect(unrouted).toEqual([]);
    expect(ROUTES.map(({ path }) => path).filter((path) => !used.has(path))).toEqual([]);
  });

  it('asks for a sign-in on every route that is not documented as public', async () => {
    const answers = await Promise.all(
      operations()
        .filter(({ operation }) => operation.security?.length !== 0)
        .map(async ({ name, method, path }) => {
          const answer = await fetch(`${orrery.url}${path.replaceAll(/\{\w+\}/g, 'x')}`, { method });
          return `${name}: ${answer.status}`;
        }),
    );

    expect(answers.length).toBeGreaterThan(10);
    expect(answers.filter((answer) => !answer.endsWith(': 401'))).toEqual([]);
  });
});

describe('the typed client', () => {
  it('reads through the gateway as the user of its token', async () => {
    const token = orrery.signIn(`user-${randomUUID()}`).authorization.slice('Bearer '.length);
    const client = createOrreryClient({ url: orrery.url, token });
    const ledger = await client.GET('/v1/transactions', { params: { query: { limit: 5 } } });
    const nobody = await createOrreryClient({ url: orrery.url }).GET('/v1/transactions', {});

    expect(ledger.data).toMatchObject({ data: [], page: { nextCursor: null } });
    expect(nobody.response.status).toBe(401);
  });
});
