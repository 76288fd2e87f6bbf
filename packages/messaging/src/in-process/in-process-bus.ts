import { eventType, type EventDefinition, type ServiceName } from '@orrery/contracts';
import type { Collection, Connection } from 'mongoose';
import type { Logger } from 'pino';
import { v7 as uuidv7 } from 'uuid';
import type { EncodedEvent } from '../encode-event.ts';
import type { DeadLetter, DeadLetterFilter, Deliver, EventBus, QueueDepth } from '../event-bus.ts';
import { BusUnavailableError, UnroutableError } from '../publish-error.ts';
import { consumerQueueOf, type Topology } from '../topology.ts';
import { AT_ONCE, MESSAGES, type MessageRow } from './message-row.ts';
import { MessageRemover } from './message-remover.ts';
import { QueueWorker } from './queue-worker.ts';

export interface InProcessBusOptions {
  /** Database of the bus itself, `orrery_bus`: messages live there, so a kill of the process loses none. */
  connection: Connection;
  topology: Topology;
  logger: Logger;
  /** Messages of one queue at work at the same time; default 8. */
  concurrency?: number;
  /** How often to look for rows that nobody announced, in milliseconds; default 1,000. */
  pollMs?: number;
  /** How long a killed process keeps a queue, in milliseconds; default 5,000. */
  leaseTtlMs?: number;
}

const CONNECTED = 1;

/** The bus without a broker: queues are rows in a database, and consumers of the same process are told at once. */
export class InProcessBus implements EventBus {
  readonly #options: InProcessBusOptions;
  readonly #topology: Topology;
  readonly #rows: Collection<MessageRow>;
  readonly #remover: MessageRemover;
  readonly #workers = new Map<string, QueueWorker>();
  #poll: NodeJS.Timeout | undefined;
  #polling: Promise<void> = Promise.resolve();
  #started = false;
  #stopping = false;

  /** @param options database, topology and pace */
  constructor(options: InProcessBusOptions) {
    this.#options = options;
    this.#topology = options.topology;
    this.#rows = options.connection.collection<MessageRow>(MESSAGES);
    this.#remover = new MessageRemover(this.#rows, options.logger);
  }

  async start(): Promise<void> {
    await this.#rows.createIndex({ queue: 1, state: 1, _id: 1 });
    this.#started = true;
    this.#schedulePoll();
  }

  async publish(events: readonly EncodedEvent[]): Promise<void> {
    const unroutableIds: string[] = [];
    const rows = events.flatMap((event) => {
      const copies = this.#rowsFor(event);
      if (copies.length === 0 && !this.#topology.unheardTypes.has(event.head.type)) {
        unroutableIds.push(event.head.id);
      }
      return copies;
    });
    await this.#insert(
      rows,
      events.map(({ head }) => head.id),
    );
    if (unroutableIds.length > 0) {
      throw new UnroutableError({ unroutableIds });
    }
  }

  consume(consumer: ServiceName, definitions: readonly EventDefinition[], deliver: Deliver): Promise<void> {
    const { concurrency = 8, connection, leaseTtlMs = 5_000, logger } = this.#options;
    for (const definition of definitions) {
      const queue = consumerQueueOf(this.#topology, consumer, eventType(definition));
      const worker = new QueueWorker({
        connection,
        queue,
        deliver,
        remover: this.#remover,
        retryDelaysMs: this.#topology.retryDelaysMs,
        concurrency,
        leaseTtlMs,
        logger,
      });
      this.#workers.set(queue.name, worker);
      worker.wake();
    }
    return Promise.resolve();
  }

  async stopConsuming(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#poll);
    await this.#polling;
    this.#remover.stop();
    await Promise.all([...this.#workers.values()].map((worker) => worker.stop()));
  }

  async listDeadLetters(filter: DeadLetterFilter = {}): Promise<DeadLetter[]> {
    const { limit = 100 } = filter;
    const rows = await this.#rows.find(this.#deadRows(filter)).sort({ _id: 1 }).limit(limit).toArray();
    return rows.map((row) => ({
      id: row.eventId,
      queue: row.queue,
      consumer: row.consumer,
      type: row.type,
      reason: row.reason ?? 'unknown',
      attempts: row.attempt,
      parkedAt: (row.parkedAt ?? AT_ONCE).toISOString(),
      envelope: JSON.parse(row.body),
    }));
  }

  async replayDeadLetters(filter: DeadLetterFilter): Promise<number> {
    const found = this.#rows.find(this.#deadRows(filter)).sort({ _id: 1 });
    const rows = await (filter.limit === undefined ? found : found.limit(filter.limit)).toArray();
    if (rows.length === 0) {
      return 0;
    }
    const result = await this.#rows.updateMany(
      { _id: { $in: rows.map(({ _id }) => _id) }, state: 'dead' },
      { $set: { state: 'ready', attempt: 1, dueAt: AT_ONCE }, $unset: { reason: '', parkedAt: '' } },
    );
    for (const queue of new Set(rows.map((row) => row.queue))) {
      this.#workers.get(queue)?.wake();
    }
    return result.modifiedCount;
  }

  async forgetDeadLetters(consumer: ServiceName, subject: string): Promise<number> {
    return (await this.#rows.deleteMany({ ...this.#deadRows({ consumer }), subject })).deletedCount;
  }

  async queueDepths(consumer: ServiceName): Promise<QueueDepth[]> {
    const queues = this.#topology.consumerQueues.filter((queue) => queue.consumer === consumer);
    return Promise.all(
      queues.map(async ({ name, type }) => {
        const [waiting, parked] = await Promise.all(
          (['ready', 'dead'] as const).map((state) => this.#rows.countDocuments({ queue: name, state })),
        );
        return { type, waiting: waiting ?? 0, parked: parked ?? 0 };
      }),
    );
  }

  isReady(): boolean {
    return this.#started && !this.#stopping && Number(this.#options.connection.readyState) === CONNECTED;
  }

  async stop(): Promise<void> {
    await this.stopConsuming();
    this.#started = false;
  }

  #rowsFor({ head, body }: EncodedEvent): MessageRow[] {
    return this.#topology.consumerQueues
      .filter(({ type }) => type === head.type)
      .map(({ consumer, name, type }) => ({
        _id: uuidv7(),
        queue: name,
        consumer,
        type,
        eventId: head.id,
        subject: head.subject,
        body,
        state: 'ready',
        attempt: 1,
        dueAt: AT_ONCE,
      }));
  }

  async #insert(rows: MessageRow[], eventIds: readonly string[]): Promise<void> {
    if (!this.#started) {
      throw new BusUnavailableError('it was not started', eventIds);
    }
    if (rows.length === 0) {
      return;
    }
    try {
      await this.#rows.insertMany(rows, { ordered: true });
    } catch (error) {
      throw new BusUnavailableError('its database did not store the messages', eventIds, { cause: error });
    }
    for (const row of rows) {
      this.#workers.get(row.queue)?.offer(row);
    }
  }

  #deadRows({ consumer, ids, type }: DeadLetterFilter) {
    return {
      queue: { $in: this.#topology.consumerQueues.map(({ name }) => name) },
      state: 'dead' as const,
      ...(consumer === undefined ? {} : { consumer }),
      ...(type === undefined ? {} : { type }),
      ...(ids === undefined ? {} : { eventId: { $in: [...ids] } }),
    };
  }

  #schedulePoll(): void {
    const { pollMs = 1_000 } = this.#options;
    if (this.#stopping) {
      return;
    }
    this.#poll = setTimeout(() => {
      this.#polling = this.#wakeQueuesWithDueRows().finally(() => {
        this.#schedulePoll();
      });
    }, pollMs);
    this.#poll.unref();
  }

  /** Finds what another process published, and retries that fell due while no process ran. */
  async #wakeQueuesWithDueRows(): Promise<void> {
    if (this.#workers.size === 0) {
      return;
    }
    try {
      const queues = await this.#rows.distinct('queue', {
        queue: { $in: [...this.#workers.keys()] },
        state: 'ready',
        dueAt: { $lte: new Date() },
      });
      for (const queue of queues) {
        this.#workers.get(queue)?.wake();
      }
      await Promise.all([...this.#workers.values()].map((worker) => worker.keepLease()));
    } catch (error) {
      this.#options.logger.warn({ err: error }, 'the queues could not be polled');
    }
  }
}
