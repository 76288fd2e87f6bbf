import type { ServiceName } from '@orrery/contracts';
import type { EventBus, QueueDepth } from '@orrery/messaging';
import type { Connection } from 'mongoose';
import { Gauge, type Registry } from 'prom-client';
import { readInTime } from './read-in-time.ts';

/** Counting is a question to the broker per queue, so several scrapers share one answer. */
const DEPTHS_LIVE_MS = 5_000;

/**
 * Shows how much of its database pool a service uses, and who waits for a connection.
 * @param registry registry of the service
 * @param connection its database
 */
export function watchDatabasePool(registry: Registry, connection: Connection): void {
  const client = connection.getClient();
  const registers = [registry];
  const limit = new Gauge({
    name: 'database_pool_limit',
    help: 'Most connections to the database that the service opens to one server',
    registers,
  });
  limit.set(client.options.maxPoolSize);
  const inUse = new Gauge({
    name: 'database_pool_in_use',
    help: 'Connections to the database that are at work',
    registers,
  });
  const waiting = new Gauge({
    name: 'database_pool_waiting',
    help: 'Operations that wait for a connection to the database',
    registers,
  });
  inUse.set(0);
  waiting.set(0);
  client.on('connectionCheckOutStarted', () => {
    waiting.inc();
  });
  client.on('connectionCheckOutFailed', () => {
    waiting.dec();
  });
  client.on('connectionCheckedOut', () => {
    waiting.dec();
    inUse.inc();
  });
  client.on('connectionCheckedIn', () => {
    inUse.dec();
  });
}

/**
 * Shows what waits in the queues of a consumer and what is parked; read when the metrics are. While the broker cannot be
 * asked, there are no values: a zero would be a lie.
 * @param registry registry of the service
 * @param bus the event bus
 * @param consumer the service
 */
export function watchQueues(registry: Registry, bus: EventBus, consumer: ServiceName): void {
  let kept: { at: number; depths: Promise<QueueDepth[]> } | undefined;
  const read = async (): Promise<QueueDepth[]> => {
    if (kept === undefined || performance.now() - kept.at > DEPTHS_LIVE_MS) {
      kept = {
        at: performance.now(),
        depths: bus.isReady() ? readInTime(() => bus.queueDepths(consumer), []) : Promise.resolve([]),
      };
    }
    return kept.depths;
  };
  const registers = [registry];
  const labelNames = ['type'] as const;
  new Gauge({
    name: 'events_waiting',
    help: 'Events in the queues of this consumer that are ready or wait for another attempt; every replica shows all',
    labelNames,
    registers,
    async collect() {
      this.reset();
      for (const { type, waiting } of await read()) {
        this.set({ type }, waiting);
      }
    },
  });
  new Gauge({
    name: 'events_parked',
    help: 'Events that this consumer could not handle and that wait for a decision; every replica shows all',
    labelNames,
    registers,
    async collect() {
      this.reset();
      for (const { type, parked } of await read()) {
        this.set({ type }, parked);
      }
    },
  });
}
