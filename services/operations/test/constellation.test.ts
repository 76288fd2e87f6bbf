import { type Server, createServer } from 'node:http';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type TestService, anAdmin, startTestService } from '@orrery/testing';
import { WATCHED } from '../src/constellation.ts';
import { operations } from '../src/index.ts';

const RUN = {
  id: 'run-1',
  name: 'rebuild',
  state: 'succeeded',
  createdAt: '2026-03-01T00:00:00.000Z',
  startedAt: '2026-03-01T00:00:00.000Z',
  finishedAt: '2026-03-01T00:00:02.000Z',
  result: null,
  error: null,
};
const STATE = {
  service: 'insights',
  version: '0.1.0',
  startedAt: '2026-03-01T00:00:00.000Z',
  ready: false,
  checks: { database: 'not connected', events: 'ok' },
  outbox: { pending: 3, oldestAgeSeconds: 75 },
  queues: null,
  deadLetters: [],
  jobs: [{ name: 'rebuild', cron: '5 0 * * *', timeZone: 'UTC', nextRun: null, lastRun: RUN }],
  facts: [{ group: 'models', name: 'categorizer', value: 'v7 <old>', state: 'warning' }],
};

const NOT_FOUND = { type: 'about:blank', title: 'Not found', status: 404, code: 'not-found' };

/** A service that knows one run and nothing else. */
async function startFake(): Promise<{ server: Server; url: string }> {
  const server = createServer((request, response) => {
    const known: Record<string, unknown> = {
      '/internal/operations': STATE,
      '/internal/jobs/run-1': RUN,
      '/internal/jobs': { data: [RUN] },
    };
    const body = known[(request.url ?? '').split('?', 1)[0] ?? ''];
    response.writeHead(body === undefined ? 404 : 200, {
      'content-type': body === undefined ? 'application/problem+json' : 'application/json',
    });
    response.end(JSON.stringify(body ?? NOT_FOUND));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return { server, url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}` };
}

describe('a constellation of which one service answers', () => {
  let fake: Awaited<ReturnType<typeof startFake>>;
  let service: TestService;

  beforeAll(async () => {
    fake = await startFake();
    const nowhere = Object.fromEntries(WATCHED.map((name) => [name, 'http://127.0.0.1:9']));
    service = await startTestService(operations, { addresses: { ...nowhere, insights: fake.url } });
  }, 60_000);

  afterAll(async () => {
    await service.stop();
    fake.server.close();
  });

  const ask = (path: string, method = 'GET') => service.call(path, { as: anAdmin(), method });

  it('lists what is known and names the services that did not answer', async () => {
    const { json } = await ask('/admin/jobs');

    expect(json).toMatchObject({ data: [{ id: 'run-1', service: 'insights' }] });
    expect((json as { unavailable: string[] }).unavailable.sort()).toEqual(
      WATCHED.filter((name) => name !== 'insights').sort(),
    );
  });

  it('finds a run that the one service knows', async () => {
    expect((await ask('/admin/jobs/run-1')).status).toBe(200);
  });

  it('answers 503, not 404, for what a silent service may know', async () => {
    expect((await ask('/admin/jobs/run-2')).status).toBe(503);
    expect((await ask('/admin/jobs/unknown/run', 'POST')).status).toBe(503);
  });

  it('shows on the page who is silent, what is not ready, and what cannot be counted', async () => {
    const { status, text } = await ask('/admin/monitor');

    expect(status).toBe(200);
    expect(text.match(/no answer/g)).toHaveLength(WATCHED.length - 1);
    const silent = WATCHED.filter((name) => name !== 'insights').join(', ');
    for (const what of ['Parked events', 'Jobs', 'Runs', 'Figures']) {
      expect(text).toContain(`${what} of ${silent} could not be read.`);
    }
    expect(text).not.toContain('No event is parked.');
    expect(text).not.toContain('No bank is linked.');
    expect(text).toContain('database: not connected');
    expect(text).toContain('3 waiting, oldest 1 min 15 s');
    expect(text).toContain(`Queues of insights, ${silent} could not be read.`);
    expect(text).toContain('<span class="warning">v7 &lt;old&gt;</span>');
    expect(text).toContain('0 of 8');
  });
});
