import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { verifyServiceToken, serviceTokenKeys } from '@orrery/service-kit';
import { eventually } from '@orrery/testing';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import { type FakeService, type OpenGateway, openGateway, openService, tokenOf } from './open-gateway.ts';

const keys = serviceTokenKeys('a-service-token-secret-for-the-gateways-tests');

let service: FakeService;
let sockets: WebSocketServer;
let gateway: OpenGateway;
let seen: { url: string; kind: string; userId: string | undefined; failure: unknown; leaked: string }[];

beforeEach(async () => {
  seen = [];
  service = await openService();
  sockets = new WebSocketServer({ server: service.server, perMessageDeflate: false });
  sockets.on('connection', (socket, request) => {
    const { identity } = verifyServiceToken(keys, String(request.headers['x-service-token']), 'insights');
    const failure = request.headers['x-sign-in-failure'];
    seen.push({
      url: request.url ?? '',
      kind: identity.kind,
      userId: identity.userId,
      failure,
      leaked: String(request.headers.authorization ?? request.headers['x-user-id'] ?? ''),
    });
    if (failure !== undefined) {
      socket.send(JSON.stringify({ error: `Authentication failed: ${String(failure)}` }));
      socket.close(1008);
      return;
    }
    socket.on('message', (data, isBinary) => {
      socket.send(data, { binary: isBinary });
    });
  });
  gateway = await openGateway('fast path', service.url);
});

afterEach(async () => {
  for (const client of sockets.clients) {
    client.terminate();
  }
  await gateway.stop();
  sockets.close();
  await service.stop();
});

const open = (
  target: string,
  options: { headers?: Record<string, string>; origin?: string } = {},
): WebSocket => new WebSocket(`${gateway.url.replace('http', 'ws')}${target}`, options);
const opened = async (
  target: string,
  options: { headers?: Record<string, string>; origin?: string } = {},
) => {
  const socket = open(target, options);
  await once(socket, 'open');
  return socket;
};
const closed = async (socket: WebSocket): Promise<number> => {
  const [code] = (await once(socket, 'close')) as [number];
  return code;
};

describe('WebSockets through the gateway', () => {
  it('carries messages of every size in both directions, for the user of the token', async () => {
    const socket = await opened(`/v1/socket?token=${tokenOf()}&room=1`, {
      headers: { 'x-user-id': 'victim' },
    });
    for (const size of [0, 1, 125, 126, 65_535, 65_536, 300_000]) {
      const message = 'x'.repeat(size);
      const answer = once(socket, 'message') as Promise<[RawData]>;
      socket.send(message);

      expect(String((await answer)[0])).toHaveLength(size);
    }

    expect(seen).toEqual([
      { url: '/v1/socket?room=1', kind: 'user', userId: 'user-1', failure: undefined, leaked: '' },
    ]);
    socket.terminate();
  });

  it('takes the token from the header, an allowed page, and no page at all', async () => {
    const headers = { authorization: `Bearer ${tokenOf()}` };
    const app = await opened('/v1/socket', { headers });
    const browser = await opened('/v1/socket', { headers, origin: 'https://app.test' });

    expect(seen).toHaveLength(2);
    app.terminate();
    browser.terminate();
  });

  it.each([
    ['no token', '/chat/ws', 'Token not provided'],
    ['a bad token', '/chat/ws?token=x', 'Invalid token'],
    ['an expired token', `/chat/ws?token=${tokenOf({}, { expiresIn: -60 })}`, 'Token has expired'],
    ['a token without a user', `/chat/ws?token=${tokenOf({ id: undefined })}`, 'User ID not found in token'],
  ])(
    'lets the chat say in a frame, then close with 1008, that there is %s',
    async (_case, target, reason) => {
      const socket = open(target, { headers: { 'x-sign-in-failure': 'forged' } });
      const [frame] = (await once(socket, 'message')) as [RawData];

      expect(JSON.parse(String(frame))).toEqual({ error: `Authentication failed: ${reason}` });
      expect(await closed(socket)).toBe(1008);
      expect(seen[0]).toMatchObject({ kind: 'anonymous', userId: undefined });
    },
  );

  it('takes no reason from outside: a forged failure header does not reach the chat', async () => {
    const socket = await opened(`/chat/ws?token=${tokenOf()}`, {
      headers: { 'x-sign-in-failure': 'forged' },
    });

    expect(seen[0]).toMatchObject({ kind: 'user', failure: undefined });
    socket.terminate();
  });

  it('lets a user have five sockets, and another as soon as one is closed', async () => {
    const target = `/v1/socket?token=${tokenOf()}`;
    const five = await Promise.all(Array.from({ length: 5 }, () => opened(target)));
    const sixth = open(target);
    const [error] = (await once(sixth, 'error')) as [Error];
    expect(error.message).toContain('429');

    five[0]?.close();
    await eventually(async () => {
      const again = open(target);
      const isOpen = await Promise.race([
        once(again, 'open').then(() => true),
        once(again, 'error').then(() => false),
      ]);
      again.terminate();
      return isOpen;
    });
    five.forEach((socket) => socket.terminate());
  });

  it('closes sockets with 1001 when the gateway stops, after the message that is under way', async () => {
    const socket = await opened(`/v1/socket?token=${tokenOf()}`);
    const quiet = await opened(`/v1/socket?token=${tokenOf()}`);
    const sizes: number[] = [];
    socket.on('message', (data) => sizes.push(String(data).length));
    socket.send('x'.repeat(2_000_000));
    const codes = Promise.all([closed(socket), closed(quiet)]);
    await eventually(() => sockets.clients.size === 2);
    await gateway.drain();

    expect(await codes).toEqual([1001, 1001]);
    expect(sizes.every((size) => size === 2_000_000)).toBe(true);
    const late = open(`/v1/socket?token=${tokenOf()}`);
    const [error] = (await once(late, 'error')) as [Error];
    expect(error.message).toContain('503');
  });

  it('closes a socket when its token expires', async () => {
    const socket = await opened(`/v1/socket?token=${tokenOf({}, { expiresIn: 1 })}`);

    expect(await closed(socket)).toBe(4401);
  });

  it('closes both sides when either leaves', async () => {
    const first = await opened(`/v1/socket?token=${tokenOf()}`);
    first.terminate();
    await eventually(() => sockets.clients.size === 0);
    const second = await opened(`/v1/socket?token=${tokenOf()}`);
    for (const client of sockets.clients) {
      client.close(4000);
    }

    expect(await closed(second)).toBe(4000);
  });

  it('answers 503 when the service is down', async () => {
    sockets.close();
    await service.stop();
    const socket = open(`/v1/socket?token=${tokenOf()}`);
    const [error] = (await once(socket, 'error')) as [Error];

    expect(error.message).toContain('503');
    service = await openService();
    sockets = new WebSocketServer({ server: service.server });
  });
});
