import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '@orrery/calendar';
import type { EventEnvelope } from '@orrery/contracts';
import type { Connection } from 'mongoose';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { createDeliver, type ConsumeOptions } from '../src/consume.ts';
import { newEvent } from '../src/create-event.ts';
import type { Deliver, EventTransaction, SeveralEvents } from '../src/event-bus.ts';
import { createMessagingMetrics } from '../src/messaging-metrics.ts';
import { createOutboxStore, type OutboxRow } from '../src/outbox/outbox-store.ts';
import { prepareMessaging } from '../src/prepare-messaging.ts';
import { subscribe, subscribeTogether } from '../src/subscribe.ts';
import { defineEvent } from '@orrery/contracts';
import { z } from 'zod';
import { openTestDatabase } from './test-database.ts';
import { note, NoteTaken } from './test-events.ts';

/** What the consumer states when it has handled a note. */
const NoteFiled = defineEvent({
  name: 'note.filed',
  version: 1,
  producer: 'categorization',
  consumers: ['insights'],
  summary: 'A note was filed',
  data: z.object({ text: z.string() }),
});

type Handle = (event: EventEnvelope<{ text: string }>, transaction: EventTransaction) => Promise<void>;

describe('handling an event once', () => {
  let database: Awaited<ReturnType<typeof openTestDatabase>>;
  let connection: Connection;
  let registry: Registry;
  let lines: { msg: string; level: number; reason?: string }[];

  const effects = () => connection.collection('effects').countDocuments();
  const addEffect: Handle = async (event, { session }) => {
    await connection.collection('effects').insertOne({ of: event.id }, { session });
  };
  const deliverTo = (handle: Handle, options: Partial<ConsumeOptions> = {}): Deliver =>
    createDeliver({
      consumer: 'categorization',
      subscriptions: [subscribe(NoteTaken, 'categorization', handle)],
      connection,
      outbox: createOutboxStore({ connection, producer: 'categorization', clock: systemClock }),
      logger: pino({ level: 'error' }, { write: (line: string) => lines.push(JSON.parse(line)) }),
      metrics: createMessagingMetrics(registry),
      ...options,
    });
  const message = (envelope: unknown, attempt = 1) => ({
    consumer: 'categorization' as const,
    routingKey: 'note.taken.v1',
    body: Buffer.from(JSON.stringify(envelope)),
    attempt,
    lastAttempt: attempt > 3,
  });

  beforeEach(async () => {
    database = await openTestDatabase();
    connection = database.connection;
    await prepareMessaging(connection);
    await connection.createCollection('effects');
    registry = new Registry();
    lines = [];
  });

  afterEach(() => database.remove());

  it('has one effect when the event comes twice, and answers both times that it is done', async () => {
    const deliver = deliverTo(addEffect);
    const twice = message(note(NoteTaken, 'a'));

    const outcomes = [await deliver(twice), await deliver(twice)];

    expect(outcomes).toEqual([{ kind: 'done' }, { kind: 'done' }]);
    expect(await effects()).toBe(1);
    expect(await registry.metrics()).toContain(
      'events_handled_total{consumer="categorization",type="note.taken.v1",outcome="duplicate"} 1',
    );
  });

  it('has one effect when the event comes several times at the same moment', async () => {
    const deliver = deliverTo(addEffect);
    const copy = message(note(NoteTaken, 'a'));

    const outcomes = await Promise.all(Array.from({ length: 6 }, () => deliver(copy)));

    expect(outcomes).toEqual(Array.from({ length: 6 }, () => ({ kind: 'done' })));
    expect(await effects()).toBe(1);
  }, 30_000);

  it('leaves no trace of a failed attempt, so that the next one counts', async () => {
    let attempts = 0;
    const deliver = deliverTo(async (event, transaction) => {
      await addEffect(event, transaction);
      attempts += 1;
      if (attempts === 1) {
        throw Object.assign(new Error('busy'), { code: 'upstream-busy' });
      }
    });
    const envelope = note(NoteTaken, 'a');

    const outcomes = [await deliver(message(envelope)), await deliver(message(envelope, 2))];

    expect(outcomes).toEqual([{ kind: 'retry', reason: 'upstream-busy' }, { kind: 'done' }]);
    expect(await effects()).toBe(1);
  });

  it('records follow-up events with the effect or not at all, and says what caused them', async () => {
    let fail = true;
    let nudges = 0;
    const deliver = deliverTo(
      async (event, { record }) => {
        await record([newEvent(NoteFiled, event.subject, { text: event.data.text })]);
        if (fail) {
          throw new Error('later');
        }
      },
      { onRecorded: () => (nudges += 1) },
    );
    const envelope = note(NoteTaken, 'a');

    await deliver(message(envelope));
    const afterFailure = await connection.collection('outbox').countDocuments();
    const nudgesAfterFailure = nudges;
    fail = false;
    await deliver(message(envelope));

    const rows = await connection.collection<OutboxRow>('outbox').find().toArray();
    expect([afterFailure, nudgesAfterFailure, nudges]).toEqual([0, 0, 1]);
    expect(rows.map(({ body }) => JSON.parse(body))).toEqual([
      expect.objectContaining({ type: 'note.filed.v1', causationid: envelope.id, data: { text: 'a' } }),
    ]);
  });

  it('parks what is permanent at once, and what still fails on its last attempt', async () => {
    const permanent = Object.assign(new Error('gone'), { code: 'not-found', permanent: true });
    const [failsForGood, fails] = [() => Promise.reject(permanent), () => Promise.reject(new Error('busy'))];

    const atOnce = await deliverTo(failsForGood)(message(note(NoteTaken, 'a')));
    registry.clear();
    const last = await deliverTo(fails)(message(note(NoteTaken, 'b'), 4));

    expect(atOnce).toEqual({ kind: 'dead', reason: 'not-found' });
    expect(last).toEqual({ kind: 'dead', reason: 'exhausted: Error' });
    expect(lines.map(({ reason }) => reason)).toEqual(['not-found', 'exhausted: Error']);
  });

  it.each([
    ['a newer schema', { dataschema: 'urn:orrery:event:note.taken:2' }, 'schema-unsupported'],
    ['no schema', { dataschema: undefined }, 'schema-missing'],
    ['data that do not fit', { data: { text: 5 } }, 'schema-mismatch'],
  ])(
    'parks an event of %s with one line and one count, and calls no handler',
    async (_what, change, reason) => {
      const deliver = deliverTo(() => Promise.reject(new Error('must not be called')));

      const outcome = await deliver(message({ ...note(NoteTaken, 'a'), ...change }));

      expect(outcome).toEqual({ kind: 'dead', reason });
      expect(lines).toEqual([expect.objectContaining({ msg: 'event refused and parked', reason })]);
      expect(await registry.metrics()).toContain(
        'events_handled_total{consumer="categorization",type="note.taken.v1",outcome="dead"} 1',
      );
    },
  );

  it('works in the context of the event', async () => {
    const seen: string[] = [];
    const deliver = deliverTo(addEffect, {
      async runInContext(envelope, work) {
        seen.push(`enter ${envelope.id}`);
        const result = await work();
        seen.push('leave');
        return result;
      },
    });
    const envelope = note(NoteTaken, 'a');

    await deliver(message(envelope));

    expect(seen).toEqual([`enter ${envelope.id}`, 'leave']);
  });

  describe('several together', () => {
    type HandleTogether = (
      events: SeveralEvents<{ text: string }>,
      transaction: EventTransaction,
    ) => Promise<void>;
    let runs: string[][];

    const addEffects: HandleTogether = async (events, transaction) => {
      runs.push(events.map(({ data }) => data.text));
      for (const event of events) {
        await addEffect(event, transaction);
      }
    };
    const togetherWith = (handle: HandleTogether, options: Partial<ConsumeOptions> = {}) => {
      const { together } = deliverTo(addEffect, {
        subscriptions: [subscribeTogether(NoteTaken, 'categorization', handle)],
        ...options,
      });
      return (envelopes: readonly unknown[]) => together?.(envelopes.map((envelope) => message(envelope)));
    };
    const notes = (...texts: string[]) =>
      texts.map((text) => ({ ...note(NoteTaken, text), requestid: 'req-1', traceparent: undefined }));
    const done = { kind: 'done' };

    beforeEach(() => {
      runs = [];
    });

    it('handles the events of one request in one transaction, in order', async () => {
      const outcomes = await togetherWith(addEffects)(notes('a', 'b', 'c'));

      expect(outcomes).toEqual([done, done, done]);
      expect(runs).toEqual([['a', 'b', 'c']]);
      expect(await effects()).toBe(3);
      expect(await registry.metrics()).toContain(
        'events_handled_total{consumer="categorization",type="note.taken.v1",outcome="done"} 3',
      );
    });

    it('has one effect of each when some come again, also twice in one run', async () => {
      const together = togetherWith(addEffects);
      const [first, second, third] = notes('a', 'b', 'c');

      await together([first, second]);
      const outcomes = await together([second, third, third]);

      expect(outcomes).toEqual([done, done, done]);
      expect(await effects()).toBe(3);
      expect(await registry.metrics()).toContain('outcome="duplicate"} 2');
    });

    it('gives each its own fate when one of them fails, and leaves no trace of that one', async () => {
      const together = togetherWith(async (events, transaction) => {
        await addEffects(events, transaction);
        if (events.some(({ data }) => data.text === 'bad')) {
          throw Object.assign(new Error('gone'), { code: 'not-found', permanent: true });
        }
      });

      const outcomes = await together(notes('a', 'bad', 'c'));

      expect(outcomes).toEqual([done, { kind: 'dead', reason: 'not-found' }, done]);
      expect(runs).toEqual([['a', 'bad', 'c'], ['a'], ['bad'], ['c']]);
      expect(await effects()).toBe(2);
    });

    it('tries none of them one by one while something they need is out of reach', async () => {
      const away = Object.assign(new Error('away'), { code: 'away' });
      const together = togetherWith(
        async (events, transaction) => {
          await addEffects(events, transaction);
          throw away;
        },
        { isOutage: (error) => error === away },
      );

      const retry = { kind: 'retry', reason: 'away', outage: true };
      expect(await together(notes('a', 'b'))).toEqual([retry, retry]);
      expect(runs).toHaveLength(1);
      expect(await effects()).toBe(0);
    });

    it('keeps events of other requests and other users apart, and parks what it cannot read', async () => {
      const [first, second, third] = notes('a', 'b', 'c');

      const outcomes = await togetherWith(addEffects)([
        first,
        { ...second, requestid: 'req-2' },
        { ...third, requestid: 'req-2', subject: 'user-2' },
        { ...third, id: 'strange', dataschema: 'urn:orrery:event:note.taken:9' },
      ]);

      expect(outcomes).toEqual([done, done, done, { kind: 'dead', reason: 'schema-unsupported' }]);
      expect(runs).toEqual([['a'], ['b'], ['c']]);
    });

    it('says of what follows that the last of them caused it', async () => {
      const together = togetherWith(async ([{ subject }], { record }) => {
        await record([newEvent(NoteFiled, subject, { text: 'all' })]);
      });
      const envelopes = notes('a', 'b');

      await together(envelopes);

      const rows = await connection.collection<OutboxRow>('outbox').find().toArray();
      expect(rows.map(({ envelope }) => envelope.causationid)).toEqual([envelopes[1]?.id]);
    });

    it('calls a handler that takes one event with each of them', async () => {
      const seen: string[] = [];
      const deliver = deliverTo(async (event, transaction) => {
        seen.push(event.data.text);
        await addEffect(event, transaction);
      });

      const outcomes = await deliver.together?.(notes('a', 'b').map((envelope) => message(envelope)));

      expect(outcomes).toEqual([done, done]);
      expect(seen).toEqual(['a', 'b']);
    });
  });
});
