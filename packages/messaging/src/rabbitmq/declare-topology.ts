import type { Channel } from 'amqplib';
import type { Topology } from '../topology.ts';

/**
 * Declares exchanges, then queues, then bindings; safe to repeat.
 * @param channel any open channel; the broker closes it when a declaration contradicts what exists
 * @param topology what has to exist
 */
export async function declareTopology(channel: Channel, topology: Topology): Promise<void> {
  // A channel answers in order, so the requests need not wait for each other.
  await Promise.all([
    ...topology.exchanges.map(({ name, type, durable }) => channel.assertExchange(name, type, { durable })),
    ...topology.queues.map((queue) =>
      channel.assertQueue(queue.name, { durable: queue.durable, arguments: queue.arguments }),
    ),
    ...topology.bindings.map(({ queue, exchange, routingKey }) =>
      channel.bindQueue(queue, exchange, routingKey),
    ),
  ]);
}
