import type { EventEnvelope } from '@orrery/contracts';

/** RabbitMQ 4 takes 16 MiB; far below that a queue still moves quickly, and larger facts belong behind a link. */
export const MAX_EVENT_BYTES = 256 * 1024;

/** An event whose JSON is too large to send; a bug of its producer. */
export class EventTooLargeError extends Error {
  readonly code = 'event-too-large';
  readonly permanent = true;

  constructor(type: string, bytes: number) {
    super(`An event ${type} has ${String(bytes)} bytes; the limit is ${String(MAX_EVENT_BYTES)}`);
    this.name = 'EventTooLargeError';
  }
}

/**
 * Body of an event on the wire: its envelope as UTF-8 JSON.
 * @param envelope the event
 * @throws EventTooLargeError beyond 256 KiB
 */
export function encodeEvent(envelope: EventEnvelope): Buffer {
  const body = Buffer.from(JSON.stringify(envelope));
  if (body.length > MAX_EVENT_BYTES) {
    throw new EventTooLargeError(envelope.type, body.length);
  }
  return body;
}
