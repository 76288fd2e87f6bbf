import { eventType, type EventDefinition, type ServiceName } from '@orrery/contracts';
import { DEFAULT_RETRY_DELAYS_MS } from './retry-policy.ts';

export interface TopologySettings {
  /** First part of every name; another value lets two constellations, or two test runs, share a broker. */
  namespace?: string;
  /** Pause before each further attempt, in milliseconds. */
  retryDelaysMs?: readonly number[];
  /** Returns without acknowledgement (crashes) after which the broker itself parks a message. */
  deliveryLimit?: number;
}

/** Where one consumer gets one event. */
export interface ConsumerQueue {
  consumer: ServiceName;
  /** Routing key, for instance `transactions.ingested.v1`. */
  type: string;
  name: string;
  /** Messages that failed for good. */
  parking: string;
  /** One per pause; a message expires there and goes back to this queue alone. */
  retries: readonly { name: string; delayMs: number }[];
}

export interface ExchangeDeclaration {
  name: string;
  type: 'topic' | 'direct';
  durable: true;
}

export interface QueueDeclaration {
  name: string;
  durable: true;
  arguments: Readonly<Record<string, string | number>>;
}

export interface Binding {
  queue: string;
  exchange: string;
  routingKey: string;
}

/** Everything that has to exist at the broker. */
export interface Topology {
  eventsExchange: string;
  exchanges: readonly ExchangeDeclaration[];
  queues: readonly QueueDeclaration[];
  bindings: readonly Binding[];
  consumerQueues: readonly ConsumerQueue[];
  retryDelaysMs: readonly number[];
  /** Types that the contracts give no consumer: published without asking for a queue. */
  unheardTypes: ReadonlySet<string>;
}

const DEFAULT_NAMESPACE = 'orrery';
const DEFAULT_DELIVERY_LIMIT = 20;
/** RabbitMQ 4 drops a message after 20 returns unless told otherwise, and each listing of dead letters returns it. */
const PARKING_DELIVERY_LIMIT = 1_000_000;

/**
 * Exchanges, queues and bindings of a set of events. Names and arguments are part of the promise to a running broker:
 * a queue cannot be declared again with other arguments, so a change needs another name.
 * @param events declarations of the events
 * @param settings namespace, pauses and limits
 */
export function planTopology(events: readonly EventDefinition[], settings: TopologySettings = {}): Topology {
  const {
    namespace = DEFAULT_NAMESPACE,
    retryDelaysMs = DEFAULT_RETRY_DELAYS_MS,
    deliveryLimit = DEFAULT_DELIVERY_LIMIT,
  } = settings;
  const queuePrefix = namespace === DEFAULT_NAMESPACE ? '' : `${namespace}.`;
  const eventsExchange = `${namespace}.events`;
  const deadExchange = `${namespace}.dead`;
  const consumerQueues = events.flatMap((event) =>
    event.consumers.map((consumer) => planConsumerQueue(event, consumer, queuePrefix, retryDelaysMs)),
  );
  return {
    eventsExchange,
    exchanges: [
      { name: eventsExchange, type: 'topic', durable: true },
      { name: deadExchange, type: 'direct', durable: true },
    ],
    queues: consumerQueues.flatMap((queue) => declareQueues(queue, deadExchange, deliveryLimit)),
    bindings: consumerQueues.flatMap(({ name, type, parking }) => [
      { queue: name, exchange: eventsExchange, routingKey: type },
      { queue: parking, exchange: deadExchange, routingKey: parking },
    ]),
    consumerQueues,
    retryDelaysMs,
    unheardTypes: new Set(events.filter(({ consumers }) => consumers.length === 0).map(eventType)),
  };
}

/**
 * Queue of a consumer and an event.
 * @param topology what was planned
 * @param consumer service that handles the event
 * @param type routing key of the event
 * @throws TypeError when the contracts do not name this consumer for the event
 */
export function consumerQueueOf(topology: Topology, consumer: ServiceName, type: string): ConsumerQueue {
  const queue = topology.consumerQueues.find((plan) => plan.consumer === consumer && plan.type === type);
  if (queue === undefined) {
    throw new TypeError(`The contracts do not name ${consumer} as a consumer of ${type}`);
  }
  return queue;
}

function planConsumerQueue(
  event: EventDefinition,
  consumer: ServiceName,
  queuePrefix: string,
  retryDelaysMs: readonly number[],
): ConsumerQueue {
  const type = eventType(event);
  const name = `${queuePrefix}${consumer}.${type}`;
  return {
    consumer,
    type,
    name,
    parking: `${name}.dead`,
    retries: retryDelaysMs.map((delayMs) => ({ name: `${name}.retry.${delayLabel(delayMs)}`, delayMs })),
  };
}

function declareQueues(
  queue: ConsumerQueue,
  deadExchange: string,
  deliveryLimit: number,
): QueueDeclaration[] {
  // At-least-once dead lettering keeps the message here until its copy is confirmed there; the broker asks for
  // reject-publish with it, as dropping on overflow would break that promise.
  const safeDeadLettering = { 'x-dead-letter-strategy': 'at-least-once', 'x-overflow': 'reject-publish' };
  return [
    {
      name: queue.name,
      durable: true,
      arguments: {
        'x-queue-type': 'quorum',
        'x-delivery-limit': deliveryLimit,
        'x-dead-letter-exchange': deadExchange,
        'x-dead-letter-routing-key': queue.parking,
        ...safeDeadLettering,
      },
    },
    ...queue.retries.map(({ name, delayMs }): QueueDeclaration => ({
      name,
      durable: true,
      arguments: {
        'x-queue-type': 'quorum',
        'x-message-ttl': delayMs,
        // The default exchange leads to the queue of this name only, so other consumers do not see the event again.
        'x-dead-letter-exchange': '',
        'x-dead-letter-routing-key': queue.name,
        ...safeDeadLettering,
      },
    })),
    {
      name: queue.parking,
      durable: true,
      arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': PARKING_DELIVERY_LIMIT },
    },
  ];
}

function delayLabel(delayMs: number): string {
  if (delayMs % 60_000 === 0) {
    return `${String(delayMs / 60_000)}m`;
  }
  return delayMs % 1_000 === 0 ? `${String(delayMs / 1_000)}s` : `${String(delayMs)}ms`;
}
