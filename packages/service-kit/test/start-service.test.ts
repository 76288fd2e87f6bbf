import { afterEach, describe, expect, it } from '@jest/globals';
import { TransactionsCategorized, TransactionsRemoved } from '@orrery/contracts';
import { aUser, eventually, startTestService, type TestService } from '@orrery/testing';
import { AppError } from '../src/errors/app-error.ts';
import { CountNotes, specimen } from './specimen.ts';

const running: TestService[] = [];
const start = async (...args: Parameters<typeof startTestService>): Promise<TestService> => {
  const service = await startTestService(...args);
  running.push(service);
  return service;
};
afterEach(async () => {
  await Promise.all(running.splice(0).map((service) => service.stop()));
});

const removal = (userId: string) => ({ userId, transactions: [{ transactionId: 't-1', rowVersion: 1 }] });

describe('a started service', () => {
  it('carries the request id through its events, and the trace with it', async () => {
    const service = await start(specimen().module);
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

    const reply = await service.call('/v1/notes', {
      method: 'POST',
      json: { text: 'coffee' },
      headers: { 'x-request-id': 'journey-1', traceparent },
    });
    const [event] = await service.captured.waitFor(TransactionsCategorized);

    expect(reply.headers.get('x-request-id')).toBe('journey-1');
    expect(event?.requestid).toBe('journey-1');
    expect(event?.traceparent).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$/);
    expect(event?.traceparent).not.toBe(traceparent);
    expect(service.logs.some((line) => line.includes('journey-1') && line.includes('request answered'))).toBe(
      true,
    );
  });

  it('starts a trace where there is none', async () => {
    const service = await start(specimen().module);

    await service.call('/v1/notes', { method: 'POST', json: { text: 'tea' } });
    const [event] = await service.captured.waitFor(TransactionsCategorized);

    expect(event?.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  });

  it('handles events in the context of the request that caused them', async () => {
    const { module, handled } = specimen();
    const service = await start(module);

    await service.publish(TransactionsRemoved, 'user-7', removal('user-7'), { requestid: 'from-afar' });
    await eventually(() => handled.length === 1);

    expect(handled[0]).toMatchObject({ requestId: 'from-afar', userId: 'user-7' });
  });

  it('sends an event that fails for good to the dead letters at once, and retries any other failure', async () => {
    const errors: Error[] = [new AppError('validation-failed'), new AppError('database-unavailable')];
    const { module, handled } = specimen({ failEvents: () => errors.shift() });
    const service = await start(module);

    await service.publish(TransactionsRemoved, 'u', removal('u'));
    const [dead] = await eventually(
      () => service.bus.listDeadLetters(),
      (letters) => letters.length === 1,
    );
    await service.publish(TransactionsRemoved, 'u', removal('u'));
    await eventually(() => handled.length === 3);

    expect(dead).toMatchObject({ reason: 'validation-failed', attempts: 1 });
    expect(await service.bus.listDeadLetters()).toHaveLength(1);
  });

  it('is ready while its dependencies are, and shows its metrics on the internal port only', async () => {
    const service = await start(specimen().module);
    await service.call('/v1/notes/count');

    const ready = await fetch(`${service.url}/health/ready`);
    const metrics = await (await fetch(`${service.metricsUrl}/metrics`)).text();

    expect(ready.status).toBe(200);
    expect(await ready.json()).toEqual({ status: 'ok', checks: { database: 'ok', events: 'ok' } });
    expect(metrics).toMatch(
      /http_requests_total\{.*route="\/v1\/notes\/count".*status="200".*service="categorization".*\} 1/,
    );
    expect(metrics).toContain('outbox_pending');
    expect(metrics).toContain(
      'events_unroutable_total{type="transactions.categorized.v1",service="categorization"} 0',
    );
    expect((await service.call('/metrics')).status).toBe(404);
  });

  it('answers 503 with Retry-After when its database is away, and says so in its readiness', async () => {
    const service = await start(specimen().module);
    await service.mongo.close();

    const reply = await service.call('/v1/notes/count');
    const ready = await fetch(`${service.url}/health/ready`);

    expect(reply.status).toBe(503);
    expect(reply.json).toMatchObject({ code: 'database-unavailable' });
    expect(reply.headers.get('retry-after')).toBe('2');
    expect(ready.status).toBe(503);
  });

  it('shows in its metrics that its database is away, although nobody has asked whether it is ready', async () => {
    const service = await start(specimen().module);
    await service.mongo.close();

    const metrics = await (await fetch(`${service.metricsUrl}/metrics`)).text();

    expect(metrics).toMatch(/^service_dependency_ready\{dependency="database",.*\} 0$/m);
    expect(metrics).toMatch(/^service_dependency_ready\{dependency="events",.*\} 1$/m);
  });

  it('lets a request at work end while it stops, is not ready meanwhile, and takes no new connection after', async () => {
    const { module, slowArrived, releaseSlow } = specimen();
    const service = await start(module, { env: { DRAIN_DELAY_MS: '200' } });

    const slow = service.call('/v1/slow');
    await slowArrived;
    const stopped = service.stop();
    running.splice(running.indexOf(service), 1);
    const ready = await eventually(
      async () => (await fetch(`${service.metricsUrl}/health/ready`)).status,
      (status) => status === 503,
    );
    releaseSlow();
    const reply = await slow;
    await stopped;

    expect(ready).toBe(503);
    expect(reply).toMatchObject({ status: 200, json: { done: true } });
    await expect(fetch(service.url)).rejects.toThrow();
  });

  it('calls another service with the caller’s identity, and reports it away when it is', async () => {
    const neighbour = specimen();
    const other = await start(neighbour.module);
    const caller = specimen();
    await start(caller.module, { addresses: { categorization: other.url, ingestion: 'http://127.0.0.1:9' } });
    const { client } = caller.runtime();

    const reply = await client('categorization').call(CountNotes, {}, { identity: aUser() });
    const away = client('ingestion').call(CountNotes, {}, { identity: aUser() });
    const unknown = client('insights').call(CountNotes, {});

    expect(reply).toEqual({ status: 200, body: { count: 0 } });
    await expect(away).rejects.toMatchObject({ code: 'upstream-unavailable', status: 503 });
    await expect(unknown).rejects.toMatchObject({ code: 'upstream-unavailable' });
  });
});
