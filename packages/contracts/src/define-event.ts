import { z } from 'zod';

/** Names of the services; a queue, a database, a metric label and a folder all use the same word. */
export const SERVICE_NAMES = [
  'gateway',
  'ingestion',
  'categorization',
  'insights',
  'identity',
  'segmentation',
  'missions',
  'advisor',
  'chat',
  'operations',
] as const;
export type ServiceName = (typeof SERVICE_NAMES)[number];

/** The one declaration of an event: validation, types, topology and AsyncAPI all come from it. */
export interface EventDefinition<Data extends z.ZodType = z.ZodType> {
  /** `noun.past-tense-verb`, for instance `transactions.ingested`. */
  name: string;
  /** Grows only when a change is more than an added optional field. */
  version: number;
  producer: ServiceName;
  /** Every service that subscribes. Producers declare these queues too, so start order never loses an event. */
  consumers: readonly ServiceName[];
  summary: string;
  data: Data;
}

/**
 * Declares an event; returns its argument with the literal types kept.
 * @param event the declaration
 */
export const defineEvent = <Data extends z.ZodType>(event: EventDefinition<Data>): EventDefinition<Data> =>
  event;

/**
 * CloudEvents `type` and AMQP routing key of an event, for instance `transactions.ingested.v1`.
 * @param event the declaration
 */
export const eventType = (event: Pick<EventDefinition, 'name' | 'version'>): string =>
  `${event.name}.v${event.version}`;

/** CloudEvents 1.0 envelope in structured JSON, with our extensions in lower case as the standard asks. */
export const EventEnvelope = z.object({
  specversion: z.literal('1.0'),
  /** UUID version 7; the inbox handles each id once per consumer. */
  id: z.string().min(1).max(64),
  source: z.string().min(1),
  type: z.string().min(1),
  time: z.iso.datetime(),
  /** User the fact is about. */
  subject: z.string().min(1),
  datacontenttype: z.literal('application/json'),
  /** `urn:orrery:event:<name>:<version>`; an event without it is refused by every consumer. */
  dataschema: z.string().min(1),
  /** W3C trace context of the request or event that caused this one. */
  traceparent: z.string().optional(),
  /** `X-Request-ID` of the request that started it all. */
  requestid: z.string().optional(),
  /** Id of the event whose handling caused this one; of several that were handled together, the last. */
  causationid: z.string().optional(),
  data: z.unknown(),
});
export type EventEnvelope<Data = unknown> = Omit<z.output<typeof EventEnvelope>, 'data'> & { data: Data };

/**
 * `dataschema` of an event.
 * @param event the declaration
 */
export const eventSchemaUrn = (event: Pick<EventDefinition, 'name' | 'version'>): string =>
  `urn:orrery:event:${event.name}:${event.version}`;
