import { randomUUID } from 'node:crypto';
import { connect } from 'amqplib';
import type { EventEnvelope } from '@orrery/contracts';
import { openDatabase } from '@orrery/mongo';
import { pino } from 'pino';
import { z } from 'zod';
import { encodeEvent } from '../src/encode-event.ts';
import type { EventBus } from '../src/event-bus.ts';
import { InProcessBus } from '../src/in-process/in-process-bus.ts';
import { RabbitmqBus } from '../src/rabbitmq/rabbitmq-bus.ts';
import { planTopology } from '../src/topology.ts';
import { TEST_EVENTS } from './test-events.ts';

/** Everything a second process needs to meet the same messages. */
export const BusPlace = z.object({
  adapter: z.enum(['rabbitmq', 'in-process']),
  /** Address of the broker or of the database server. */
  url: z.string(),
  /** Namespace at the broker, or name of the database. */
  namespace: z.string(),
  retryDelaysMs: z.array(z.number()),
  concurrency: z.number().optional(),
  deliveryLimit: z.number().optional(),
});
export type BusPlace = z.output<typeof BusPlace>;

/** Quiet unless a test is being looked into. */
export const testLogger = pino({ level: process.env['TEST_LOG_LEVEL'] ?? 'silent' });

/**
 * A place that no other test uses.
 * @param adapter which adapter
 * @param url address of the broker or database server
 * @param options pauses, concurrency and delivery limit
 */
export const newBusPlace = (
  adapter: BusPlace['adapter'],
  url: string,
  options: { retryDelaysMs?: number[]; concurrency?: number; deliveryLimit?: number } = {},
): BusPlace => ({
  adapter,
  url,
  namespace: `test_${randomUUID().slice(0, 8)}`,
  retryDelaysMs: [100, 200, 300],
  ...options,
});

/** Names and pauses of a place, as the topology takes them. */
export const topologyOf = ({ namespace, retryDelaysMs, deliveryLimit }: BusPlace) => ({
  namespace,
  retryDelaysMs,
  ...(deliveryLimit === undefined ? {} : { deliveryLimit }),
});

/** A bus that encodes what it is to publish. */
export interface TestBus extends Omit<EventBus, 'publish'> {
  publish(envelopes: readonly EventEnvelope[]): Promise<void>;
}

const encoding = (bus: EventBus): TestBus => ({
  start: () => bus.start(),
  publish: async (envelopes) => bus.publish(envelopes.map(encodeEvent)),
  consume: (consumer, definitions, deliver) => bus.consume(consumer, definitions, deliver),
  stopConsuming: () => bus.stopConsuming(),
  queueDepths: (consumer) => bus.queueDepths(consumer),
  listDeadLetters: (filter) => bus.listDeadLetters(filter),
  replayDeadLetters: (filter) => bus.replayDeadLetters(filter),
  forgetDeadLetters: (consumer, subject) => bus.forgetDeadLetters(consumer, subject),
  isReady: () => bus.isReady(),
  stop: () => bus.stop(),
});

/**
 * Starts a bus with the test events.
 * @param place where
 * @returns the bus and how to end it together with what it stands on
 */
export async function openTestBus(place: BusPlace): Promise<{ bus: TestBus; close(): Promise<void> }> {
  const pace = place.concurrency === undefined ? {} : { concurrency: place.concurrency };
  if (place.adapter === 'rabbitmq') {
    const bus = new RabbitmqBus({
      url: place.url,
      topology: planTopology(TEST_EVENTS, topologyOf(place)),
      logger: testLogger,
      startAttempts: 3,
      ...pace,
    });
    await bus.start();
    return { bus: encoding(bus), close: () => bus.stop() };
  }
  const connection = await openDatabase(place.url, place.namespace);
  const bus = new InProcessBus({
    connection,
    topology: planTopology(TEST_EVENTS, topologyOf(place)),
    logger: testLogger,
    leaseTtlMs: 1_000,
    pollMs: 100,
    ...pace,
  });
  await bus.start();
  return {
    bus: encoding(bus),
    async close() {
      await bus.stop();
      await connection.close();
    },
  };
}

/**
 * Removes everything that a place left behind.
 * @param place where
 */
export async function removeBusPlace(place: BusPlace): Promise<void> {
  if (place.adapter === 'in-process') {
    const connection = await openDatabase(place.url, place.namespace);
    await connection.dropDatabase();
    await connection.close();
    return;
  }
  const model = await connect(place.url);
  const channel = await model.createChannel();
  const topology = planTopology(TEST_EVENTS, topologyOf(place));
  await Promise.all(topology.queues.map(({ name }) => channel.deleteQueue(name)));
  await Promise.all(topology.exchanges.map(({ name }) => channel.deleteExchange(name)));
  await model.close();
}
