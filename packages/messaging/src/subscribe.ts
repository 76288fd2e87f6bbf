import type { EventDefinition, EventEnvelope, ServiceName } from '@orrery/contracts';
import type { z } from 'zod';
import type { EventTransaction, Subscription } from './event-bus.ts';

/**
 * Declares that a service handles an event; returns a subscription with the handler's types checked.
 * @param definition the event
 * @param consumer service that handles it; the event's contract must name it
 * @param handle runs in one database transaction with the inbox row; throw an error with `permanent: true` to give up
 * @throws TypeError when the contract does not name the consumer, because no queue would be bound for it
 */
export function subscribe<Data extends z.ZodType>(
  definition: EventDefinition<Data>,
  consumer: ServiceName,
  handle: (event: EventEnvelope<z.output<Data>>, transaction: EventTransaction) => Promise<void>,
): Subscription<Data> {
  if (!definition.consumers.includes(consumer)) {
    throw new TypeError(`The contract of ${definition.name} does not name ${consumer} as a consumer`);
  }
  return { definition, consumer, handle };
}
