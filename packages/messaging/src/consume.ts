import { eventSchemaUrn, EventEnvelope, type ServiceName } from '@orrery/contracts';
import { inTransaction } from '@orrery/mongo';
import type { Connection } from 'mongoose';
import type { Logger } from 'pino';
import type {
  Deliver,
  DeliveredMessage,
  DeliveryOutcome,
  EventTransaction,
  SeveralEvents,
  Subscription,
} from './event-bus.ts';
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
  const note = (
    { routingKey: type, attempt }: DeliveredMessage,
    { label }: Ending,
    seconds: number,
  ): void => {
    metrics.eventsHandled.inc({ consumer, type, outcome: label });
    metrics.eventHandlingSeconds.observe({ consumer, type }, seconds);
    logger.debug({ type, outcome: label, attempt }, 'event delivered');
  };
  const deliverParsed = async (
    message: DeliveredMessage,
    parsed: ParsedMessage,
  ): Promise<DeliveryOutcome> => {
    const startedAt = performance.now();
    const ending =
      parsed.kind === 'refused'
        ? refuse(options, message, parsed)
        : await handle(options, message, parsed.envelope, parsed.subscription);
    note(message, ending, (performance.now() - startedAt) / 1_000);
    return ending.outcome;
  };
  const deliver = (message: DeliveredMessage): Promise<DeliveryOutcome> =>
    deliverParsed(message, parseMessage(message.body, options.subscriptions));
  const together = async (messages: readonly DeliveredMessage[]): Promise<DeliveryOutcome[]> => {
    const outcomes: DeliveryOutcome[] = [];
    for (const run of runsOf(messages, options.subscriptions)) {
      const startedAt = performance.now();
      const ending = await handleRun(options, run);
      const seconds = (performance.now() - startedAt) / 1_000 / run.length;
      for (const { message, parsed } of run) {
        if (ending === undefined) {
          outcomes.push(await deliverParsed(message, parsed));
        } else {
          note(message, ending, seconds);
          outcomes.push(ending.outcome);
        }
      }
    }
    return outcomes;
  };
  return Object.assign(deliver, { together });
}

interface ReadMessage {
  message: DeliveredMessage;
  parsed: ParsedMessage;
}

/** Whether two neighbours may share a transaction: logs, calls and follow-up events carry one request and one trace. */
function mayJoin({ parsed: left }: ReadMessage, { parsed: right }: ReadMessage): boolean {
  if (left.kind === 'refused' || right.kind === 'refused') {
    return false;
  }
  return (
    left.subscription === right.subscription &&
    left.subscription.handleTogether !== undefined &&
    left.envelope.subject === right.envelope.subject &&
    left.envelope.requestid === right.envelope.requestid &&
    traceOf(left.envelope) === traceOf(right.envelope)
  );
}

/** Trace id within a W3C `traceparent`. */
const traceOf = ({ traceparent }: EventEnvelope): string | undefined => traceparent?.split('-')[1];

/** Cuts messages into runs of neighbours that are handled in one transaction. */
function runsOf(
  messages: readonly DeliveredMessage[],
  subscriptions: readonly Subscription[],
): ReadMessage[][] {
  const runs: ReadMessage[][] = [];
  for (const message of messages) {
    const read = { message, parsed: parseMessage(message.body, subscriptions) };
    const run = runs.at(-1);
    const [first] = run ?? [];
    if (run !== undefined && first !== undefined && mayJoin(first, read)) {
      run.push(read);
    } else {
      runs.push([read]);
    }
  }
  return runs;
}

/**
 * Handles a run in one transaction.
 * @returns how all of them ended, or undefined when each has to be handled by itself: one of them failed, or came before
 */
async function handleRun(options: ConsumeOptions, run: readonly ReadMessage[]): Promise<Ending | undefined> {
  const events = run.flatMap(({ parsed }) => (parsed.kind === 'accepted' ? [parsed] : []));
  const [first, ...further] = events;
  if (first?.subscription.handleTogether === undefined || further.length === 0) {
    return undefined;
  }
  const { subscription } = first;
  const envelopes: SeveralEvents = [first.envelope, ...further.map(({ envelope }) => envelope)];
  try {
    await inEventTransaction(options, envelopes, async (transaction) =>
      subscription.handleTogether?.(envelopes, transaction),
    );
  } catch (error) {
    const { consumer, isOutage, logger } = options;
    const about = { consumer, type: first.envelope.type, events: events.length };
    if (isOutage?.(error) === true) {
      const reason = errorCode(error);
      logger.warn({ err: error, ...about, reason }, 'events wait for the end of an outage');
      return { outcome: { kind: 'retry', reason, outage: true }, label: 'retry' };
    }
    if (!(error instanceof AlreadyHandledError)) {
      logger.warn({ err: error, ...about }, 'events failed together and are handled one by one');
    }
    return undefined;
  }
  return { outcome: { kind: 'done' }, label: 'done' };
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
  try {
    await inEventTransaction(options, [envelope], (transaction) =>
      subscription.handle(envelope, transaction),
    );
  } catch (error) {
    return error instanceof AlreadyHandledError
      ? { outcome: { kind: 'done' }, label: 'duplicate' }
      : fail(options, message, envelope, error);
  }
  return { outcome: { kind: 'done' }, label: 'done' };
}

/** Runs the handler of events in one transaction with their inbox rows, in the context of the first. */
async function inEventTransaction(
  options: ConsumeOptions,
  envelopes: SeveralEvents,
  work: (transaction: EventTransaction) => Promise<void>,
): Promise<void> {
  const { connection, consumer, outbox, onRecorded, runInContext = runPlainly } = options;
  const eventIds = envelopes.map(({ id }) => id);
  let recorded = false;
  await runInContext(envelopes[0], () =>
    inTransaction(connection, (session) =>
      handleOnce(connection, session, { consumer, eventIds }, () =>
        work({
          session,
          async record(events) {
            await outbox.recordEvents(session, events, eventIds.at(-1));
            recorded ||= events.length > 0;
          },
        }),
      ),
    ),
  );
  if (recorded) {
    onRecorded?.();
  }
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
