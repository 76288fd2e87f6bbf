import { Agent, request as httpRequest } from 'node:http';
import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { eventually } from '@orrery/testing';
import { WebSocket, WebSocketServer } from 'ws';
import {
  type FakeService,
  type OpenGateway,
  bearer,
  openGateway,
  openService,
  tokenOf,
} from './open-gateway.ts';

const RESTARTS = 10;
const WORKERS = 8;

/** Keeps asking until it is told to stop; counts what failed. */
function underLoad(urlOf: () => string) {
  const agent = new Agent({ keepAlive: true });
  const users = Array.from({ length: 20 }, (_value, index) => bearer({ id: `user-${index}` }));
  const failures: string[] = [];
  let done = 0;
  let isRunning = true;
  const ask = (): Promise<void> =>
    new Promise((resolve) => {
      const request = httpRequest(
        `${urlOf()}/v1/things`,
        { agent, headers: users[done % 20] ?? {} },
        (response) => {
          if (response.statusCode !== 200) {
            failures.push(String(response.statusCode));
          }
          response.resume().once('end', resolve);
          response.once('error', () => failures.push('broke off'));
        },
      );
      request.once('error', (error) => {
        failures.push(error.message);
        resolve();
      });
      request.end();
    });
  const workers = Array.from({ length: WORKERS }, async () => {
    while (isRunning) {
      await ask();
      done += 1;
    }
  });
  return {
    failures,
    done: () => done,
    async stop() {
      isRunning = false;
      await Promise.all(workers);
      agent.destroy();
    },
  };
}

const someMore = (load: { done(): number }) => {
  const from = load.done();
  return eventually(() => load.done() > from + 2 * WORKERS);
};

describe('rolling restarts under load', () => {
  it(`loses no request in ${RESTARTS} restarts of the gateway, and closes sockets with 1001`, async () => {
    const service = await openService();
    const sockets = new WebSocketServer({ server: service.server });
    let current = await openGateway('fast path', service.url);
    const load = underLoad(() => current.url);
    const codes: unknown[] = [];
    for (let restart = 0; restart < RESTARTS; restart += 1) {
      const socket = new WebSocket(`${current.url.replace('http', 'ws')}/v1/socket?token=${tokenOf()}`);
      await once(socket, 'open');
      const closed = once(socket, 'close');
      await someMore(load);
      const former: OpenGateway = current;
      current = await openGateway('fast path', service.url);
      expect(await former.stop()).toBe(true);
      codes.push((await closed)[0]);
    }
    await load.stop();
    await current.stop();
    sockets.close();
    await service.stop();

    expect(load.failures).toEqual([]);
    expect(codes).toEqual(Array.from({ length: RESTARTS }, () => 1001));
  }, 30_000);

  it(`loses no request in ${RESTARTS} restarts of a service that runs twice`, async () => {
    const services: FakeService[] = [await openService(), await openService()];
    const ports = services.map(({ url }) => Number(new URL(url).port));
    const gateway = await openGateway('fast path', '', {
      GATEWAY_UPSTREAMS: `insights=${services.map(({ url }) => `${url}=50`).join(',')}`,
    });
    const load = underLoad(() => gateway.url);
    for (let restart = 0; restart < RESTARTS; restart += 1) {
      const index = restart % 2;
      await someMore(load);
      const former = services[index];
      // As a service drains: nothing new, what is at work ends, idle connections go.
      let isClosed = false;
      former?.server.close(() => {
        isClosed = true;
      });
      await eventually(() => {
        former?.server.closeIdleConnections();
        return isClosed;
      });
      await someMore(load);
      const fresh = await openService(ports[index]);
      services[index] = fresh;
      // The next one goes only when this one serves, as an orchestrator waits for readiness.
      await eventually(() => fresh.received.length > 0);
    }
    await load.stop();
    await gateway.stop();
    await Promise.all(services.map((service) => service.stop()));

    expect(load.failures).toEqual([]);
  }, 30_000);
});
