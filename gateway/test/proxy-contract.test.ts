import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@orrery/testing';
import {
  type FakeService,
  type OpenGateway,
  PATHS,
  bearer,
  openGateway,
  openService,
  sendRaw,
  tokenOf,
} from './open-gateway.ts';

const auth = `Authorization: Bearer ${tokenOf()}`;

/** Bytes as they come, with the time of each since the call. */
async function arrivals(response: IncomingMessage, count: number): Promise<string[]> {
  const seen: string[] = [];
  for await (const chunk of response) {
    seen.push(String(chunk));
    if (seen.length === count) {
      break;
    }
  }
  return seen;
}

const answerTo = async (request: ClientRequest): Promise<IncomingMessage> => {
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return response;
};

describe.each(PATHS)('what the %s promises', (path) => {
  let service: FakeService;
  let gateway: OpenGateway;

  beforeEach(async () => {
    service = await openService();
    gateway = await openGateway(path, service.url);
  });
  afterEach(async () => {
    await gateway.stop();
    await service.stop();
  });
  const call = (target: string, init: RequestInit = {}) =>
    fetch(`${gateway.url}${target}`, {
      redirect: 'manual',
      ...init,
      headers: { ...bearer(), ...init.headers },
    });

  it.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])(
    'passes %s with its path, query and body',
    async (method) => {
      const body = method === 'GET' ? null : '{"a":"é"}';
      const answer = await call('/v1/things/42?q=a%2Fb&q=c', {
        method,
        ...(body === null ? {} : { body, headers: { 'content-type': 'application/json' } }),
      });

      expect(await answer.json()).toEqual({ ok: true });
      expect(service.received[0]).toMatchObject({ body: body ?? '' });
      expect(service.received[0]?.request).toMatchObject({ method, url: '/v1/things/42?q=a%2Fb&q=c' });
    },
  );

  it('passes a chunked body of unknown length', async () => {
    const request = httpRequest(`${gateway.url}/v1/large`, { method: 'POST', headers: bearer() });
    request.write('a'.repeat(100_000));
    request.write('b'.repeat(100_000));
    request.end();

    expect((await answerTo(request)).resume().statusCode).toBe(200);
    expect(service.received[0]?.body).toHaveLength(200_000);
  });

  it('passes a large answer byte by byte', async () => {
    const large = Buffer.alloc(3_000_000, 'abcdefg');
    service.answer = (_request, response) => response.end(large);

    expect(Buffer.from(await (await call('/v1/things')).arrayBuffer()).equals(large)).toBe(true);
  });

  it('refuses a too large body by its length before the service hears of it', async () => {
    const answer = await call('/v1/things', { method: 'POST', body: 'a'.repeat(1_025) });

    expect(answer.status).toBe(413);
    expect(await answer.json()).toMatchObject({ code: 'body-too-large' });
    expect(service.hits()).toBe(0);
  });

  it('passes HEAD, 204 and 304 without a body', async () => {
    service.answer = ({ url }, response) => {
      response.setHeader('ETag', '"v1"');
      response.statusCode = url?.includes('none') ? 204 : url?.includes('same') ? 304 : 200;
      response.end();
    };
    const head = await call('/v1/things', { method: 'HEAD' });
    const none = await call('/v1/things/none');
    const same = await call('/v1/things/same', { headers: { 'if-none-match': '"v1"' } });

    expect([head.status, none.status, same.status]).toEqual([200, 204, 304]);
    expect(head.headers.get('etag')).toBe('"v1"');
    expect(same.headers.get('etag')).toBe('"v1"');
    expect(service.received.at(-1)?.request.headers['if-none-match']).toBe('"v1"');
  });

  it('passes redirects, errors and repeated headers as they are', async () => {
    service.answer = (_request, response) => {
      response.writeHead(302, { Location: '/v1/elsewhere', 'Set-Cookie': ['a=1', 'b=2'] });
      response.end();
    };
    const redirect = await call('/v1/things');
    service.answer = (_request, response) => {
      response.writeHead(422, { 'Content-Type': 'application/problem+json' });
      response.end('{"code":"validation-failed"}');
    };
    const failed = await call('/v1/things');

    expect([redirect.status, redirect.headers.get('location')]).toEqual([302, '/v1/elsewhere']);
    expect(redirect.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect([failed.status, await failed.json()]).toEqual([422, { code: 'validation-failed' }]);
  });

  it('keeps what only concerns us from the client', async () => {
    service.answer = (_request, response) => {
      response.setHeader('X-Powered-By', 'x');
      response.setHeader('Server', 'x');
      response.setHeader('X-Internal-Node', 'x');
      response.end('{}');
    };
    const { headers } = await call('/v1/things');

    expect(['x-powered-by', 'server', 'x-internal-node'].map((name) => headers.get(name))).toEqual([
      null,
      null,
      null,
    ]);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('keeps a request id, makes one when there is none, and replaces one that is no id', async () => {
    const kept = await call('/v1/things', { headers: { 'x-request-id': 'journey-42' } });
    const made = await call('/v1/things');
    const replaced = await call('/v1/things', { headers: { 'x-request-id': '<script>' } });

    expect(kept.headers.get('x-request-id')).toBe('journey-42');
    expect(service.received[0]?.request.headers['x-request-id']).toBe('journey-42');
    expect(made.headers.get('x-request-id')).toMatch(/^[\w-]{8,}$/);
    expect(replaced.headers.get('x-request-id')).not.toContain('<');
  });

  it('shows the first byte of a stream within 50 ms of the service, headers before that', async () => {
    let sentAt = 0;
    let push: (text: string) => void = () => undefined;
    service.answer = (_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.flushHeaders();
      push = (text) => {
        sentAt = performance.now();
        response.write(text);
      };
    };
    const request = httpRequest(`${gateway.url}/v1/stream`, { headers: bearer() }).end();
    const response = await answerTo(request);
    expect(response.headers['content-type']).toBe('text/event-stream');
    const delays: number[] = [];
    for (let event = 0; event < 5; event += 1) {
      const arrived = once(response, 'data');
      push(`data: ${event}\n\n`);
      await arrived;
      delays.push(performance.now() - sentAt);
    }
    request.destroy();

    expect(Math.min(...delays)).toBeLessThan(50);
  });

  it('ends a stream after too long a silence, by breaking it off', async () => {
    await gateway.stop();
    const rule = {
      path: '/v1/stream',
      service: 'insights',
      audience: 'user',
      errorShape: 'problem',
      timeoutMs: 200,
      rateClass: 'standard',
      bodyLimitBytes: 1_024,
      streaming: true,
    } as const;
    gateway = await openGateway(path, service.url, {}, { routes: [rule] });
    service.answer = (_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.write('data: 1\n\n');
    };
    const response = await answerTo(httpRequest(`${gateway.url}/v1/stream`, { headers: bearer() }).end());

    await expect(arrivals(response, 2)).rejects.toThrow('aborted');
  });

  it.each(['before', 'after'])(
    'aborts the service within 100 ms when the client leaves %s the answer began',
    async (when) => {
      let closedAt = 0;
      service.answer = (_request, response) => {
        if (when === 'after') {
          response.writeHead(200, { 'Content-Type': 'text/event-stream' });
          response.write('data: 1\n\n');
        }
        response.once('close', () => {
          closedAt = performance.now();
        });
      };
      const request = httpRequest(`${gateway.url}/v1/stream`, { headers: bearer() });
      request.on('error', () => undefined);
      let began = false;
      request.once('response', () => {
        began = true;
      });
      request.end();
      await eventually(() => (when === 'after' ? began : service.received.length === 1));
      const leftAt = performance.now();
      request.destroy();
      await eventually(() => closedAt > 0, Boolean, { intervalMs: 2 });

      expect(closedAt - leftAt).toBeLessThan(100);
    },
  );

  it('answers 503 with Retry-After when the service is down, without its address', async () => {
    await service.stop();
    const answers = [
      await call('/v1/things?private=1'),
      await call('/api/report', { method: 'POST', body: '{}' }),
    ];
    const texts = await Promise.all(answers.map((answer) => answer.text()));

    expect(answers.map(({ status }) => status)).toEqual([503, 503]);
    expect(answers.map(({ headers }) => headers.get('retry-after'))).toEqual(['2', '2']);
    expect(JSON.parse(texts[0] ?? '')).toMatchObject({ code: 'upstream-unavailable', status: 503 });
    expect(JSON.parse(texts[1] ?? '')).toMatchObject({
      error: expect.any(String),
      code: 'upstream-unavailable',
    });
    expect(texts.join('')).not.toMatch(/127\.0\.0\.1|private|ECONN/);
  });

  it('answers 503 deadline-exceeded when the service is too slow, and aborts it', async () => {
    let aborted = false;
    service.answer = (_request, response) => {
      response.once('close', () => {
        aborted = true;
      });
    };
    const answer = await call('/v1/slow', { method: 'POST', body: '{}' });

    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ code: 'deadline-exceeded' });
    expect(answer.headers.get('retry-after')).toBe('2');
    await eventually(() => aborted);
  });

  it('breaks the connection when the service breaks off in the middle of an answer', async () => {
    service.answer = (_request, response) => {
      response.writeHead(200, { 'Content-Length': '1000' });
      response.write('half');
      setImmediate(() => response.destroy());
    };

    await expect(call('/v1/things').then((answer) => answer.text())).rejects.toThrow();
  });

  it('repeats a GET once when the service hangs up, but never a POST', async () => {
    let calls = 0;
    service.answer = (_request, response) => {
      calls += 1;
      if (calls === 1) {
        response.destroy();
      } else {
        response.end('{}');
      }
    };
    expect((await call('/v1/things')).status).toBe(200);
    expect(calls).toBe(2);
    calls = 0;
    expect((await call('/v1/things', { method: 'POST', body: '{}' })).status).toBe(503);
    expect(calls).toBe(1);
  });

  it('stops asking a service that keeps failing and tries it again later', async () => {
    service.answer = (_request, response) => response.destroy();
    for (let attempt = 0; attempt < 12; attempt += 1) {
      await call('/v1/things', { method: 'POST', body: '{}' });
    }
    // It is asked again each second: on a slow machine that may be due at once.
    await eventually(async () => {
      const before = service.hits();
      return (await call('/v1/things')).status === 503 && service.hits() === before;
    });

    service.answer = (_request, response) => response.end('{}');
    await eventually(async () => (await call('/v1/things')).status === 200, Boolean, { intervalMs: 200 });
  });

  it('keeps its own connection to the service when the client says Connection: close', async () => {
    const sockets = new Set<unknown>();
    service.server.on('connection', (socket) => sockets.add(socket));
    for (let request = 0; request < 3; request += 1) {
      await sendRaw(
        gateway.port,
        `GET /v1/things HTTP/1.1\r\nHost: x\r\n${auth}\r\nConnection: close\r\n\r\n`,
      );
    }

    expect(service.received).toHaveLength(3);
    expect(sockets.size).toBe(1);
  });

  it('speaks HTTP/1.0 with a client that does', async () => {
    const answer = await sendRaw(gateway.port, `GET /v1/things HTTP/1.0\r\nHost: x\r\n${auth}\r\n\r\n`);

    expect(answer.status).toBe(200);
    expect(answer.head).not.toContain('transfer-encoding');
    expect(answer.body).toBe('{"ok":true}');
  });

  it('answers Expect: 100-continue and passes the body', async () => {
    const request = httpRequest(`${gateway.url}/v1/things`, {
      method: 'POST',
      headers: { ...bearer(), expect: '100-continue', 'content-length': 4 },
    });
    request.flushHeaders();
    await once(request, 'continue');
    request.end('body');

    expect((await answerTo(request)).resume().statusCode).toBe(200);
    expect(service.received[0]?.body).toBe('body');
  });

  it('keeps the connection usable when a service answers before it has read the body', async () => {
    service.server.removeAllListeners('request');
    service.server.on('request', (_request, response) => {
      response.writeHead(409);
      response.end('{}');
    });
    const socket = connect(gateway.port, '127.0.0.1');
    let text = '';
    socket.on('data', (chunk) => {
      text += String(chunk);
    });
    const body = 'a'.repeat(1_000_000);
    socket.write(
      `POST /v1/large HTTP/1.1\r\nHost: x\r\n${auth}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    await eventually(() => text.includes('409'));
    socket.destroy();
  });

  it('overwrites X-Forwarded-For, and believes as many entries as there are proxies of ours', async () => {
    await call('/v1/things', { headers: { 'x-forwarded-for': '1.1.1.1, 2.2.2.2' } });
    await gateway.stop();
    gateway = await openGateway(path, service.url, { TRUSTED_PROXY_HOPS: '1' });
    await call('/v1/things', { headers: { 'x-forwarded-for': '1.1.1.1, 2.2.2.2' } });

    expect(service.received.map(({ request }) => request.headers['x-forwarded-for'])).toEqual([
      expect.stringMatching(/127\.0\.0\.1$/),
      '2.2.2.2',
    ]);
  });

  it('answers refusals in the words of the addressed surface, with the id of the request', async () => {
    const problem = await fetch(`${gateway.url}/v1/things`, { headers: { 'x-request-id': 'id-1' } });
    const legacy = await fetch(`${gateway.url}/api/report`, { headers: { 'x-request-id': 'id-1' } });

    expect([problem.status, problem.headers.get('content-type')]).toEqual([401, 'application/problem+json']);
    expect(await problem.json()).toMatchObject({
      code: 'sign-in-required',
      detail: 'Not authenticated',
      requestId: 'id-1',
    });
    expect(await legacy.json()).toMatchObject({ error: 'Not authenticated', request_id: 'id-1' });
  });
});
