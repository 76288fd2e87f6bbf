import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '@orrery/calendar';
import { EventEnvelope } from '@orrery/contracts';
import { inTransaction } from '@orrery/mongo';
import type { Connection } from 'mongoose';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { newEvent } from '../src/create-event.ts';
import { createMessagingMetrics, registerOutboxGauges } from '../src/messaging-metrics.ts';
import { OutboxRelay, type OutboxRelayOptions } from '../src/outbox/outbox-relay.ts';
import { createOutboxStore, type OutboxRow } from '../src/outbox/outbox-store.ts';
import { prepareMessaging } from '../src/prepare-messaging.ts';
import { PublishError, UnroutableError } from '../src/publish-error.ts';
import { eventually } from './eventually.ts';
import { testLogger } from './open-test-bus.ts';
import { openTestDatabase } from './test-database.ts';
import { NoteLost, NoteTaken } from './test-events.ts';

type Publish = OutboxRelayOptions['bus']['publish'];

describe('the outbox and its relay', () => {
  let database: Awaited<ReturnType<typeof openTestDatabase>>;
  let connection: Connection;
  let relays: OutboxRelay[];
  let published: EventEnvelope[];

  const rows = () => connection.collection<OutboxRow>('outbox');
  const record = (texts: readonly string[], definition = NoteTaken) =>
    inTransaction(connection, (session) =>
      createOutboxStore({ connection, producer: 'ingestion', clock: systemClock }).recordEvents(
        session,
        texts.map((text) => newEvent(definition, 'user-1', { text })),
      ),
    );
  const remember: Publish = (events) => {
    published.push(...events.map(({ body }) => EventEnvelope.parse(JSON.parse(body))));
    return Promise.resolve();
  };
  const startRelay = (publish: Publish, options: Partial<OutboxRelayOptions> = {}): OutboxRelay => {
    const relay = new OutboxRelay({
      connection,
      producer: 'ingestion',
      bus: { publish },
      logger: testLogger,
      pollMs: 20,
      leaseTtlMs: 500,
      ...options,
    });
    relays.push(relay);
    relay.start();
    return relay;
  };
  const textsOf = (envelopes: readonly EventEnvelope[]) =>
    envelopes.map(({ data }) => (data as { text: string }).text);
  const untilEmpty = () =>
    eventually(async () => (await rows().countDocuments()) === 0, 'the outbox is empty');

  beforeEach(async () => {
    database = await openTestDatabase();
    connection = database.connection;
    await prepareMessaging(connection);
    relays = [];
    published = [];
  });

  afterEach(async () => {
    await Promise.all(relays.map((relay) => relay.stop()));
    await database.remove();
  });

  it('publishes what was committed, in the order of recording, and keeps nothing of what was rolled back', async () => {
    await record(['a', 'b', 'c']);
    await inTransaction(connection, async (session) => {
      await createOutboxStore({ connection, producer: 'ingestion', clock: systemClock }).recordEvents(
        session,
        [newEvent(NoteTaken, 'user-1', { text: 'rolled back' })],
      );
      throw new Error('no');
    }).catch(() => undefined);
    await record(['d']);

    startRelay(remember);

    await untilEmpty();
    expect(textsOf(published)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('publishes in order over many batches', async () => {
    const texts = Array.from({ length: 60 }, (_, index) => `n${String(index)}`);
    await record(texts);

    startRelay(remember, { batchSize: 7 });

    await untilEmpty();
    expect(textsOf(published)).toEqual(texts);
  });

  it('publishes after a restart what it was killed before publishing', async () => {
    await record(['a', 'b']);
    const killed = startRelay(() => new Promise(() => undefined));
    await eventually(
      async () => (await connection.collection('leases').countDocuments()) === 1,
      'it has begun',
    );
    // A killed relay neither returns nor gives its lease back; leave it hanging and do not wait for it.
    relays = relays.filter((relay) => relay !== killed);

    startRelay(remember);

    await untilEmpty();
    expect(textsOf(published)).toEqual(['a', 'b']);
  });

  it('publishes again, with the same ids, what it was killed before removing', async () => {
    await record(['a', 'b']);
    const killed = startRelay(async (events) => {
      await remember(events);
      return new Promise<void>(() => undefined);
    });
    await eventually(() => published.length === 2, 'they are published');
    relays = relays.filter((relay) => relay !== killed);

    startRelay(remember);

    await untilEmpty();
    expect(textsOf(published)).toEqual(['a', 'b', 'a', 'b']);
    expect(published[2]?.id).toBe(published[0]?.id);
    expect(published[3]?.id).toBe(published[1]?.id);
  });

  it('publishes each event once and in order when two relays work at once', async () => {
    startRelay(remember, { batchSize: 5 });
    startRelay(remember, { batchSize: 5 });
    const texts = Array.from({ length: 80 }, (_, index) => `n${String(index)}`);

    for (let start = 0; start < texts.length; start += 8) {
      await record(texts.slice(start, start + 8));
    }

    await untilEmpty();
    expect(textsOf(published)).toEqual(texts);
  });

  it('leaves at once when it is nudged, long before the next poll', async () => {
    const relay = startRelay(remember, { pollMs: 600_000 });
    await relay.state();
    await record(['a']);

    relay.nudge();

    await eventually(() => published.length === 1, 'it is published');
  });

  it('keeps what was not confirmed and publishes it again, but not what was', async () => {
    await record(['a', 'b', 'c']);
    let calls = 0;

    startRelay(async (events) => {
      calls += 1;
      if (calls > 1) {
        return remember(events);
      }
      await remember(events.slice(0, 1));
      throw new PublishError('half', { unconfirmedIds: events.slice(1).map(({ head }) => head.id) });
    });

    await untilEmpty();
    expect(textsOf(published)).toEqual(['a', 'b', 'c']);
  });

  it('retries for as long as the bus is away', async () => {
    await record(['a']);
    let calls = 0;

    startRelay((events) => {
      calls += 1;
      return calls <= 4 ? Promise.reject(new Error('away')) : remember(events);
    });

    await untilEmpty();
    expect(textsOf(published)).toEqual(['a']);
  });

  it('keeps an event that no queue takes, says so once, counts each attempt and lets others pass', async () => {
    const registry = new Registry();
    const lines: { msg: string; level: number; eventId?: string }[] = [];
    const logger = pino({ level: 'error' }, { write: (line: string) => lines.push(JSON.parse(line)) });
    await record(['lost'], NoteLost);
    await record(['a']);
    let attempts = 0;

    startRelay(
      async (events) => {
        const lost = events.filter(({ head }) => head.type === 'note.lost.v1').map(({ head }) => head.id);
        await remember(events.filter(({ head }) => !lost.includes(head.id)));
        if (lost.length > 0) {
          attempts += 1;
          throw new UnroutableError({ unroutableIds: lost });
        }
      },
      { logger, metrics: createMessagingMetrics(registry), unroutablePauseMs: 50 },
    );

    await eventually(
      async () => /events_unroutable_total\{type="note.lost.v1"\} [3-9]/.test(await registry.metrics()),
      'it is tried again, and each attempt is counted',
    );
    expect(attempts).toBeGreaterThanOrEqual(3);
    expect(textsOf(published)).toEqual(['a']);
    expect(await rows().countDocuments()).toBe(1);
    expect(lines.map(({ msg }) => msg)).toEqual([
      'no queue takes this event; its outbox row is kept and tried again',
    ]);
    expect(await registry.metrics()).toContain('events_published_total{type="note.taken.v1"} 1');
  });

  it('shows how many events wait and for how long', async () => {
    const registry = new Registry();
    const relay = new OutboxRelay({
      connection,
      producer: 'ingestion',
      bus: { publish: remember },
      logger: testLogger,
    });
    registerOutboxGauges(registry, () => relay.state());
    await record(['a', 'b']);
    await rows().updateMany({}, { $set: { recordedAt: new Date(Date.now() - 90_000) } });

    const metrics = await registry.metrics();

    expect(metrics).toContain('outbox_pending 2');
    expect(Number(/^outbox_oldest_age_seconds (\S+)$/m.exec(metrics)?.[1])).toBeGreaterThanOrEqual(90);
  });

  it('writes nothing while it is idle', async () => {
    startRelay(remember);
    await record(['a']);
    await untilEmpty();
    const before = await connection.collection('leases').find().toArray();
    let polls = 0;
    const relay = new OutboxRelay({
      connection,
      producer: 'ingestion',
      bus: { publish: remember },
      logger: testLogger,
    });

    await eventually(async () => {
      await relay.state();
      polls += 1;
      return polls > 20;
    }, 'some polls have passed');

    expect(await connection.collection('leases').find().toArray()).toEqual(before);
  });
});
