import { createHmac, generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import jwt from 'jsonwebtoken';
import {
  type FakeService,
  type OpenGateway,
  PATHS,
  USER_SECRET,
  bearer,
  openGateway,
  openService,
  sendRaw,
  tokenOf,
} from './open-gateway.ts';

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const forge = (header: object, claims: object, key: string = USER_SECRET, digest = 'sha256') => {
  const signed = `${encode(header)}.${encode(claims)}`;
  return `${signed}.${createHmac(digest, key).update(signed).digest('base64url')}`;
};
const soon = Math.floor(Date.now() / 1000) + 600;
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString();
const plain = { id: 'user-1', exp: soon };

const BAD_TOKENS: [string, string][] = [
  ['alg none', `${encode({ alg: 'none' })}.${encode(plain)}.`],
  ['alg NoNe', `${encode({ alg: 'NoNe' })}.${encode(plain)}.`],
  ['no alg', `${encode({})}.${encode(plain)}.x`],
  ['a stripped signature', tokenOf().replace(/[^.]+$/, '')],
  ['trailing garbage', `${tokenOf()}x`],
  ['a fourth part', `${tokenOf()}.x`],
  ['changed claims', tokenOf().replace(/\.[^.]+\./, `.${encode({ ...plain, role: 'ADMIN' })}.`)],
  ['a foreign secret', jwt.sign(plain, 'somebody-elses-secret-of-32-bytes!')],
  ['an empty secret', forge({ alg: 'HS256' }, plain, '')],
  ['HS256 signed with a public key', forge({ alg: 'HS256', typ: 'JWT' }, plain, pem)],
  ['RS256 by a stranger', jwt.sign(plain, rsa.privateKey, { algorithm: 'RS256' })],
  ['HS512 with the right key', forge({ alg: 'HS512' }, plain, USER_SECRET, 'sha512')],
  ['HS384 with the right key', forge({ alg: 'HS384' }, plain, USER_SECRET, 'sha384')],
  ['no exp', jwt.sign({ id: 'user-1' }, USER_SECRET)],
  ['exp as text', forge({ alg: 'HS256' }, { id: 'user-1', exp: String(soon) })],
  ['an expired token', tokenOf({}, { expiresIn: -60 })],
  ['a token from the future', tokenOf({ iat: soon + 3_000 })],
  ['a token not valid yet', tokenOf({}, { notBefore: '1h' })],
  ['an unknown critical extension', forge({ alg: 'HS256', crit: ['x'], x: 1 }, plain)],
  ['another type of token', forge({ alg: 'HS256', typ: 'logout+jwt' }, plain)],
  ['a user id that is a query', tokenOf({ id: { $ne: null } })],
  ['a user id that is a list', tokenOf({ id: ['user-1'] })],
  ['a user id that is a path', tokenOf({ id: '../admin' })],
  ['an empty user id', tokenOf({ id: '' })],
  ['a user id with a line break', tokenOf({ id: 'a\r\nX-Role: admin' })],
  ['a payload that is text', jwt.sign('user-1', USER_SECRET)],
  ['a key id that is a path', forge({ alg: 'HS256', kid: '../../dev/null' }, plain, '')],
  ['an embedded key', forge({ alg: 'HS256', jwk: { kty: 'oct', k: 'AAAA' } }, plain, 'AAAA')],
  ['a key by address', forge({ alg: 'HS256', jku: 'http://127.0.0.1/k' }, plain, 'AAAA')],
  ['a certificate by address', forge({ alg: 'HS256', x5u: 'http://127.0.0.1/k' }, plain, 'AAAA')],
  ['more than 4 KiB', tokenOf({ filler: 'x'.repeat(4_096) })],
  ['one letter', 'x'],
];

const PATH_TRICKS = [
  '/public/../admin',
  '/public/./../admin',
  '/public/%2e%2e/admin',
  '/public/%2E%2E/admin',
  '/public/.%2e/admin',
  '/public/%2e./admin',
  '/public/..',
  '/public/..;/admin',
  '/public//admin',
  '//admin',
  '///admin',
  '/public%2fadmin',
  '/public%2F..%2Fadmin',
  '/public/..%2fadmin',
  '/public\\..\\admin',
  '/public/%5c..%5cadmin',
  '/public/%252e%252e/admin',
  '/public/%00',
  '/public/%0d%0aX-User-Id:%201',
  '/public/%zz',
  '/public/%c0%ae%c0%ae/admin'.replace('%c0%ae%c0%ae', '%2e%2e%c0%ae'),
  'http://127.0.0.1/admin',
  'http://evil.test/public',
  '*',
  '/nowhere',
  '/publicity',
  '/Admin',
  '/ADMIN/x',
  '/internal/standing/user-1',
  '/metrics',
  '/.env',
  `/public/${'a'.repeat(2_100)}`,
];

const head = (line: string, headers: string[]): string =>
  `${[line, 'Host: gateway.test', ...headers].join('\r\n')}\r\n\r\n`;
const auth = `Authorization: Bearer ${tokenOf()}`;

const BAD_MESSAGES: [string, string][] = [
  [
    'a length and chunks',
    `${head('POST /v1/things HTTP/1.1', [auth, 'Content-Length: 4', 'Transfer-Encoding: chunked'])}0\r\n\r\n`,
  ],
  [
    'two lengths',
    `${head('POST /v1/things HTTP/1.1', [auth, 'Content-Length: 4', 'Content-Length: 5'])}abcde`,
  ],
  ['a negative length', `${head('POST /v1/things HTTP/1.1', [auth, 'Content-Length: -1'])}a`],
  ['a length in hexadecimal', `${head('POST /v1/things HTTP/1.1', [auth, 'Content-Length: 0x4'])}abcd`],
  [
    'a coding that is not chunked',
    `${head('POST /v1/things HTTP/1.1', [auth, 'Transfer-Encoding: gzip'])}abcd`,
  ],
  [
    'a coding twice',
    `${head('POST /v1/things HTTP/1.1', [auth, 'Transfer-Encoding: chunked', 'Transfer-Encoding: identity'])}0\r\n\r\n`,
  ],
  [
    'a coding with a tab trick',
    `${head('POST /v1/things HTTP/1.1', [auth, 'Transfer-Encoding:\tchunked\t, identity'])}0\r\n\r\n`,
  ],
  [
    'a chunk that is no number',
    `${head('POST /v1/things HTTP/1.1', [auth, 'Transfer-Encoding: chunked'])}zz\r\nabc\r\n0\r\n\r\n`,
  ],
  ['a space before the colon', head('GET /v1/things HTTP/1.1', [auth, 'X-User-Id : victim'])],
  ['a folded header', head('GET /v1/things HTTP/1.1', [auth, 'X-A: 1\r\n folded: 2'])],
  ['a bare line feed in a header', head('GET /v1/things HTTP/1.1', [auth, 'X-A: 1\nX-User-Id: victim'])],
  ['NUL in a header', head('GET /v1/things HTTP/1.1', [auth, 'X-A: \u0000'])],
  ['no Host', `GET /v1/things HTTP/1.1\r\n${auth}\r\n\r\n`],
  ['a space in the path', head('GET /v1/things /admin HTTP/1.1', [auth])],
  ['an unknown version', head('GET /v1/things HTTP/9.9', [auth])],
  ['no HTTP at all', 'hello\r\n\r\n'],
  ['headers over 16 KiB', head('GET /v1/things HTTP/1.1', [auth, `X-A: ${'a'.repeat(17_000)}`])],
  [
    '2,000 headers',
    head('GET /v1/things HTTP/1.1', [
      auth,
      ...Array.from({ length: 2_000 }, (_v, i) => `X-${i}: ${'a'.repeat(8)}`),
    ]),
  ],
  ['an unknown expectation', head('GET /v1/things HTTP/1.1', [auth, 'Expect: 200-ok'])],
  ['TRACE', head('TRACE /v1/things HTTP/1.1', [auth])],
  ['CONNECT', head('CONNECT insights:80 HTTP/1.1', [auth])],
  ['PROPFIND', head('PROPFIND /v1/things HTTP/1.1', [auth])],
  [
    'two tokens',
    head('GET /v1/things HTTP/1.1', [auth, `Authorization: Bearer ${tokenOf({ id: 'victim' })}`]),
  ],
  ['Basic sign-in', head('GET /v1/things HTTP/1.1', ['Authorization: Basic dXNlcjpwYXNz'])],
  ['a token without a scheme', head('GET /v1/things HTTP/1.1', [`Authorization: ${tokenOf()}`])],
  ['a token in the query', head(`GET /v1/things?token=${tokenOf()} HTTP/1.1`, [])],
  ['a token in a cookie', head('GET /v1/things HTTP/1.1', [`Cookie: token=${tokenOf()}`])],
  [
    'an identity header instead of a token',
    head('GET /v1/things HTTP/1.1', ['X-User-Id: victim', 'X-Service-Token: x']),
  ],
  [
    'a body over the limit by its length',
    `${head('POST /v1/things HTTP/1.1', [auth, 'Content-Length: 1025'])}${'a'.repeat(1_025)}`,
  ],
  [
    'a length beyond all numbers',
    `${head('POST /v1/things HTTP/1.1', [auth, 'Content-Length: 99999999999999999999'])}a`,
  ],
  [
    'h2c upgrade',
    head('GET /v1/things HTTP/1.1', [
      auth,
      'Connection: Upgrade, HTTP2-Settings',
      'Upgrade: h2c',
      'HTTP2-Settings: AAMAAABkAAQAAP__',
    ]),
  ],
];

const UPGRADE = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];
const BAD_UPGRADES: [string, string][] = [
  ['without a token', head('GET /v1/socket HTTP/1.1', UPGRADE)],
  ['with a forged identity header', head('GET /v1/socket HTTP/1.1', [...UPGRADE, 'X-User-Id: victim'])],
  ['with a token of nobody', head('GET /v1/socket?token=x HTTP/1.1', UPGRADE)],
  [
    'with an expired token',
    head(`GET /v1/socket?token=${tokenOf({}, { expiresIn: -60 })} HTTP/1.1`, UPGRADE),
  ],
  ['with two tokens in the query', head(`GET /v1/socket?token=${tokenOf()}&token=x HTTP/1.1`, UPGRADE)],
  ['from a foreign page', head('GET /v1/socket HTTP/1.1', [...UPGRADE, auth, 'Origin: https://evil.test'])],
  ['from the origin null', head('GET /v1/socket HTTP/1.1', [...UPGRADE, auth, 'Origin: null'])],
  [
    'from a page that looks alike',
    head('GET /v1/socket HTTP/1.1', [...UPGRADE, auth, 'Origin: https://app.test.evil.test']),
  ],
  [
    'from a foreign page to the chat',
    head(`GET /chat/ws?token=${tokenOf()} HTTP/1.1`, [...UPGRADE, 'Origin: https://evil.test']),
  ],
  ['to a route without sockets', head('GET /v1/things HTTP/1.1', [...UPGRADE, auth])],
  ['to a page of the gateway', head('GET /docs HTTP/1.1', [...UPGRADE, auth])],
  ['to nowhere', head('GET /nowhere HTTP/1.1', [...UPGRADE, auth])],
  ['on a path that is not canonical', head('GET /v1/things/../socket HTTP/1.1', [...UPGRADE, auth])],
  ['by POST', head('POST /v1/socket HTTP/1.1', [...UPGRADE, auth])],
];

describe.each(PATHS)('attacks on the %s', (path) => {
  let service: FakeService;
  let gateway: OpenGateway;

  beforeAll(async () => {
    service = await openService();
    gateway = await openGateway(path, service.url);
  });
  afterAll(async () => {
    await gateway.stop();
    await service.stop();
  });
  beforeEach(() => {
    service.received = [];
  });

  const expectUntouched = (before: number, text: string) => {
    expect(service.hits()).toBe(before);
    expect(text).not.toContain(service.url.slice('http://'.length));
    expect(text).not.toMatch(/node_modules|at \S+ \(|ECONN/);
  };

  it.each(BAD_TOKENS)('refuses a token with %s', async (_name, token) => {
    const before = service.hits();
    const answer = await sendRaw(
      gateway.port,
      head('GET /v1/things?secret=1 HTTP/1.1', [`Authorization: Bearer ${token}`, 'Connection: close']),
    );

    expect(answer.status).toBe(401);
    expect(answer.head).toContain('www-authenticate: bearer');
    expect(answer.body).not.toContain('secret=1');
    expectUntouched(before, answer.text);
  });

  it('refuses a token that names nobody with 403, because signing in again would not help', async () => {
    const before = service.hits();
    const token = jwt.sign({ role: 'ADMIN', exp: soon }, USER_SECRET);
    const answer = await sendRaw(
      gateway.port,
      head('GET /v1/things HTTP/1.1', [`Authorization: Bearer ${token}`, 'Connection: close']),
    );

    expect(answer.status).toBe(403);
    expect(answer.body).toContain('User identifier not found in token');
    expectUntouched(before, answer.text);
  });

  it.each(PATH_TRICKS)('refuses the target %s', async (target) => {
    const before = service.hits();
    const answer = await sendRaw(gateway.port, head(`GET ${target} HTTP/1.1`, [auth, 'Connection: close']));

    expect([400, 404]).toContain(answer.status);
    expectUntouched(before, answer.text);
  });

  it.each(BAD_MESSAGES)('refuses a message with %s', async (_name, bytes) => {
    const before = service.hits();
    const answer = await sendRaw(gateway.port, bytes);

    expect(answer.status === 0 || answer.status >= 400).toBe(true);
    expectUntouched(before, answer.text);
  });

  it.each(BAD_UPGRADES)('refuses an upgrade %s', async (_name, bytes) => {
    const before = service.hits();
    const answer = await sendRaw(gateway.port, bytes);

    expect(answer.status).toBeGreaterThanOrEqual(400);
    expectUntouched(before, answer.text);
  });

  it('refuses a user on an administrator’s address, in the legacy words', async () => {
    const before = service.hits();
    const answer = await fetch(`${gateway.url}/admin/rebuild`, { headers: bearer() });

    expect(answer.status).toBe(403);
    expect(await answer.json()).toMatchObject({
      detail: 'Access denied: Administrator privileges required.',
    });
    expect(service.hits()).toBe(before);
  });

  const SPOOFS: [string, string[]][] = [
    ['X-User-Id', ['X-User-Id: victim']],
    ['X-User-Id twice', ['X-User-Id: victim', 'X-User-Id: other']],
    ['X_User_Id', ['X_User_Id: victim']],
    ['x-user-role', ['X-User-Role: admin', 'X-Role: admin', 'X-Roles: admin']],
    ['X-Identity', ['X-Identity: v1.eyJzdWIiOiJ2aWN0aW0ifQ.x']],
    ['X-Service-Token', ['X-Service-Token: victim.victim.victim']],
    ['X_Service_Token', ['X_Service_Token: victim']],
    ['X-Sign-In-Failure', ['X-Sign-In-Failure: victim']],
    ['Forwarded', ['Forwarded: for=victim']],
    ['X-Forwarded-For', ['X-Forwarded-For: 10.9.8.7']],
    ['X-Real-IP', ['X-Real-IP: 10.9.8.7', 'True-Client-IP: 10.9.8.7', 'CF-Connecting-IP: 10.9.8.7']],
    ['X-Forwarded-Host', ['X-Forwarded-Host: victim.test']],
    ['X-Original-URL', ['X-Original-URL: /admin', 'X-Rewrite-URL: /admin']],
    ['X-HTTP-Method-Override', ['X-HTTP-Method-Override: DELETE']],
    ['a header named in Connection', ['Connection: close, x-user-id', 'X-User-Id: victim']],
    ['a cookie', ['Cookie: session=victim']],
    [
      'Expect: 100-continue with identity',
      ['Expect: 100-continue', 'X-User-Id: victim', 'X_User_Id: victim'],
    ],
    ['Proxy-Authorization', ['Proxy-Authorization: Basic victim']],
  ];

  it.each(SPOOFS)('lets nothing of a spoofed %s through', async (_name, headers) => {
    const answer = await sendRaw(gateway.port, head('GET /v1/things HTTP/1.1', [auth, ...headers]));

    expect(answer.text).toContain('HTTP/1.1 200');
    const [received] = service.received;
    expect(received?.identity).toMatchObject({ kind: 'user', userId: 'user-1', role: 'user' });
    const seen = JSON.stringify(received?.request.headers);
    expect(seen).not.toMatch(/victim|10\.9\.8\.7|override|original|rewrite/i);
    expect(received?.request.headers['x-forwarded-for']).toMatch(/127\.0\.0\.1$/);
    expect(received?.request.headers.authorization).toBeUndefined();
    expect(received?.request.url).toBe('/v1/things');
  });

  it('does not hear a second request hidden behind the first', async () => {
    const hidden = 'GET /admin HTTP/1.1\r\nHost: x\r\n\r\n';
    const answer = await sendRaw(
      gateway.port,
      `${head('POST /v1/things HTTP/1.1', [auth, `Content-Length: ${hidden.length}`])}${hidden}`,
    );

    expect(answer.status).toBe(200);
    expect(service.received.map(({ request, body }) => [request.url, body])).toEqual([
      ['/v1/things', hidden],
    ]);
  });

  it('checks each of several pipelined requests by itself', async () => {
    const answer = await sendRaw(
      gateway.port,
      head('GET /v1/things?n=1 HTTP/1.1', [auth]) +
        head('GET /v1/things?n=2 HTTP/1.1', []) +
        head('GET /v1/things?n=3 HTTP/1.1', [auth]),
    );

    expect(answer.text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 401', 'HTTP/1.1 200']);
    expect(service.received.map(({ request }) => request.url).sort()).toEqual([
      '/v1/things?n=1',
      '/v1/things?n=3',
    ]);
  });

  it('cuts off a chunked body as soon as it is too large', async () => {
    const chunk = `400\r\n${'a'.repeat(1_024)}\r\n`;
    const answer = await sendRaw(
      gateway.port,
      `${head('POST /v1/things HTTP/1.1', [auth, 'Transfer-Encoding: chunked'])}${chunk}${chunk}0\r\n\r\n`,
    );

    expect(answer.status).toBe(413);
    expect(service.received).toEqual([]);
  });

  it('answers too large headers and unreadable requests with a problem', async () => {
    const large = await sendRaw(
      gateway.port,
      head('GET /v1/things HTTP/1.1', [`X-A: ${'a'.repeat(17_000)}`]),
    );
    const unreadable = await sendRaw(gateway.port, 'hello\r\n\r\n');

    expect(large.status).toBe(431);
    expect(JSON.parse(large.body)).toMatchObject({ status: 431, code: 'headers-too-large' });
    expect(JSON.parse(unreadable.body)).toMatchObject({ status: 400, code: 'malformed-request' });
  });

  it('logs neither tokens nor queries', async () => {
    const token = tokenOf({ jti: 'seen-once' });
    await fetch(`${gateway.url}/v1/things?q=private`, { headers: { authorization: `Bearer ${token}` } });

    expect(gateway.logs.join('')).not.toContain(token);
    expect(gateway.logs.join('')).not.toContain('q=private');
  });
});
