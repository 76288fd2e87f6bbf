import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Metrics of one service's events; one set per registry. */
export interface MessagingMetrics {
  /** `outcome`: done, duplicate, retry or dead. */
  eventsHandled: Counter<'consumer' | 'type' | 'outcome'>;
  eventHandlingSeconds: Histogram<'consumer' | 'type'>;
  eventsPublished: Counter<'type'>;
  eventsUnroutable: Counter<'type'>;
}

/**
 * Registers the metrics of a service's events.
 * @param registry registry of the service
 * @param produced types of the events that it publishes; the counter of an alert has to be there before it rises
 */
export function createMessagingMetrics(
  registry: Registry,
  produced: readonly string[] = [],
): MessagingMetrics {
  const registers = [registry];
  const metrics: MessagingMetrics = {
    eventsHandled: new Counter({
      name: 'events_handled_total',
      help: 'Deliveries of events by how they ended',
      labelNames: ['consumer', 'type', 'outcome'],
      registers,
    }),
    eventHandlingSeconds: new Histogram({
      name: 'event_handling_seconds',
      help: 'Time from delivery of an event to its end, in seconds',
      labelNames: ['consumer', 'type'],
      buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30],
      registers,
    }),
    eventsPublished: new Counter({
      name: 'events_published_total',
      help: 'Events that left the outbox with a confirmation',
      labelNames: ['type'],
      registers,
    }),
    eventsUnroutable: new Counter({
      name: 'events_unroutable_total',
      help: 'Attempts to publish an event that no queue takes; its outbox row is kept',
      labelNames: ['type'],
      registers,
    }),
  };
  for (const type of produced) {
    metrics.eventsUnroutable.inc({ type }, 0);
  }
  return metrics;
}

/**
 * Registers the gauges of an outbox; their values are read when the metrics are.
 * @param registry registry of the service
 * @param read gives the rows that wait and the age of the oldest in seconds; undefined when the database is not there
 */
export function registerOutboxGauges(
  registry: Registry,
  read: () => Promise<{ pending: number; oldestAgeSeconds: number } | undefined>,
): void {
  const registers = [registry];
  // Both gauges are collected at the same time and share one reading.
  let reading: ReturnType<typeof read> | undefined;
  const readOnce = () => {
    reading ??= read().finally(() => {
      reading = undefined;
    });
    return reading;
  };
  new Gauge({
    name: 'outbox_pending',
    help: 'Events that wait in the outbox',
    registers,
    async collect() {
      this.set((await readOnce())?.pending ?? Number.NaN);
    },
  });
  new Gauge({
    name: 'outbox_oldest_age_seconds',
    help: 'Age of the oldest event that waits in the outbox, in seconds; alert above 60',
    registers,
    async collect() {
      this.set((await readOnce())?.oldestAgeSeconds ?? Number.NaN);
    },
  });
}
