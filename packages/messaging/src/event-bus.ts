import type { ClientSession } from 'mongoose';
import type { EventDefinition, EventEnvelope, ServiceName } from '@orrery/contracts';
import type { z } from 'zod';
import type { EncodedEvent } from './encode-event.ts';

/** What a handler may use while an event is worked: one database transaction that also holds the inbox row. */
export interface EventTransaction {
  session: ClientSession;
  /** Records follow-up events in the outbox of the same transaction, caused by the event at hand. */
  record(events: readonly NewEvent[]): Promise<void>;
}

/** A fact about to be recorded; id, time, trace and source are filled in when it is. */
export interface NewEvent<Data extends z.ZodType = z.ZodType> {
  definition: EventDefinition<Data>;
  /** User the fact is about. */
  subject: string;
  data: z.output<Data>;
  /** Fixed id for an event that a repeated attempt must not double; default a new UUID version 7. */
  id?: string;
}

/**
 * One consumer of one event. The handler runs inside a transaction together with its inbox row, so an event
 * that is delivered twice has its effect once. Throw an `AppError`-like error with `permanent: true` to send it to
 * the dead letters at once; anything else is retried by the policy.
 */
export interface Subscription<Data extends z.ZodType = z.ZodType> {
  definition: EventDefinition<Data>;
  consumer: ServiceName;
  handle(event: EventEnvelope<z.output<Data>>, transaction: EventTransaction): Promise<void>;
  /**
   * Handles several events of one subject and one request in one transaction, in order; absent when each is handled by
   * itself. Its effect must be that of handling them one after the other.
   */
  handleTogether?(events: SeveralEvents<z.output<Data>>, transaction: EventTransaction): Promise<void>;
}

/** One event or more. */
export type SeveralEvents<Data = unknown> = readonly [EventEnvelope<Data>, ...EventEnvelope<Data>[]];

/** What an adapter hands raw deliveries to, before schema check and inbox. */
export interface Deliver {
  (message: DeliveredMessage): Promise<DeliveryOutcome>;
  /**
   * Takes messages of one queue and one subject that wait at the same time, in order, and says what becomes of each:
   * one transaction for several events costs far less than one each. Absent when they come one by one.
   */
  together?(messages: readonly DeliveredMessage[]): Promise<DeliveryOutcome[]>;
}

/** Most messages that an adapter hands over together; bounds how long their transaction takes. */
export const MAX_TOGETHER = 5;

export interface DeliveredMessage {
  consumer: ServiceName;
  routingKey: string;
  body: Buffer;
  /** 1 for the first attempt. */
  attempt: number;
  /** Whether a `retry` would be parked instead, because the policy allows no further attempt. */
  lastAttempt: boolean;
}

/** `done`: acknowledge. `retry`: try again later. `dead`: park with the reason. */
export type DeliveryOutcome =
  | { kind: 'done' }
  | {
      kind: 'retry';
      reason: string;
      /** Something that the handler needs is out of reach: tried again for as long as it lasts. */ outage?: boolean;
    }
  | { kind: 'dead'; reason: string };

/** One parked message. */
export interface DeadLetter {
  /** Id of the event, or a hash of the body when the message carried none. */
  id: string;
  queue: string;
  consumer: ServiceName;
  type: string;
  reason: string;
  attempts: number;
  /** ISO instant. */
  parkedAt: string;
  /** The parsed body, or its text when it is not JSON. */
  envelope: unknown;
}

/** Which parked messages; every field given must match. */
export interface DeadLetterFilter {
  consumer?: ServiceName;
  type?: string;
  ids?: readonly string[];
  /** Default 100 for a list; a replay has none. */
  limit?: number;
}

/** How many messages one consumer has of one event. */
export interface QueueDepth {
  /** Routing key of the event. */
  type: string;
  /** Ready to be delivered, or waiting for their next attempt. */
  waiting: number;
  /** Parked for good. */
  parked: number;
}

/**
 * The port that every adapter keeps, by the same contract suite:
 * - `publish` resolves only when every message is stored in the queue of each consumer that the contracts name;
 *   otherwise it rejects with a `PublishError` that says which were not. An event that the contracts give no consumer is
 *   accepted and goes to whoever else listens.
 * - a message is delivered to each consumer at least once, also after a kill of any process;
 * - `retry` comes back after the policy's delays, `dead` and exhausted ones are parked, neighbours keep flowing;
 * - queues of all consumers named in the contracts exist as soon as any process has started the bus.
 */
export interface EventBus {
  start(): Promise<void>;
  publish(events: readonly EncodedEvent[]): Promise<void>;
  consume(consumer: ServiceName, definitions: readonly EventDefinition[], deliver: Deliver): Promise<void>;
  /** Stops taking new deliveries and waits for those at work. */
  stopConsuming(): Promise<void>;
  listDeadLetters(filter?: DeadLetterFilter): Promise<DeadLetter[]>;
  /** Puts parked messages back into the queue of the consumer that failed, ids kept; returns how many. */
  replayDeadLetters(filter: DeadLetterFilter): Promise<number>;
  /**
   * Removes what is parked for a consumer about a subject, when a user is erased. A message that waits for another
   * attempt is not looked for: it comes back to its consumer, which drops it.
   * @returns how many went
   */
  forgetDeadLetters(consumer: ServiceName, subject: string): Promise<number>;
  /**
   * Counts what a consumer has in its queues. Messages in the hands of a process may be missing.
   * @throws BusUnavailableError while the broker cannot be asked
   */
  queueDepths(consumer: ServiceName): Promise<QueueDepth[]>;
  /** Whether messages can be published and consumed now. */
  isReady(): boolean;
  stop(): Promise<void>;
}
