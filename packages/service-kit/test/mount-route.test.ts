import { request as httpRequest } from 'node:http';
import { text as readText } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from '@jest/globals';
import { defineRoute } from '@orrery/contracts';
import { z } from 'zod';
import { handle, type MountedRoute } from '../src/define-service.ts';
import { AppError } from '../src/errors/app-error.ts';
import { eventStream } from '../src/http/event-stream.ts';
import { openApp, type OpenApp } from './open-app.ts';

const base = { summary: 'A test', tag: 'Tests', audience: 'user' } as const;

const PutThing = defineRoute({
  ...base,
  method: 'put',
  path: '/v1/things/{thingId}',
  operationId: 'putThing',
  params: z.object({ thingId: z.string().regex(/^[a-z]+$/) }),
  query: z.object({ limit: z.coerce.number().int().max(10).default(5) }),
  body: z.object({
    name: z.string().min(1),
    rows: z.array(z.object({ amount: z.int() })).optional(),
    free: z.looseObject({}).optional(),
  }),
  responses: { 200: z.object({ id: z.string(), name: z.string(), limit: z.int() }) },
});

const putThing = handle(PutThing, ({ params, query, body }) =>
  Promise.resolve({
    status: 200,
    body: { id: params.thingId, name: body.name, limit: query.limit, secret: 'canary' },
  }),
);

const open: OpenApp[] = [];
const serve = async (
  routes: readonly MountedRoute[],
  options: { deadlineMs?: number } = {},
): Promise<OpenApp> => {
  const app = await openApp(routes, options);
  open.push(app);
  return app;
};
afterEach(async () => {
  await Promise.all(open.splice(0).map((app) => app.close()));
});

const put = (body: unknown): RequestInit => ({
  method: 'PUT',
  headers: { 'content-type': 'application/json' },
  body: typeof body === 'string' ? body : JSON.stringify(body),
});

const problem = (code: string, status: number): object => ({
  type: `urn:orrery:problem:${code}`,
  code,
  status,
});

describe('a mounted route', () => {
  it('hands validated input to its handler and drops undeclared fields of the reply', async () => {
    const app = await serve([putThing]);

    const reply = await app.call('/v1/things/abc?limit=7', put({ name: 'x' }));

    expect(reply.status).toBe(200);
    expect(reply.json).toEqual({ id: 'abc', name: 'x', limit: 7 });
  });

  it('names every field at fault at once: path, query and body', async () => {
    const app = await serve([putThing]);

    const reply = await app.call(
      '/v1/things/ABC?limit=99',
      put({ name: '', rows: [{ amount: 1 }, { amount: 'x' }] }),
    );

    expect(reply.status).toBe(422);
    expect(reply.headers.get('content-type')).toBe('application/problem+json');
    expect(reply.json).toMatchObject(problem('validation-failed', 422));
    expect(reply.json).toMatchObject({
      errors: [{ field: 'thingId' }, { field: 'limit' }, { field: 'name' }, { field: 'rows[1].amount' }],
    });
  });

  it('refuses unknown body fields at any depth, except inside a loose object', async () => {
    const app = await serve([putThing]);

    const refused = await app.call(
      '/v1/things/abc',
      put({ name: 'x', role: 'admin', rows: [{ amount: 1, userId: 'u' }] }),
    );
    const accepted = await app.call('/v1/things/abc', put({ name: 'x', free: { anything: 1 } }));

    expect(refused.json).toMatchObject({ errors: [{ field: 'role' }, { field: 'rows[0].userId' }] });
    expect(accepted.status).toBe(200);
  });

  it('refuses an own __proto__ key', async () => {
    const app = await serve([putThing]);

    const reply = await app.call('/v1/things/abc', put('{"name":"x","__proto__":{"role":"admin"}}'));

    expect(reply.status).toBe(422);
  });

  it('ignores unknown fields on legacy routes, as their contracts always have', async () => {
    const app = await serve([handle({ ...PutThing, errorShape: 'detail' }, putThing.handle as never)]);

    const reply = await app.call('/v1/things/abc', put({ name: 'x', extra: 1 }));

    expect(reply.status).toBe(200);
  });

  it('refuses a query key that is given twice', async () => {
    const app = await serve([putThing]);

    const reply = await app.call('/v1/things/abc?limit=1&limit=2', put({ name: 'x' }));

    expect(reply.status).toBe(422);
    expect(reply.json).toMatchObject({ errors: [{ field: 'limit', message: 'may be given only once' }] });
  });

  it.each([
    ['malformed JSON', '{"name":', 400, 'malformed-json'],
    ['bytes that are not UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 400, 'malformed-json'],
    ['a body nested 33 levels deep', `${'['.repeat(33)}${']'.repeat(33)}`, 422, 'json-too-deep'],
    ['no body', '', 422, 'validation-failed'],
    ['a body over the limit', JSON.stringify({ name: 'x'.repeat(1024 * 1024) }), 413, 'body-too-large'],
  ])('answers %s with its own problem', async (_what, body, status, code) => {
    const app = await serve([putThing]);

    const reply = await app.call('/v1/things/abc', {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body,
    });

    expect(reply.status).toBe(status);
    expect(reply.json).toMatchObject(problem(code, status));
  });

  it('counts brackets only outside of strings when it looks at the depth', async () => {
    const app = await serve([putThing]);

    const reply = await app.call('/v1/things/abc', put({ name: `${'['.repeat(100)}"\\"{` }));

    expect(reply.status).toBe(200);
  });

  it('refuses an oversized body also when its length is not declared', async () => {
    const app = await serve([putThing]);
    const threeMebibytes = ReadableStream.from(Array.from({ length: 48 }, () => new Uint8Array(64 * 1024)));

    const reply = await app.call('/v1/things/abc', {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: threeMebibytes,
      duplex: 'half',
    });

    expect(reply.status).toBe(413);
  });

  it.each(['text/plain', 'application/json; charset=utf-16', 'application/x-www-form-urlencoded'])(
    'refuses a JSON body that is declared as %s',
    async (type) => {
      const app = await serve([putThing]);

      const reply = await app.call('/v1/things/abc', {
        method: 'PUT',
        headers: { 'content-type': type },
        body: '{}',
      });

      expect(reply.status).toBe(415);
    },
  );

  it('takes a body without a type for JSON on legacy routes only', async () => {
    const sendUntyped = async (errorShape: 'problem' | 'detail') => {
      const app = await serve([{ ...putThing, definition: { ...PutThing, errorShape } }]);
      // Bytes: for a text, fetch would add a type.
      const body = new TextEncoder().encode(JSON.stringify({ name: 'x' }));
      return (await app.call('/v1/things/abc', { method: 'PUT', body })).status;
    };

    expect(await sendUntyped('detail')).toBe(200);
    expect(await sendUntyped('problem')).toBe(415);
  });

  it('tells clients of FastAPI what was wrong in its words, and says no secret back', async () => {
    const body = z.object({
      name: z.string().min(3),
      size: z.number().min(1),
      kind: z.enum(['a', 'b']),
      password: z.string().min(6),
      gone: z.string(),
    });
    const app = await serve([{ ...putThing, definition: { ...PutThing, body, errorShape: 'detail' } }]);

    const reply = await app.call(
      '/v1/things/abc',
      put({ name: 'ab', size: 0, kind: 'c', password: '12345' }),
    );

    const msg = expect.any(String);
    expect(reply.json).toMatchObject({
      detail: [
        { type: 'string_too_short', loc: ['body', 'name'], msg, input: 'ab' },
        { type: 'greater_than_equal', loc: ['body', 'size'], msg, input: 0 },
        { type: 'literal_error', loc: ['body', 'kind'], msg, input: 'c' },
        { type: 'string_too_short', loc: ['body', 'password'], msg, input: null },
        { type: 'missing', loc: ['body', 'gone'], msg, input: null },
      ],
    });
  });

  it('answers an undeclared status or a reply outside its schema with 500 and says why only in the log', async () => {
    const { params: _params, ...withoutParams } = PutThing;
    const route = { ...withoutParams, path: '/v1/wrong' };
    const app = await serve([
      {
        definition: { ...route, operationId: 'a' },
        handle: () => Promise.resolve({ status: 299, body: {} }),
      },
      {
        definition: { ...route, operationId: 'b', path: '/v1/wrong-body' },
        handle: () => Promise.resolve({ status: 200, body: { id: 1 } }),
      },
    ]);

    const replies = [
      await app.call('/v1/wrong', put({ name: 'x' })),
      await app.call('/v1/wrong-body', put({ name: 'x' })),
    ];

    expect(replies.map(({ status }) => status)).toEqual([500, 500]);
    expect(replies[0]?.json).not.toHaveProperty('detail');
    expect(app.logs.join('')).toContain('status 299, which it does not declare');
  });

  it('shows nothing of an unexpected error', async () => {
    const app = await serve([
      {
        definition: PutThing,
        handle: () => Promise.reject(new Error('canary mongodb://root:hunter2@db.internal/x')),
      },
    ]);

    const reply = await app.call('/v1/things/abc', put({ name: 'x' }));

    expect(reply.status).toBe(500);
    expect(reply.text).not.toMatch(/canary|hunter2|db\.internal|\.ts|at /);
    expect(app.logs.join('')).toContain('canary');
    expect(app.logs.join('')).not.toContain('hunter2');
  });

  it('answers 404 for an unknown address and 405 with Allow for a wrong method', async () => {
    const app = await serve([putThing]);

    const unknown = await app.call('/v1/nothing');
    const wrong = await app.call('/v1/things/abc', { method: 'DELETE' });
    const options = await app.call('/v1/things/abc', { method: 'OPTIONS' });

    expect(unknown.json).toMatchObject(problem('route-not-found', 404));
    expect(wrong.json).toMatchObject(problem('method-not-allowed', 405));
    expect(wrong.headers.get('allow')).toBe('PUT, OPTIONS');
    expect(options.status).toBe(204);
  });

  it('prefers a literal path to a parameter, in whatever order routes are listed', async () => {
    const GetRule = defineRoute({
      ...base,
      method: 'get',
      path: '/v1/rules/{id}',
      operationId: 'getRule',
      params: z.object({ id: z.string() }),
      responses: { 200: z.string() },
    });
    const Preview = defineRoute({
      ...base,
      method: 'get',
      path: '/v1/rules/preview',
      operationId: 'preview',
      responses: { 200: z.string() },
    });
    const app = await serve([
      handle(GetRule, ({ params }) => Promise.resolve({ status: 200, body: `rule ${params.id}` })),
      handle(Preview, () => Promise.resolve({ status: 200, body: 'preview' })),
    ]);

    expect((await app.call('/v1/rules/preview')).json).toBe('preview');
    expect((await app.call('/v1/rules/7')).json).toBe('rule 7');
  });

  it.each([
    ['problem', 422, { code: 'validation-failed', requestId: 'kept-id', errors: [{ field: 'name' }] }],
    [
      'detail',
      422,
      {
        detail: [{ loc: ['body', 'name'], type: 'string_too_short', input: '' }],
        code: 'validation-failed',
        request_id: 'kept-id',
      },
    ],
    [
      'error',
      400,
      { error: expect.stringContaining('name'), code: 'validation-failed', request_id: 'kept-id' },
    ],
    [
      'error-code',
      422,
      { error_code: 'VALIDATION_FAILED', message: expect.stringContaining('name'), request_id: 'kept-id' },
    ],
  ] as const)('dresses a refusal in the shape %s', async (errorShape, status, body) => {
    const app = await serve([{ ...putThing, definition: { ...PutThing, errorShape } }]);

    const reply = await app.call('/v1/things/abc', {
      ...put({ name: '' }),
      headers: { 'content-type': 'application/json', 'x-request-id': 'kept-id' },
    });

    expect(reply.status).toBe(status);
    expect(reply.json).toMatchObject(body);
    expect(reply.headers.get('x-request-id')).toBe('kept-id');
  });

  it('carries the headers, legacy code and detail of an error', async () => {
    const error = new AppError('conflict', {
      detail: 'Taken.',
      headers: { 'Retry-After': '9' },
      legacyCode: 'HTTP_EXCEPTION',
      status: 400,
    });
    const app = await serve([
      { definition: { ...PutThing, errorShape: 'error-code' }, handle: () => Promise.reject(error) },
    ]);

    const reply = await app.call('/v1/things/abc', put({ name: 'x' }));

    expect(reply.status).toBe(400);
    expect(reply.headers.get('retry-after')).toBe('9');
    expect(reply.json).toMatchObject({ error_code: 'HTTP_EXCEPTION', message: 'Taken.', code: 'conflict' });
  });

  it('answers 503 with Retry-After when the handler does not end in time, and aborts its signal', async () => {
    let aborted = false;
    const slow: MountedRoute = {
      definition: PutThing,
      handle: ({ signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            aborted = true;
            reject(new Error('aborted'));
          });
        }),
    };
    const app = await serve([slow], { deadlineMs: 20 });

    const reply = await app.call('/v1/things/abc', put({ name: 'x' }));

    expect(reply.json).toMatchObject(problem('deadline-exceeded', 503));
    expect(reply.headers.get('retry-after')).not.toBeNull();
    expect(aborted).toBe(true);
  });

  it('hands a multipart body over as a stream and refuses one beyond the limit', async () => {
    const Upload = defineRoute({
      ...base,
      method: 'post',
      path: '/v1/uploads',
      operationId: 'upload',
      bodyKind: 'multipart',
      bodyLimitBytes: 1000,
      responses: { 201: z.object({ size: z.int() }) },
    });
    const app = await serve([
      handle(Upload, async ({ stream }) => ({
        status: 201,
        body: { size: (await readText(stream)).length },
      })),
    ]);
    const upload = (bytes: number): Promise<{ status: number }> => {
      const form = new FormData();
      form.set('file', new Blob(['x'.repeat(bytes)]), 'a.csv');
      return app.call('/v1/uploads', { method: 'POST', body: form });
    };

    expect((await upload(100)).status).toBe(201);
    expect((await upload(5000)).status).toBe(413);
  });

  it('streams events with heart-beats until the client leaves', async () => {
    let stopped: () => void = () => undefined;
    const sourceStopped = new Promise<void>((resolve) => {
      stopped = resolve;
    });
    const source = async function* (signal: AbortSignal): AsyncGenerator<{ event: string; data: unknown }> {
      yield { event: 'hello', data: { text: 'line\nbreak' } };
      await new Promise((resolve) => {
        signal.addEventListener('abort', resolve, { once: true });
      });
      stopped();
    };
    const Stream = defineRoute({
      ...base,
      method: 'get',
      path: '/v1/stream',
      operationId: 'stream',
      responses: { 200: { contentType: 'text/event-stream', description: 'Events' } },
    });
    const app = await serve([
      handle(Stream, ({ signal }) =>
        Promise.resolve({ status: 200, body: eventStream(source(signal), { signal, heartbeatMs: 10 }) }),
      ),
    ]);
    const leave = new AbortController();
    const { signed, user } = await import('./open-app.ts');

    const response = await fetch(`${app.url}/v1/stream`, {
      headers: { 'x-service-token': signed(user) },
      signal: leave.signal,
    });
    let received = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      received += decoder.decode(chunk);
      if (received.includes(': keep-alive')) {
        break;
      }
    }
    leave.abort();

    expect(received).toContain('event: hello\ndata: {"text":"line\\nbreak"}\n\n');
    await sourceStopped;
  });

  it('sends security headers and no sign of the framework', async () => {
    const app = await serve([putThing]);

    const { headers } = await app.call('/v1/things/abc', put({ name: 'x' }));

    expect(headers.get('x-powered-by')).toBeNull();
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cache-control')).toBe('no-store');
  });

  it('makes a new request id in place of one that is not safe to log', async () => {
    const app = await serve([putThing]);
    const { hostname, port } = new URL(app.url);

    const answered = await new Promise<string | string[] | undefined>((resolve, reject) => {
      httpRequest(
        { hostname, port, path: '/health/live', headers: { 'x-request-id': 'a b<script>' } },
        (response) => {
          response.resume();
          resolve(response.headers['x-request-id']);
        },
      )
        .on('error', reject)
        .end();
    });

    expect(answered).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('refuses headers over 16 KiB with 431', async () => {
    const app = await serve([putThing]);

    const reply = await app.call('/v1/things/abc', { headers: { 'x-padding': 'x'.repeat(20_000) } });

    expect(reply.status).toBe(431);
  });
});
