import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { EventEnvelope } from '@orrery/contracts';
import { MAX_TOGETHER, type Deliver, type DeliveredMessage, type DeliveryOutcome } from '../src/event-bus.ts';
import { UnroutableError } from '../src/publish-error.ts';
import { eventually } from './eventually.ts';
import { newBusPlace, openTestBus, removeBusPlace, type BusPlace, type TestBus } from './open-test-bus.ts';
import { note, NoteLost, NoteRead, NoteShared, NoteTaken, subjectOf, textOf } from './test-events.ts';

interface Delivered extends DeliveredMessage {
  at: number;
}

/** Records every delivery and ends it as the test says. */
function recorder(end: Deliver = () => Promise.resolve({ kind: 'done' })): {
  deliver: Deliver;
  seen: Delivered[];
} {
  const seen: Delivered[] = [];
  return {
    seen,
    deliver(message) {
      seen.push({ ...message, at: performance.now() });
      return end(message);
    },
  };
}

const RETRY: DeliveryOutcome = { kind: 'retry', reason: 'once' };

const textsOf = (seen: readonly Delivered[]) => seen.map(({ body }) => textOf(body));
const failsOn =
  (text: string, outcome: Awaited<ReturnType<Deliver>>): Deliver =>
  (message) =>
    Promise.resolve(textOf(message.body) === text ? outcome : { kind: 'done' });

/**
 * The promises of the event bus, to be run on every adapter.
 * @param adapter which adapter
 * @param address gives the address of its broker or database server, called when the tests run
 */
export function busContract(adapter: BusPlace['adapter'], address: () => string): void {
  jest.setTimeout(60_000);
  describe(`the ${adapter} event bus`, () => {
    let place: BusPlace;
    let open: { bus: TestBus; close(): Promise<void> }[];

    const openBus = async (overrides: Partial<BusPlace> = {}): Promise<TestBus> => {
      const opened = await openTestBus({ ...place, ...overrides });
      open.push(opened);
      return opened.bus;
    };

    beforeEach(() => {
      place = newBusPlace(adapter, address());
      open = [];
    });

    afterEach(async () => {
      await Promise.all(open.map(({ close }) => close()));
      await removeBusPlace(place);
    });

    it('delivers an event with its content, once, as a first attempt', async () => {
      const bus = await openBus();
      const { deliver, seen } = recorder();
      await bus.consume('categorization', [NoteTaken], deliver);
      const envelope = note(NoteTaken, 'naïve café 카페 "quoted"');

      await bus.publish([envelope]);

      const message = await eventually(() => seen[0], 'the event arrives');
      expect(JSON.parse(message.body.toString('utf8'))).toEqual(JSON.parse(JSON.stringify(envelope)));
      expect(message).toMatchObject({
        consumer: 'categorization',
        routingKey: 'note.taken.v1',
        attempt: 1,
        lastAttempt: false,
      });
      expect(seen).toHaveLength(1);
    });

    it('carries JSON and nothing else: a Date arrives as text', async () => {
      const bus = await openBus();
      const { deliver, seen } = recorder();
      await bus.consume('categorization', [NoteTaken], deliver);
      const envelope: EventEnvelope = {
        ...note(NoteTaken, 'x'),
        data: { text: 'x', at: new Date(0), gone: undefined },
      };

      await bus.publish([envelope]);

      const message = await eventually(() => seen[0], 'the event arrives');
      expect(JSON.parse(message.body.toString('utf8'))).toMatchObject({
        data: { text: 'x', at: '1970-01-01T00:00:00.000Z' },
      });
    });

    it('gives every consumer its own copy', async () => {
      const bus = await openBus();
      const [first, second] = [recorder(), recorder()];
      await bus.consume('categorization', [NoteShared], first.deliver);
      await bus.consume('insights', [NoteShared], second.deliver);

      await bus.publish([note(NoteShared, 'a'), note(NoteShared, 'b')]);

      await eventually(() => first.seen.length === 2 && second.seen.length === 2, 'both consumers see both');
      expect(textsOf(first.seen).sort()).toEqual(['a', 'b']);
      expect(textsOf(second.seen).sort()).toEqual(['a', 'b']);
    });

    it('keeps events for a consumer that has not started yet', async () => {
      const producer = await openBus();
      await producer.publish([note(NoteTaken, 'early')]);
      const { deliver, seen } = recorder();

      const consumer = await openBus();
      await consumer.consume('categorization', [NoteTaken], deliver);

      await eventually(() => seen.length === 1, 'the early event arrives');
    });

    it('delivers in the order of publishing when one message is worked at a time', async () => {
      const bus = await openBus({ concurrency: 1 });
      const { deliver, seen } = recorder();
      const texts = Array.from({ length: 120 }, (_, index) => `n${String(index)}`);
      await bus.publish(texts.slice(0, 40).map((text) => note(NoteTaken, text)));

      await bus.consume('categorization', [NoteTaken], deliver);
      await bus.publish(texts.slice(40).map((text) => note(NoteTaken, text)));

      await eventually(() => seen.length >= 120, 'all arrive');
      expect(textsOf(seen)).toEqual(texts);
    });

    it('works no more messages of a queue at the same time than it was told', async () => {
      const bus = await openBus({ concurrency: 3 });
      const gate = Promise.withResolvers<undefined>();
      const { deliver, seen } = recorder(async () => {
        await gate.promise;
        return { kind: 'done' };
      });
      await bus.consume('categorization', [NoteTaken], deliver);

      await bus.publish(
        Array.from({ length: 10 }, (_, index) => ({
          ...note(NoteTaken, String(index)),
          subject: `user-${String(index)}`,
        })),
      );
      await eventually(() => seen.length === 3, 'three begin');
      await bus.publish([note(NoteTaken, 'one more')]);
      const begunWhileFull = seen.length;
      gate.resolve(undefined);

      await eventually(() => seen.length === 11, 'the others follow');
      expect(begunWhileFull).toBe(3);
    });

    it('works one message of a user at a time, and those of others meanwhile', async () => {
      const bus = await openBus({ concurrency: 3 });
      const gate = Promise.withResolvers<undefined>();
      const { deliver, seen } = recorder(async (message) => {
        if (textOf(message.body).startsWith('slow')) {
          await gate.promise;
        }
        return { kind: 'done' };
      });
      await bus.consume('categorization', [NoteTaken], deliver);

      await bus.publish([
        note(NoteTaken, 'slow one'),
        note(NoteTaken, 'slow two'),
        { ...note(NoteTaken, 'of another user'), subject: 'user-2' },
      ]);
      await eventually(() => textsOf(seen).includes('of another user'), 'the other user is served');
      const begunMeanwhile = textsOf(seen);
      gate.resolve(undefined);

      await eventually(() => seen.length === 3, 'the second of the user follows');
      expect(begunMeanwhile).toEqual(['slow one', 'of another user']);
    });

    it('hands over together what waits about one user, in order, and ends each as it is told', async () => {
      const producer = await openBus();
      const texts = Array.from({ length: 12 }, (_, index) => `n${String(index)}`);
      await producer.publish([
        note(NoteTaken, 'of another user', undefined, 'user-2'),
        ...texts.map((text) => note(NoteTaken, text)),
      ]);
      const groups: { subject: string; texts: string[]; attempts: number[] }[] = [];
      const end = (message: DeliveredMessage): DeliveryOutcome => {
        const isFirst = message.attempt === 1;
        const text = textOf(message.body);
        return text === 'n2'
          ? { kind: 'dead', reason: 'test' }
          : text === 'n3' && isFirst
            ? RETRY
            : { kind: 'done' };
      };
      const together = (messages: readonly DeliveredMessage[]): Promise<DeliveryOutcome[]> => {
        groups.push({
          subject: subjectOf(messages[0]?.body),
          texts: messages.map(({ body }) => textOf(body)),
          attempts: messages.map(({ attempt }) => attempt),
        });
        return Promise.resolve(messages.map(end));
      };
      const alone = (message: DeliveredMessage): Promise<DeliveryOutcome> =>
        together([message]).then(([outcome = RETRY]) => outcome);
      const consumer = await openBus();

      await consumer.consume('categorization', [NoteTaken], Object.assign(alone, { together }));

      await eventually(
        () => groups.flatMap((group) => group.texts).length === 14,
        'all came, one of them twice',
      );
      const ofOne = groups.filter(({ subject }) => subject === 'user-1');
      const firsts = ofOne.filter(({ attempts }) => attempts[0] === 1);
      expect(firsts.flatMap((group) => group.texts)).toEqual(texts);
      expect(Math.max(...firsts.map((group) => group.texts.length))).toBe(MAX_TOGETHER);
      expect(ofOne.filter(({ attempts }) => attempts[0] !== 1)).toEqual([
        { subject: 'user-1', texts: ['n3'], attempts: [2] },
      ]);
      const letters = await eventually(async () => {
        const found = await consumer.listDeadLetters();
        return found.length === 1 ? found : undefined;
      }, 'one is parked');
      expect(letters[0]?.reason).toBe('test');
    });

    it('refuses to publish what no queue takes, names it, and still stores the rest', async () => {
      const bus = await openBus();
      const { deliver, seen } = recorder();
      await bus.consume('categorization', [NoteTaken], deliver);
      const lost = note(NoteLost, 'nobody');

      const failure: unknown = await bus
        .publish([note(NoteTaken, 'one'), lost, note(NoteTaken, 'two')])
        .then(() => undefined)
        .catch((error: unknown) => error);

      expect(failure).toBeInstanceOf(UnroutableError);
      expect(failure).toMatchObject({ unroutableIds: [lost.id], unconfirmedIds: [] });
      await eventually(() => seen.length === 2, 'the routable ones arrive');
    });

    it('accepts an event that the contracts give to nobody', async () => {
      const bus = await openBus();

      await expect(bus.publish([note(NoteRead, 'unheard')])).resolves.toBeUndefined();
    });

    it('carries a message of 1.5 MB and refuses one above the limit', async () => {
      const bus = await openBus();
      const { deliver, seen } = recorder();
      await bus.consume('categorization', [NoteTaken], deliver);
      const large = 'x'.repeat(1_500_000);

      await bus.publish([note(NoteTaken, large)]);

      const message = await eventually(() => seen[0], 'it arrives');
      expect(textOf(message.body)).toHaveLength(1_500_000);
      await expect(bus.publish([note(NoteTaken, 'x'.repeat(5_000_000))])).rejects.toMatchObject({
        code: 'event-too-large',
      });
    });

    it('brings a failed event back after the delays, then parks it after one and three attempts', async () => {
      const bus = await openBus();
      const { deliver, seen } = recorder(() => Promise.resolve({ kind: 'retry', reason: 'no-luck' }));
      await bus.consume('categorization', [NoteTaken], deliver);
      const envelope = note(NoteTaken, 'poison');

      await bus.publish([envelope]);

      const letter = await eventually(async () => (await bus.listDeadLetters())[0], 'it is parked');
      expect(seen.map(({ attempt, lastAttempt }) => [attempt, lastAttempt])).toEqual([
        [1, false],
        [2, false],
        [3, false],
        [4, true],
      ]);
      const pauses = seen.slice(1).map(({ at }, index) => at - (seen[index]?.at ?? 0));
      // A timer may fire up to a millisecond early, and two clocks are compared.
      expect(pauses.map((pause, index) => pause >= (place.retryDelaysMs[index] ?? 0) - 5)).toEqual([
        true,
        true,
        true,
      ]);
      expect(letter).toMatchObject({
        id: envelope.id,
        consumer: 'categorization',
        type: 'note.taken.v1',
        reason: 'exhausted: no-luck',
        attempts: 4,
        envelope: JSON.parse(JSON.stringify(envelope)) as unknown,
      });
      expect(Math.abs(Date.parse(letter.parkedAt) - Date.now())).toBeLessThan(60_000);
    });

    it('retries for the consumer that failed, not for the others', async () => {
      const bus = await openBus();
      let failures = 0;
      const failing = recorder(() => {
        failures += 1;
        return Promise.resolve(failures === 1 ? { kind: 'retry', reason: 'once' } : { kind: 'done' });
      });
      const healthy = recorder();
      await bus.consume('categorization', [NoteShared], failing.deliver);
      await bus.consume('insights', [NoteShared], healthy.deliver);

      await bus.publish([note(NoteShared, 'a')]);

      await eventually(() => failing.seen.length === 2, 'the failed one comes back');
      expect(healthy.seen).toHaveLength(1);
    });

    it('treats a handler that throws as a failed attempt', async () => {
      const bus = await openBus();
      let calls = 0;
      const { deliver, seen } = recorder(() => {
        calls += 1;
        return calls === 1 ? Promise.reject(new Error('broken')) : Promise.resolve({ kind: 'done' });
      });
      await bus.consume('categorization', [NoteTaken], deliver);

      await bus.publish([note(NoteTaken, 'a')]);

      await eventually(() => seen.length === 2, 'it comes back');
      expect(seen[1]?.attempt).toBe(2);
    });

    it('parks a dead event at once and keeps its neighbours flowing', async () => {
      const bus = await openBus({ concurrency: 1 });
      const { deliver, seen } = recorder(failsOn('poison', { kind: 'dead', reason: 'schema-mismatch' }));
      await bus.consume('categorization', [NoteTaken], deliver);

      await bus.publish(['a', 'poison', 'b', 'c'].map((text) => note(NoteTaken, text)));

      const letter = await eventually(async () => (await bus.listDeadLetters())[0], 'it is parked');
      await eventually(() => seen.length === 4, 'the neighbours are handled');
      expect(letter).toMatchObject({ reason: 'schema-mismatch', attempts: 1 });
      expect(textsOf(seen)).toEqual(['a', 'poison', 'b', 'c']);
    });

    it('does not let healthy neighbours wait while a failed event waits for its next attempt', async () => {
      place = { ...place, retryDelaysMs: [600_000] };
      const bus = await openBus({ concurrency: 1 });
      const { deliver, seen } = recorder(failsOn('poison', { kind: 'retry', reason: 'no-luck' }));
      await bus.consume('categorization', [NoteTaken], deliver);
      const healthy = Array.from({ length: 20 }, (_, index) => `ok${String(index)}`);

      await bus.publish(['poison', ...healthy].map((text) => note(NoteTaken, text)));

      await eventually(() => seen.length === 21, 'the neighbours are handled');
      expect(textsOf(seen)).toEqual(['poison', ...healthy]);
    });

    it('replays parked events to the consumer that failed, and a second replay changes nothing', async () => {
      const bus = await openBus();
      let healed = false;
      const failing = recorder(() =>
        Promise.resolve(healed ? { kind: 'done' } : { kind: 'dead', reason: 'not-yet' }),
      );
      const healthy = recorder();
      await bus.consume('categorization', [NoteShared], failing.deliver);
      await bus.consume('insights', [NoteShared], healthy.deliver);
      const envelopes = ['a', 'b', 'c'].map((text) => note(NoteShared, text));
      await bus.publish(envelopes);
      await eventually(async () => (await bus.listDeadLetters()).length === 3, 'all are parked');
      await eventually(() => healthy.seen.length === 3, 'the other consumer has them');

      healed = true;
      const first = await bus.replayDeadLetters({ consumer: 'categorization' });
      await eventually(() => failing.seen.length === 6, 'they are handled');
      const second = await bus.replayDeadLetters({ consumer: 'categorization' });

      expect([first, second]).toEqual([3, 0]);
      const replayed = failing.seen.slice(3);
      expect(replayed.map(({ attempt }) => attempt)).toEqual([1, 1, 1]);
      expect(
        replayed.map(({ body }) => (JSON.parse(body.toString('utf8')) as EventEnvelope).id).sort(),
      ).toEqual(envelopes.map(({ id }) => id).sort());
      expect(healthy.seen).toHaveLength(3);
      expect(await bus.listDeadLetters()).toEqual([]);
    });

    it('lists and replays by consumer, type, id and limit, and listing changes nothing', async () => {
      const bus = await openBus();
      const dead: Deliver = () => Promise.resolve({ kind: 'dead', reason: 'test' });
      await bus.consume('categorization', [NoteTaken, NoteShared], dead);
      await bus.consume('insights', [NoteShared], dead);
      const [taken, shared] = [note(NoteTaken, 'a'), note(NoteShared, 'b')];
      await bus.publish([taken, shared]);
      await eventually(async () => (await bus.listDeadLetters()).length === 3, 'three are parked');
      await bus.stopConsuming();

      const idsOf = async (filter: Parameters<TestBus['listDeadLetters']>[0]) =>
        (await bus.listDeadLetters(filter)).map(({ consumer, id }) => `${consumer} ${id}`).sort();

      expect(await idsOf({ consumer: 'insights' })).toEqual([`insights ${shared.id}`]);
      expect(await idsOf({ type: 'note.taken.v1' })).toEqual([`categorization ${taken.id}`]);
      expect(await idsOf({ ids: [shared.id] })).toEqual([
        `categorization ${shared.id}`,
        `insights ${shared.id}`,
      ]);
      expect(await idsOf({ limit: 2 })).toHaveLength(2);
      expect(await idsOf({})).toHaveLength(3);
      expect(await bus.replayDeadLetters({ ids: [shared.id], consumer: 'insights' })).toBe(1);
      expect(await bus.replayDeadLetters({ limit: 1 })).toBe(1);
      expect(await bus.listDeadLetters()).toHaveLength(1);
    });

    it('forgets what is parked about a subject for one consumer, and nothing else', async () => {
      const bus = await openBus();
      const dead: Deliver = () => Promise.resolve({ kind: 'dead', reason: 'test' });
      await bus.consume('categorization', [NoteTaken, NoteShared], dead);
      await bus.consume('insights', [NoteShared], dead);
      await bus.publish([
        note(NoteTaken, 'a', undefined, 'leaver'),
        note(NoteTaken, 'b'),
        note(NoteShared, 'c', undefined, 'leaver'),
        note(NoteTaken, 'd', undefined, 'leaver'),
      ]);
      await eventually(async () => (await bus.listDeadLetters()).length === 5, 'five are parked');

      expect(await bus.forgetDeadLetters('categorization', 'leaver')).toBe(3);
      expect(await bus.forgetDeadLetters('categorization', 'leaver')).toBe(0);
      const left = (await bus.listDeadLetters()).map(({ consumer, envelope }) => {
        const { subject } = envelope as EventEnvelope;
        return `${consumer} ${subject}`;
      });
      expect(left.sort()).toEqual(['categorization user-1', 'insights leaver']);
    });

    it('waits for the delivery at work when it stops consuming, and leaves the rest in the queue', async () => {
      const bus = await openBus({ concurrency: 1 });
      const gate = Promise.withResolvers<undefined>();
      const first = recorder(async () => {
        await gate.promise;
        return { kind: 'done' };
      });
      await bus.consume('categorization', [NoteTaken], first.deliver);
      await bus.publish(['a', 'b', 'c'].map((text) => note(NoteTaken, text)));
      await eventually(() => first.seen.length === 1, 'the first begins');

      let stopped = false;
      const stopping = bus.stopConsuming().then(() => {
        stopped = true;
      });
      await bus.publish([note(NoteTaken, 'd')]);
      const stoppedWhileAtWork = stopped;
      gate.resolve(undefined);
      await stopping;

      const next = await openBus();
      const second = recorder();
      await next.consume('categorization', [NoteTaken], second.deliver);
      await eventually(() => second.seen.length === 3, 'the rest arrives elsewhere');
      expect(stoppedWhileAtWork).toBe(false);
      expect(textsOf(first.seen)).toEqual(['a']);
      expect(textsOf(second.seen).sort()).toEqual(['b', 'c', 'd']);
    });

    it('delivers again what a killed process had in hand', async () => {
      const producer = await openBus();
      const program = fileURLToPath(new URL('stuck-consumer.ts', import.meta.url));
      const child = spawn(
        process.execPath,
        ['--disable-warning=ExperimentalWarning', program, JSON.stringify(place)],
        {
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      );
      let output = '';
      child.stdout.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
      await producer.publish(['a', 'b', 'c'].map((text) => note(NoteTaken, text)));
      await eventually(() => output.includes('delivered'), 'the child has messages in hand', 30_000);

      child.kill('SIGKILL');
      await once(child, 'exit');
      const { deliver, seen } = recorder();
      await producer.consume('categorization', [NoteTaken], deliver);

      await eventually(() => seen.length >= 3, 'all three arrive');
      expect(textsOf(seen).sort()).toEqual(['a', 'b', 'c']);
    });

    it('counts what waits and what is parked, by consumer and event', async () => {
      const bus = await openBus();
      await bus.publish([note(NoteTaken, 'one'), note(NoteTaken, 'two'), note(NoteTaken, 'three')]);
      const depthOf = async () =>
        (await bus.queueDepths('categorization')).find(({ type }) => type === 'note.taken.v1');
      await eventually(
        async () => ((await depthOf())?.waiting === 3 ? true : undefined),
        'all three are counted',
      );

      const { deliver } = recorder(failsOn('two', { kind: 'dead', reason: 'broken' }));
      await bus.consume('categorization', [NoteTaken], deliver);

      await eventually(
        async () => JSON.stringify(await depthOf()) === '{"type":"note.taken.v1","waiting":0,"parked":1}',
        'the refused one is parked and the others are gone',
      );
    });

    it('says whether it is ready', async () => {
      const bus = await openBus();
      const readyWhileOpen = bus.isReady();

      await bus.stop();

      expect([readyWhileOpen, bus.isReady()]).toEqual([true, false]);
    });
  });
}
