import { eventSchemaUrn, EventEnvelope, type ServiceName } from '@orrery/contracts';
import { inTransaction } from '@orrery/mongo';
import type { Connection } from 'mongoose';
import type { Logger } from 'pino';
import type { Deliver, DeliveredMessage, DeliveryOutcome, Subscription } from './event-bus.ts';
import { AlreadyHandledError, handleOnce } from './inbox/handle-once.ts';
import type { MessagingMetrics } from './messaging-metrics.ts';
import type { OutboxStore } from './outbox/outbox-store.ts';

export interface ConsumeOptions {
  consumer: ServiceName;
  subscriptions: readonly Subscription[];
  /** Database of the consumer: state, inbox and outbox. */
  connection: Connection;
  outbox: OutboxStore;
  logger: Logger;
  metrics: MessagingMetrics;
  /** Runs the work with the event's request id and trace in reach of logs and calls. */
  runInContext?: <Result>(envelope: EventEnvelope, work: () => Promise<Result>) => Promise<Result>;
  /** Whether an error says that something is out of reach, rather than anything about the message. */
  isOutage?: (error: unknown) => boolean;
  /** Called after a commit that recorded events; nudge the outbox relay here. */
  onRecorded?: () => void;
}

/** Why a message that never reached a handler is dead. The runbook explains each. */
export type RefusalReason = 'malformed' | 'schema-missing' | 'schema-unsupported' | 'schema-mismatch';

type ParsedMessage =
  | { kind: 'accepted'; envelope: EventEnvelope; subscription: Subscription }
  | { kind: 'refused'; reason: RefusalReason; detail: string; eventId?: string };

/**
 * The consuming side of a service, between an adapter and the handlers: checks the envelope and its schema, runs the
 * handler once in a transaction with its inbox row, and says what becomes of the message.
 * @param options the consumer, its subscriptions and its database
 * @returns what to give to `EventBus.consume`; it never rejects
 */
export function createDeliver(options: ConsumeOptions): Deliver {
  const { consumer, logger, metrics } = options;
  return async (message) => {
    const startedAt = performance.now();
    const parsed = parseMessage(message.body, options.subscriptions);
    const type = message.routingKey;
    const { outcome, label } =
      parsed.kind === 'refused'
        ? refuse(options, message, parsed)
        : await handle(options, message, parsed.envelope, parsed.subscription);
    metrics.eventsHandled.inc({ consumer, type, outcome: label });
    metrics.eventHandlingSeconds.observe({ consumer, type }, (performance.now() - startedAt) / 1_000);
    logger.debug({ type, outcome: label, attempt: message.attempt }, 'event delivered');
    return outcome;
  };
}

/**
 * Reads a message as far as it can be trusted.
 * @param body bytes from the queue
 * @param subscriptions what the consumer handles
 */
export function parseMessage(body: Buffer, subscriptions: readonly Subscription[]): ParsedMessage {
  const json = parseJson(body);
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    return { kind: 'refused', reason: 'malformed', detail: 'not a JSON object' };
  }
  const eventId = 'id' in json && typeof json.id === 'string' ? { eventId: json.id } : {};
  if (!('dataschema' in json) || json.dataschema === '') {
    return { kind: 'refused', reason: 'schema-missing', detail: 'no dataschema', ...eventId };
  }
  const parsed = EventEnvelope.safeParse(json);
  if (!parsed.success) {
    return { kind: 'refused', reason: 'malformed', detail: fieldsAtFault(parsed.error), ...eventId };
  }
  const envelope = parsed.data;
  const subscription = subscriptions.find(
    ({ definition }) => eventSchemaUrn(definition) === envelope.dataschema,
  );
  if (subscription === undefined) {
    const detail = `${envelope.dataschema} is not known here`;
    return { kind: 'refused', reason: 'schema-unsupported', detail, ...eventId };
  }
  const data = subscription.definition.data.safeParse(envelope.data);
  if (!data.success) {
    return { kind: 'refused', reason: 'schema-mismatch', detail: fieldsAtFault(data.error), ...eventId };
  }
  return { kind: 'accepted', envelope: { ...envelope, data: data.data }, subscription };
}

type Ending = { outcome: DeliveryOutcome; label: 'done' | 'duplicate' | 'retry' | 'dead' };

function refuse(
  { consumer, logger }: ConsumeOptions,
  message: DeliveredMessage,
  { reason, detail, eventId }: Extract<ParsedMessage, { kind: 'refused' }>,
): Ending {
  logger.error({ consumer, type: message.routingKey, eventId, reason, detail }, 'event refused and parked');
  return { outcome: { kind: 'dead', reason }, label: 'dead' };
}

async function handle(
  options: ConsumeOptions,
  message: DeliveredMessage,
  envelope: EventEnvelope,
  subscription: Subscription,
): Promise<Ending> {
  const { connection, consumer, outbox, onRecorded, runInContext = runPlainly } = options;
  let recorded = false;
  try {
    await runInContext(envelope, () =>
      inTransaction(connection, (session) =>
        handleOnce(connection, session, { consumer, eventId: envelope.id }, () =>
          subscription.handle(envelope, {
            session,
            async record(events) {
              await outbox.recordEvents(session, events, envelope.id);
              recorded ||= events.length > 0;
            },
          }),
        ),
      ),
    );
  } catch (error) {
    return error instanceof AlreadyHandledError
      ? { outcome: { kind: 'done' }, label: 'duplicate' }
      : fail(options, message, envelope, error);
  }
  if (recorded) {
    onRecorded?.();
  }
  return { outcome: { kind: 'done' }, label: 'done' };
}

function fail(
  { consumer, logger, isOutage }: ConsumeOptions,
  message: DeliveredMessage,
  envelope: EventEnvelope,
  error: unknown,
): Ending {
  const reason = errorCode(error);
  const about = { err: error, consumer, type: envelope.type, eventId: envelope.id, attempt: message.attempt };
  if (isPermanent(error)) {
    logger.error({ ...about, reason }, 'event failed for good and was parked');
    return { outcome: { kind: 'dead', reason }, label: 'dead' };
  }
  if (isOutage?.(error) === true) {
    logger.warn({ ...about, reason }, 'event waits for the end of an outage');
    return { outcome: { kind: 'retry', reason, outage: true }, label: 'retry' };
  }
  if (message.lastAttempt) {
    logger.error(
      { ...about, reason: `exhausted: ${reason}` },
      'event failed on its last attempt and was parked',
    );
    return { outcome: { kind: 'dead', reason: `exhausted: ${reason}` }, label: 'dead' };
  }
  logger.warn({ ...about, reason }, 'event failed and will be retried');
  return { outcome: { kind: 'retry', reason }, label: 'retry' };
}

const runPlainly = <Result>(_envelope: EventEnvelope, work: () => Promise<Result>): Promise<Result> => work();

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** Names fields only: values may be a user's own and end up in logs. */
function fieldsAtFault(error: {
  issues: readonly { path: readonly PropertyKey[]; code?: string }[];
}): string {
  return error.issues
    .slice(0, 5)
    .map(({ path, code }) => `${path.map(String).join('.')} (${code ?? 'invalid'})`)
    .join(', ');
}

function isPermanent(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'permanent' in error && error.permanent === true;
}

/** Stable word for a failure, fit for a header and a metric; never the message text. */
function errorCode(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'code' in error) {
    if (typeof error.code === 'string' || typeof error.code === 'number') {
      return String(error.code).slice(0, 100);
    }
  }
  return error instanceof Error ? error.name : 'unknown-error';
}
