import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { UserStanding } from '@orrery/contracts';
import {
  type FakeService,
  type OpenGateway,
  LOG_OUT_ROUTE,
  PATHS,
  bearer,
  openGateway,
  openService,
  tokenOf,
  TEST_ROUTES,
} from './open-gateway.ts';

let service: FakeService;
let gateway: OpenGateway;

beforeEach(async () => {
  service = await openService();
});
afterEach(async () => {
  await gateway.stop();
  await service.stop();
});

const statuses = async (count: number, send: () => Promise<Response>): Promise<number[]> => {
  const all: number[] = [];
  for (let turn = 0; turn < count; turn += 1) {
    all.push((await send()).status);
  }
  return all;
};

/** Limits count by the minute of the clock; start when the minute is young enough for the test. */
const refusedFrom = (all: number[]): number => all.indexOf(429);

describe.each(PATHS)('limits on the %s', (path) => {
  it('refuses a user beyond the limit with 429, Retry-After and RateLimit fields, and nobody else', async () => {
    gateway = await openGateway(path, service.url, { RATE_LIMIT_USER: '3' });
    const send = () => fetch(`${gateway.url}/v1/things`, { headers: bearer() });
    const first = await send();
    expect(first.headers.get('ratelimit-policy')).toBe('"user";q=3;w=60');
    expect(first.headers.get('ratelimit')).toMatch(/^"user";r=2;t=\d+$/);

    // Twice the limit and one more crosses it in one of two windows, wherever the minute turns.
    const all = await statuses(7, send);
    expect(refusedFrom(all)).toBeGreaterThan(0);
    const hits = service.hits();
    const refused = await send();
    if (refused.status === 429) {
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(await refused.json()).toMatchObject({ code: 'too-many-requests' });
      expect(service.hits()).toBe(hits);
    }
    expect((await fetch(`${gateway.url}/v1/things`, { headers: bearer({ id: 'user-2' }) })).status).toBe(200);
  });

  it('refuses an address without a valid token beyond its limit, and still takes valid tokens from there', async () => {
    gateway = await openGateway(path, service.url, { RATE_LIMIT_ADDRESS: '2' });
    const all = await statuses(6, () =>
      fetch(`${gateway.url}/v1/things`, { headers: { authorization: 'Bearer x' } }),
    );

    expect(all.filter((status) => status === 401).length).toBeGreaterThanOrEqual(2);
    expect(all).toContain(429);
    expect((await fetch(`${gateway.url}/v1/things`, { headers: bearer() })).status).toBe(200);
  });

  it('counts chat messages and uploads by themselves', async () => {
    gateway = await openGateway(path, service.url, { RATE_LIMIT_CHAT: '1', RATE_LIMIT_UPLOAD: '1' });
    const post = (target: string) => () =>
      fetch(`${gateway.url}${target}`, { method: 'POST', headers: bearer(), body: '{}' });

    expect(await statuses(3, post('/v1/chat'))).toContain(429);
    expect(await statuses(3, post('/v1/uploads'))).toContain(429);
    expect(await statuses(3, post('/v1/things'))).toEqual([200, 200, 200]);
  });

  it('refuses further logins of an address after too many that failed; good ones do not count', async () => {
    gateway = await openGateway(path, service.url, { RATE_LIMIT_LOGIN: '2' });
    const login = () => fetch(`${gateway.url}/auth/login`, { method: 'POST', body: '{}' });
    expect(await statuses(4, login)).toEqual([200, 200, 200, 200]);
    service.answer = (_request, response) => {
      response.statusCode = 401;
      response.end('{}');
    };

    const all = await statuses(6, login);
    expect(all.filter((status) => status === 401).length).toBeGreaterThanOrEqual(2);
    expect(all).toContain(429);
  });
});

describe.each(PATHS)('standing on the %s', (path) => {
  const standing = (fields: Partial<UserStanding> = {}): UserStanding => ({
    userId: 'user-1',
    mayEnter: true,
    reason: 'active',
    tokensValidFrom: null,
    revokedTokenIds: [],
    ...fields,
  });
  const cases: [string, Partial<UserStanding>, number][] = [
    ['an active user', {}, 200],
    ['a blocked user', { mayEnter: false, reason: 'blocked' }, 401],
    ['a deleted user', { mayEnter: false, reason: 'deleted' }, 401],
    ['a token that was logged out', { revokedTokenIds: ['the-token'] }, 401],
    [
      'a token from before a password change',
      { tokensValidFrom: new Date(Date.now() + 60_000).toISOString() },
      401,
    ],
    [
      'a token from after a password change',
      { tokensValidFrom: new Date(Date.now() - 60_000).toISOString() },
      200,
    ],
  ];

  it.each(cases)('answers %s as it should', async (_case, fields, status) => {
    gateway = await openGateway(
      path,
      service.url,
      {},
      { askStanding: () => Promise.resolve(standing(fields)) },
    );
    const answer = await fetch(`${gateway.url}/v1/things`, { headers: bearer({ jti: 'the-token' }) });

    expect(answer.status).toBe(status);
    expect(service.hits()).toBe(status === 200 ? 1 : 0);
  });

  it('goes by the role that the identity service says, over the one in the token', async () => {
    const demoted = standing({ role: 'user' });
    gateway = await openGateway(path, service.url, {}, { askStanding: () => Promise.resolve(demoted) });

    expect((await fetch(`${gateway.url}/admin/x`, { headers: bearer({ role: 'ADMIN' }) })).status).toBe(403);
  });

  it('ends a token with the log-out that passes, although its user was seen a moment ago', async () => {
    let revokedTokenIds: string[] = [];
    gateway = await openGateway(
      path,
      service.url,
      {},
      {
        askStanding: () => Promise.resolve(standing({ revokedTokenIds })),
        routes: [...TEST_ROUTES, LOG_OUT_ROUTE],
      },
    );
    const headers = bearer({ jti: 'the-token' });
    const status = async (route: string, method = 'GET') =>
      (await fetch(`${gateway.url}${route}`, { method, headers })).status;

    expect(await status('/v1/things')).toBe(200);
    expect(await status('/auth/logout', 'POST')).toBe(200);
    revokedTokenIds = ['the-token'];

    expect(await status('/v1/things')).toBe(401);
  });

  it('lets an old token keep nobody from a public address', async () => {
    gateway = await openGateway(path, service.url);
    const answer = await fetch(`${gateway.url}/auth/login`, {
      method: 'POST',
      headers: { authorization: 'Bearer x' },
    });

    expect(answer.status).toBe(200);
    expect(service.received[0]?.identity.kind).toBe('anonymous');
  });

  it('lets nobody new in while the identity service is away, and says that it will pass', async () => {
    gateway = await openGateway(
      path,
      service.url,
      {},
      { askStanding: () => Promise.reject(new Error('away')) },
    );
    const answer = await fetch(`${gateway.url}/v1/things`, { headers: bearer() });

    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '2']);
    expect(service.hits()).toBe(0);
  });
});

describe('web apps of other origins', () => {
  const preflight = (origin: string) =>
    fetch(`${gateway.url}/v1/things`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'PUT',
        'access-control-request-headers': 'authorization',
      },
    });

  beforeEach(async () => {
    gateway = await openGateway('fast path', service.url, { CORS_ORIGINS: 'https://admin.test' });
  });

  it.each(['https://app.test', 'https://admin.test'])('lets %s call and read', async (origin) => {
    const asked = await preflight(origin);
    const answer = await fetch(`${gateway.url}/v1/things`, { headers: { ...bearer(), origin } });

    expect(asked.status).toBe(204);
    expect(asked.headers.get('access-control-allow-origin')).toBe(origin);
    expect(asked.headers.get('access-control-allow-methods')).toContain('PUT');
    expect(asked.headers.get('access-control-allow-headers')).toContain('authorization');
    expect(asked.headers.get('access-control-allow-credentials')).toBe('true');
    expect(answer.headers.get('access-control-allow-origin')).toBe(origin);
    expect(answer.headers.get('access-control-allow-credentials')).toBe('true');
    expect(answer.headers.get('vary')).toBe('Origin');
  });

  it.each([
    'https://evil.test',
    'null',
    'http://app.test',
    'https://app.test.evil.test',
    'https://app.test:444',
  ])('gives %s no permission', async (origin) => {
    const asked = await preflight(origin);
    const answer = await fetch(`${gateway.url}/v1/things`, { headers: { ...bearer(), origin } });

    expect(asked.status).toBe(400);
    expect(asked.headers.get('access-control-allow-origin')).toBeNull();
    expect(asked.headers.get('access-control-allow-credentials')).toBeNull();
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('lets an allowed page send whatever headers it names, and takes no nonsense for names', async () => {
    const allowedFor = async (names: string) => {
      const asked = await fetch(`${gateway.url}/v1/things`, {
        method: 'OPTIONS',
        headers: {
          origin: 'https://app.test',
          'access-control-request-method': 'GET',
          'access-control-request-headers': names,
        },
      });
      return asked.headers.get('access-control-allow-headers');
    };

    expect(await allowedFor('authorization,x-api-key, X-Of-The-App')).toBe(
      'authorization,x-api-key, X-Of-The-App',
    );
    expect(await allowedFor('two words')).toContain('Authorization');
  });

  it('shows errors to an allowed page as well', async () => {
    const answer = await fetch(`${gateway.url}/v1/things`, { headers: { origin: 'https://app.test' } });

    expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([
      401,
      'https://app.test',
    ]);
  });
});

describe('sign-in switched off in a local installation', () => {
  it('takes everybody as the local user, whatever token comes', async () => {
    gateway = await openGateway('fast path', service.url, { APP_ENV: 'local', DISABLE_AUTH: '1' });
    await fetch(`${gateway.url}/admin/x`);
    await fetch(`${gateway.url}/v1/things`, {
      headers: { authorization: `Bearer ${tokenOf({ id: 'other' })}` },
    });

    expect(service.received.map(({ identity }) => identity.userId)).toEqual(['local-user', 'local-user']);
  });
});

describe('the gateway’s own pages', () => {
  beforeEach(async () => {
    gateway = await openGateway('fast path', service.url);
  });
  const get = (path: string, accept = '*/*') =>
    fetch(`${gateway.url}${path}`, { redirect: 'manual', headers: { accept } });

  it('greets a program with a banner and sends a browser to the documents', async () => {
    expect(await (await get('/')).json()).toEqual({
      status: 'ok',
      message: 'Orrery is running',
      version: '1.2.3',
    });
    const browser = await get('/', 'text/html,application/xhtml+xml;q=0.9');
    expect([browser.status, browser.headers.get('location')]).toEqual([302, '/docs']);
  });

  it('knows them with a slash at the end too, and says which methods they take', async () => {
    const posted = await fetch(`${gateway.url}/health`, { method: 'POST' });

    expect((await get('/health/')).status).toBe(200);
    expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    expect(await posted.json()).toMatchObject({ code: 'method-not-allowed', detail: 'Method Not Allowed' });
  });

  it('says in the words of the Python services that an address does not exist', async () => {
    const missing = await get('/no/such/thing');

    expect(missing.status).toBe(404);
    expect(await missing.json()).toMatchObject({ code: 'route-not-found', detail: 'Not Found' });
  });

  it('answers health as long as it serves', async () => {
    await service.stop();
    expect((await get('/health')).status).toBe(200);
    expect(await (await get('/healthz')).json()).toEqual({
      status: 'ok',
      details: 'All components are healthy.',
    });
    expect(await (await get('/readyz')).json()).toEqual({
      status: 'not ready',
      details: { insights: false },
    });
    service = await openService();
  });

  it('follows the customer analysis contract where shoppers are analysed: model and secret are part of its health', async () => {
    await gateway.stop();
    const routes = TEST_ROUTES.slice(0, 1).map((rule) => ({
      ...rule,
      path: '/api/analysis',
      service: 'segmentation' as const,
      errorShape: 'error-code' as const,
      signInWords: { detail: 'Could not validate credentials', code: 'HTTP_EXCEPTION' },
    }));
    let trained = false;
    service.server.removeAllListeners('request');
    service.server.on('request', (request, response) => {
      const exists = { model: trained, scaler: trained, columns: trained };
      response.end(JSON.stringify(request.url === '/internal/models/readiness' ? exists : {}));
    });
    const both = async (env: Record<string, string>) => {
      gateway = await openGateway('fast path', service.url, env, { routes });
      const [ready, healthy] = [await get('/readyz'), await get('/healthz')];
      const answers = [ready.status, healthy.status, await healthy.json()];
      const refused = await fetch(`${gateway.url}/api/analysis`, { method: 'POST' });
      expect([refused.status, await refused.json()]).toEqual([
        401,
        expect.objectContaining({ error_code: 'HTTP_EXCEPTION', message: 'Could not validate credentials' }),
      ]);
      await gateway.stop();
      return answers;
    };

    expect(await both({})).toEqual([
      503,
      500,
      { status: 'error', details: 'Missing: model, scaler, columns, supabase_secret' },
    ]);
    trained = true;
    expect(await both({})).toEqual([200, 500, { status: 'error', details: 'Missing: supabase_secret' }]);
    expect(await both({ SUPABASE_JWT_SECRET: 's'.repeat(40) })).toEqual([
      200,
      200,
      { status: 'ok', details: 'All components are healthy.' },
    ]);
    gateway = await openGateway('fast path', service.url);
    await service.stop();
    service = await openService();
  });

  it('is ready when every service is, and asks at most once a second', async () => {
    service.server.removeAllListeners('request');
    let asked = 0;
    service.server.on('request', (request, response) => {
      asked += request.url === '/health/ready' ? 1 : 0;
      response.end('{}');
    });
    const answers = await Promise.all(Array.from({ length: 20 }, () => get('/readyz')));

    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
    expect(asked).toBe(1);
  });

  it('joins the documents of the services, and keeps answering while one is down', async () => {
    service.server.removeAllListeners('request');
    service.server.on('request', (_request, response) => {
      response.setHeader('Content-Type', 'application/json');
      response.end(JSON.stringify({ paths: { '/v1/things': { get: { operationId: 'listThings' } } } }));
    });
    expect(await (await get('/openapi.json')).json()).toMatchObject({
      openapi: '3.1.0',
      info: { version: '1.2.3' },
      paths: { '/health': {}, '/v1/things': { get: { operationId: 'listThings' } } },
    });
    await service.stop();
    expect(JSON.stringify(await (await get('/openapi.json')).json())).toContain('/v1/things');
    service = await openService();
  });

  it('serves both viewers and all they need from itself', async () => {
    for (const path of ['/docs', '/redoc']) {
      const text = await (await get(path, 'text/html')).text();
      const assets = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, asset]) => asset ?? '');

      expect(assets.length).toBeGreaterThan(0);
      for (const asset of assets) {
        expect(asset).toMatch(/^\/docs\/assets\//);
        const answer = await get(asset);
        expect([asset, answer.status]).toEqual([asset, 200]);
        await answer.arrayBuffer();
      }
    }
    expect((await get('/docs/assets/../../package.json')).status).toBe(404);
    expect((await get('/docs/assets/index.html')).status).toBe(404);
  });

  it('serves the catalogue of events', async () => {
    expect(await (await get('/asyncapi.json')).json()).toMatchObject({
      asyncapi: expect.stringMatching(/^3\./),
    });
  });
});
