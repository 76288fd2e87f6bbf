import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { EventEnvelope } from '@orrery/contracts';
import { startPrivateBroker, type PrivateBroker } from '../../../scripts/rabbitmq/ensure-broker.mjs';
import { PublishError } from '../src/publish-error.ts';
import { eventually } from './eventually.ts';
import { newBusPlace, openTestBus, type TestBus } from './open-test-bus.ts';
import { note, NoteTaken } from './test-events.ts';

jest.setTimeout(180_000);

const EVENTS_TO_SEND = 4_000;
const BATCH = 50;

// Killing a shared broker would end other suites, so this one starts its own. That needs the server's program here.
const started = await startPrivateBroker({ install: false });

/** Publishes like the outbox relay: what was not confirmed is published again. Returns the ids that were confirmed. */
async function publishAll(
  bus: TestBus,
  envelopes: readonly EventEnvelope[],
  confirmed: Set<string>,
): Promise<void> {
  for (let start = 0; start < envelopes.length; start += BATCH) {
    let waiting = envelopes.slice(start, start + BATCH);
    while (waiting.length > 0) {
      const failed = await bus.publish(waiting).then(
        () => new Set<string>(),
        (error: unknown) => {
          if (error instanceof PublishError && error.unroutableIds.length === 0) {
            return new Set(error.unconfirmedIds);
          }
          throw error;
        },
      );
      for (const { id } of waiting) {
        if (!failed.has(id)) {
          confirmed.add(id);
        }
      }
      waiting = waiting.filter(({ id }) => failed.has(id));
      if (waiting.length > 0) {
        await new Promise((resolve) => {
          setTimeout(resolve, 50);
        });
      }
    }
  }
}

if ('skipped' in started) {
  describe('the loss of the broker', () => {
    it.skip(`needs a broker of its own: ${started.skipped}`, () => undefined);
  });
} else {
  describe('the loss of the broker', () => {
    const broker: PrivateBroker = started;
    let opened: Awaited<ReturnType<typeof openTestBus>>;

    beforeAll(async () => {
      opened = await openTestBus(newBusPlace('rabbitmq', broker.url));
    });

    afterAll(async () => {
      await opened.close();
      await broker.stop();
    });

    it('loses no confirmed event when the broker is killed under load, and goes on by itself', async () => {
      const { bus } = opened;
      const received = new Set<string>();
      await bus.consume('categorization', [NoteTaken], (message) => {
        received.add((JSON.parse(message.body.toString('utf8')) as EventEnvelope).id);
        return Promise.resolve({ kind: 'done' });
      });
      const envelopes = Array.from({ length: EVENTS_TO_SEND }, (_, index) =>
        note(NoteTaken, `n${String(index)}`),
      );
      const confirmed = new Set<string>();

      const publishing = publishAll(bus, envelopes, confirmed);
      await eventually(() => confirmed.size >= EVENTS_TO_SEND / 4, 'a quarter is confirmed');
      await broker.kill9();
      await eventually(() => !bus.isReady(), 'the bus says it is not ready', 5_000);
      const confirmedBeforeRestart = confirmed.size;
      await broker.restart();
      const portOpenedAt = performance.now();
      await eventually(() => bus.isReady(), 'the bus is ready again', 30_000);
      const resumedAfterMs = performance.now() - portOpenedAt;
      await publishing;

      await eventually(() => received.size === EVENTS_TO_SEND, 'every event arrives', 30_000);
      expect(confirmedBeforeRestart).toBeLessThan(EVENTS_TO_SEND);
      expect(confirmed.size).toBe(EVENTS_TO_SEND);
      expect([...confirmed].filter((id) => !received.has(id))).toEqual([]);
      // The longest pause between two attempts to reconnect is 5 s and 20 % of jitter lies within it.
      expect(resumedAfterMs).toBeLessThan(8_000);
    });

    it('refuses to publish at once while there is no broker, and can be stopped then', async () => {
      const second = await openTestBus(newBusPlace('rabbitmq', broker.url));
      await broker.kill9();
      await eventually(() => !second.bus.isReady(), 'the bus says it is not ready', 5_000);
      const startedAt = performance.now();

      const failure: unknown = await second.bus
        .publish([note(NoteTaken, 'x')])
        .catch((error: unknown) => error);

      expect(failure).toMatchObject({ code: 'bus-unavailable' });
      expect(performance.now() - startedAt).toBeLessThan(500);
      await second.close();
    });

    it('gives up starting when no broker answers', async () => {
      await expect(openTestBus(newBusPlace('rabbitmq', broker.url))).rejects.toMatchObject({
        code: 'bus-unavailable',
      });
    });
  });
}
