import { once } from 'node:events';
import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';
import { seededRandom } from './seeded-random.ts';

const BODY = 'x'.repeat(100_000);

describe('the fault proxy', () => {
  const server = createServer((_request, response) => response.end(BODY));
  let proxy: FaultProxy;

  beforeEach(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    proxy = await startFaultProxy(typeof address === 'object' ? (address?.port ?? 0) : 0, seededRandom(1));
  });

  afterEach(async () => {
    await proxy.stop();
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  const ask = async (timeoutMs = 5_000): Promise<number> => {
    const response = await fetch(`http://127.0.0.1:${proxy.port}/`, {
      headers: { connection: 'close' },
      signal: AbortSignal.timeout(timeoutMs),
    });
    return (await response.text()).length;
  };

  it('passes everything on when it has no faults', async () => {
    expect(await ask()).toBe(BODY.length);
  });

  it('delays without losing or reordering', async () => {
    proxy.set({ latencyMs: 40, jitter: 0.5 });
    const startedAt = performance.now();

    expect(await ask()).toBe(BODY.length);
    expect(performance.now() - startedAt).toBeGreaterThan(30);
  });

  it('resets a connection in the middle of an answer', async () => {
    proxy.set({ cutAfterBytes: 20_000 });

    await expect(ask()).rejects.toThrow();
  });

  it('swallows or refuses until told otherwise', async () => {
    proxy.set({ blackHole: true });
    await expect(ask(300)).rejects.toThrow(/timeout/);
    proxy.set({ refuse: true });
    await expect(ask()).rejects.toThrow();
    proxy.set({});

    expect(await ask()).toBe(BODY.length);
  });
});
