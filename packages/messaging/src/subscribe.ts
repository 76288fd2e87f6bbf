import type { EventDefinition, EventEnvelope, ServiceName } from '@orrery/contracts';
import type { z } from 'zod';
import type { EventTransaction, SeveralEvents, Subscription } from './event-bus.ts';

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

/**
 * Like `subscribe`, for an event that comes in runs: events of one user that wait at the same time are handled in one
 * transaction.
 * @param definition the event
 * @param consumer service that handles it; the event's contract must name it
 * @param handleTogether gets one event or several of one subject in order; its effect must be that of one after the other
 * @throws TypeError when the contract does not name the consumer
 */
export function subscribeTogether<Data extends z.ZodType>(
  definition: EventDefinition<Data>,
  consumer: ServiceName,
  handleTogether: (events: SeveralEvents<z.output<Data>>, transaction: EventTransaction) => Promise<void>,
): Subscription<Data> {
  return {
    ...subscribe(definition, consumer, (event, transaction) => handleTogether([event], transaction)),
    handleTogether,
  };
}
