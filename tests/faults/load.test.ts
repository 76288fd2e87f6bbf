import { once } from 'node:events';
import { type Server, createServer } from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import { load, median, quantile } from './load.ts';

describe('a steady load', () => {
  let server: Server;

  const serve = async (answerAfterMs: (count: number) => number): Promise<string> => {
    let count = 0;
    server = createServer((request, response) => {
      count += 1;
      response.statusCode = request.url === '/bad' ? 503 : 200;
      setTimeout(() => response.end(), answerAfterMs(count));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    return `http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}`;
  };

  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  it('asks as often as told although the answers are slow, and counts them by status', async () => {
    const origin = await serve(() => 400);

    const { times, statuses } = await load(
      [`${origin}/good`, `${origin}/bad`],
      {},
      { ms: 500, perSecond: 40 },
    );

    expect(times).toHaveLength(20);
    expect([...statuses].sort()).toEqual([
      [200, 10],
      [503, 10],
    ]);
    expect(times[0]).toBeGreaterThan(390);
  });

  it('counts an answer that never comes as none', async () => {
    const origin = await serve(() => 60_000);

    const { statuses } = await load([origin], {}, { ms: 50, perSecond: 40, timeoutMs: 100 });

    expect([...statuses]).toEqual([[0, 2]]);
  });
});

describe('quantiles', () => {
  it.each([
    [[1], 0.99, 1],
    [[1, 2, 3, 4], 0, 1],
    [[1, 2, 3, 4], 0.5, 3],
    [Array.from({ length: 400 }, (_time, index) => index), 0.99, 396],
    [[], 0.99, 0],
  ])('of %j at %d', (times, share, expected) => {
    expect(quantile(times, share)).toBe(expected);
  });

  it('take the middle of numbers in any order', () => {
    expect(median([9, 1, 5])).toBe(5);
  });
});
