import { createHash } from 'node:crypto';
import type { Message, Options } from 'amqplib';
import type { EventHead } from '../encode-event.ts';
import type { ConsumerQueue } from '../topology.ts';

/** Our own headers. `x-death` is not used for counting: RabbitMQ 4 ignores it on messages that were published again. */
const ATTEMPT = 'x-attempt';
const REASON = 'x-dead-reason';
const PARKED_AT = 'x-parked-at';
const REPLAYED_AT = 'x-replayed-at';
const TRACEPARENT = 'traceparent';
const SUBJECT = 'subject';

/**
 * AMQP properties of an event; what an operator may want to see is repeated from the body.
 * @param head what is said about the event
 * @param mandatory whether the broker returns it when no queue takes it
 */
export function eventProperties(head: EventHead, mandatory: boolean): Options.Publish {
  return {
    mandatory,
    persistent: true,
    contentType: 'application/cloudevents+json',
    messageId: head.id,
    type: head.type,
    headers: {
      [SUBJECT]: head.subject,
      ...(head.traceparent === undefined ? {} : { [TRACEPARENT]: head.traceparent }),
    },
  };
}

/**
 * Number of the attempt that a delivery is; 1 when the message was never retried.
 * @param message a delivery
 */
export function attemptOf(message: Message): number {
  const attempt: unknown = message.properties.headers?.[ATTEMPT];
  return typeof attempt === 'number' && Number.isInteger(attempt) && attempt >= 1 ? attempt : 1;
}

/**
 * User that a message is about; undefined when its headers do not tell.
 * @param message a delivery
 */
export function subjectOf(message: Message): string | undefined {
  const subject: unknown = message.properties.headers?.[SUBJECT];
  return typeof subject === 'string' ? subject : undefined;
}

/**
 * Id of a message: that of its event, or a hash of its body when it came without.
 * @param message a delivery
 */
export function messageIdOf(message: Message): string {
  const id: unknown = message.properties.messageId;
  if (typeof id === 'string' && id !== '') {
    return id;
  }
  return `sha256-${createHash('sha256').update(message.content).digest('hex').slice(0, 32)}`;
}

/**
 * Properties of the copy that waits for the next attempt.
 * @param message the failed delivery
 */
export const retryProperties = (message: Message): Options.Publish =>
  copyProperties(message, { [ATTEMPT]: attemptOf(message) + 1 });

/**
 * Properties of the copy that is parked.
 * @param message the failed delivery
 * @param reason why
 * @param parkedAt when
 */
export const parkingProperties = (message: Message, reason: string, parkedAt: Date): Options.Publish =>
  copyProperties(message, {
    [ATTEMPT]: attemptOf(message),
    [REASON]: reason.slice(0, 200),
    [PARKED_AT]: parkedAt.toISOString(),
  });

/**
 * Properties of the copy that goes back to work.
 * @param message the parked message
 * @param replayedAt when
 */
export const replayProperties = (message: Message, replayedAt: Date): Options.Publish =>
  copyProperties(message, { [ATTEMPT]: 1, [REPLAYED_AT]: replayedAt.toISOString() });

/**
 * Reads a parked message.
 * @param message from a parking queue
 * @param queue the queue whose consumer failed
 */
export function readParked(message: Message, queue: ConsumerQueue) {
  const headers: Record<string, unknown> = message.properties.headers ?? {};
  const { [REASON]: reason, [PARKED_AT]: parkedAt } = headers;
  return {
    id: messageIdOf(message),
    queue: queue.name,
    consumer: queue.consumer,
    type: queue.type,
    // Without a reason of ours the broker parked it: its consumer died with it once too often.
    reason: typeof reason === 'string' ? reason : 'delivery-limit',
    attempts: attemptOf(message),
    parkedAt:
      typeof parkedAt === 'string' ? parkedAt : (brokerDeathTime(headers) ?? new Date(0).toISOString()),
    envelope: parseBody(message.content),
  };
}

/** Keeps subject and trace of the original and drops every other header, so that counts and reasons do not pile up. */
function copyProperties(message: Message, headers: Record<string, string | number>): Options.Publish {
  const { contentType, type, headers: original } = message.properties;
  const traceparent: unknown = original?.[TRACEPARENT];
  const subject = subjectOf(message);
  return {
    mandatory: true,
    persistent: true,
    messageId: messageIdOf(message),
    ...(typeof contentType === 'string' ? { contentType } : {}),
    ...(typeof type === 'string' ? { type } : {}),
    headers: {
      ...headers,
      ...(subject === undefined ? {} : { [SUBJECT]: subject }),
      ...(typeof traceparent === 'string' ? { [TRACEPARENT]: traceparent } : {}),
    },
  };
}

function brokerDeathTime(headers: Record<string, unknown>): string | undefined {
  const deaths = headers['x-death'];
  const last: unknown = Array.isArray(deaths) ? deaths[0] : undefined;
  if (typeof last !== 'object' || last === null || !('time' in last)) {
    return undefined;
  }
  const { time } = last;
  // amqplib gives a timestamp as { '!': 'timestamp', value: seconds }.
  if (typeof time !== 'object' || time === null || !('value' in time) || typeof time.value !== 'number') {
    return undefined;
  }
  return new Date(time.value * 1_000).toISOString();
}

function parseBody(content: Buffer): unknown {
  const text = content.toString('utf8');
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
