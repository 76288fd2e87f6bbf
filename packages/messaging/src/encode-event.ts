import type { EventEnvelope } from '@orrery/contracts';

/**
 * Largest event: room for the most rows an event may have, each with the longest texts (a test of ours holds the two
 * together). RabbitMQ 4 takes 16 MiB; far larger facts belong behind a link.
 */
export const MAX_EVENT_BYTES = 2 * 1024 * 1024;

/** An event whose JSON is too large to send; a bug of its producer. */
export class EventTooLargeError extends Error {
  readonly code = 'event-too-large';
  readonly permanent = true;

  constructor(type: string, bytes: number) {
    super(`An event ${type} has ${String(bytes)} bytes; the limit is ${String(MAX_EVENT_BYTES)}`);
    this.name = 'EventTooLargeError';
  }
}

/** What is said about an event, without its data. */
export type EventHead = Omit<EventEnvelope, 'data'>;

/** An event ready to be sent: encoded once, when it is recorded. */
export interface EncodedEvent {
  head: EventHead;
  /** The whole envelope as JSON text. */
  body: string;
}

/**
 * Encodes an event for the wire.
 * @param envelope the event
 * @throws EventTooLargeError beyond 2 MiB
 */
export function encodeEvent(envelope: EventEnvelope): EncodedEvent {
  const body = JSON.stringify(envelope);
  const bytes = Buffer.byteLength(body);
  if (bytes > MAX_EVENT_BYTES) {
    throw new EventTooLargeError(envelope.type, bytes);
  }
  const { data: _data, ...head } = envelope;
  return { head, body };
}
