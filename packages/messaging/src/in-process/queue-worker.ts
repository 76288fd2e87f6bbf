import { acquireLease, type Lease } from '@orrery/mongo';
import type { Collection, Connection } from 'mongoose';
import type { Logger } from 'pino';
import { MAX_TOGETHER, type Deliver, type DeliveryOutcome } from '../event-bus.ts';
import { backOffMs, decideRetry, isLastAttempt } from '../retry-policy.ts';
import { takeFurther, takeNext } from '../take-next.ts';
import type { ConsumerQueue } from '../topology.ts';
import { MESSAGES, type MessageRow } from './message-row.ts';
import type { MessageRemover } from './message-remover.ts';

export interface QueueWorkerOptions {
  connection: Connection;
  queue: ConsumerQueue;
  deliver: Deliver;
  remover: MessageRemover;
  retryDelaysMs: readonly number[];
  concurrency: number;
  leaseTtlMs: number;
  logger: Logger;
}

/** Rows kept in memory at most; further ones wait in the database. */
const MAX_BUFFERED_ROWS = 256;
const MAX_BUFFERED_BYTES = 8 * 1024 * 1024;
const FAILED_OUTSIDE: DeliveryOutcome = { kind: 'retry', reason: 'delivery-failed' };
const STORE_BACK_OFF = { firstMs: 50, maxMs: 5_000 };

/**
 * Delivers one queue. The queue is leased as a whole: one process works it, and when that process is killed the lease
 * expires and the rows it had in hand are read again. An idle queue holds no lease and writes nothing.
 */
export class QueueWorker {
  readonly #options: QueueWorkerOptions;
  readonly #rows: Collection<MessageRow>;
  #buffer: MessageRow[] = [];
  #bufferedBytes = 0;
  /** Ids in the buffer, at work, or done but not yet deleted: a read must not deliver them again. */
  readonly #known = new Set<string>();
  readonly #atWork = new Set<Promise<void>>();
  readonly #subjectsAtWork = new Set<string>();
  readonly #retryTimers = new Set<NodeJS.Timeout>();
  readonly #leaving = new Set<Promise<void>>();
  #pumping: Promise<void> | undefined;
  /** Whether the database may hold rows that are not in memory. */
  #mayHaveMore = true;
  #loading = false;
  #pumpAgain = false;
  #lease: Lease | undefined;
  /** On the monotonic clock. */
  #leaseUntil = 0;
  #stopping = false;

  /** @param options the queue and what to do with its messages */
  constructor(options: QueueWorkerOptions) {
    this.#options = options;
    this.#rows = options.connection.collection<MessageRow>(MESSAGES);
  }

  /**
   * Takes a row that was just stored, without reading it back.
   * @param row the stored row
   */
  offer(row: MessageRow): void {
    if (this.#stopping) {
      return;
    }
    // Rows in the database, and those of a read under way, are older and come first.
    if (this.#mayHaveMore || this.#loading || !this.#hasRoom()) {
      this.#mayHaveMore = true;
    } else {
      this.#remember(row);
    }
    this.#pump();
  }

  /** Looks for due rows in the database. */
  wake(): void {
    this.#mayHaveMore = true;
    this.#pump();
  }

  /** Keeps the lease while long handlers run. */
  async keepLease(): Promise<void> {
    if (this.#atWork.size > 0 && this.#lease !== undefined) {
      await this.#holdLease();
    }
  }

  /** Begins no further delivery, waits for those at work and gives the lease back. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const timer of this.#retryTimers) {
      clearTimeout(timer);
    }
    await this.#pumping;
    await Promise.all(this.#atWork);
    await Promise.all(this.#leaving);
    const lease = this.#lease;
    this.#lease = undefined;
    await lease?.release();
  }

  #hasRoom(): boolean {
    return this.#buffer.length < MAX_BUFFERED_ROWS && this.#bufferedBytes < MAX_BUFFERED_BYTES;
  }

  #remember(row: MessageRow): void {
    this.#known.add(row._id);
    this.#buffer.push(row);
    this.#bufferedBytes += row.body.length;
  }

  #pump(): void {
    if (this.#stopping) {
      return;
    }
    if (this.#pumping !== undefined) {
      this.#pumpAgain = true;
      return;
    }
    this.#pumping = this.#beginDeliveries()
      .catch((error: unknown) => {
        this.#options.logger.warn(
          { err: error, queue: this.#options.queue.name },
          'a queue could not be read',
        );
      })
      .finally(() => {
        this.#pumping = undefined;
        if (this.#pumpAgain) {
          this.#pumpAgain = false;
          this.#pump();
        }
      });
  }

  async #beginDeliveries(): Promise<void> {
    while (!this.#stopping && this.#atWork.size < this.#options.concurrency) {
      if (this.#buffer.length === 0) {
        await this.#load();
      }
      if (this.#buffer.length === 0 || !(await this.#holdLease())) {
        return;
      }
      const rows = this.#takeNext();
      if (rows.length === 0) {
        if (this.#buffer.length > 0) {
          return;
        }
        // A new lease emptied the buffer, so that it is read again.
        continue;
      }
      for (const { body } of rows) {
        this.#bufferedBytes -= body.length;
      }
      this.#begin(rows);
    }
  }

  /** The next message that may be worked, and those of the same user that may be worked with it. */
  #takeNext(): MessageRow[] {
    const { together } = this.#options.deliver;
    const subjectOf = ({ subject }: MessageRow): string | undefined => subject;
    const row = takeNext(this.#buffer, subjectOf, this.#subjectsAtWork);
    if (row === undefined) {
      return [];
    }
    const isFirstAttempt = ({ attempt }: MessageRow): boolean => attempt === 1;
    const most = together !== undefined && isFirstAttempt(row) ? MAX_TOGETHER - 1 : 0;
    return [row, ...takeFurther(this.#buffer, row.subject, subjectOf, isFirstAttempt, most)];
  }

  async #load(): Promise<void> {
    if (!this.#mayHaveMore) {
      return;
    }
    this.#mayHaveMore = false;
    this.#loading = true;
    try {
      const due = this.#rows
        .find({
          queue: this.#options.queue.name,
          state: 'ready',
          dueAt: { $lte: new Date() },
          _id: { $nin: [...this.#known] },
        })
        .sort({ _id: 1 })
        .limit(MAX_BUFFERED_ROWS);
      for await (const row of due) {
        this.#remember(row);
        if (!this.#hasRoom()) {
          this.#mayHaveMore = true;
          break;
        }
      }
    } catch (error) {
      this.#mayHaveMore = true;
      throw error;
    } finally {
      this.#loading = false;
    }
  }

  #begin(rows: readonly MessageRow[]): void {
    const subject = rows[0]?.subject;
    if (subject !== undefined) {
      this.#subjectsAtWork.add(subject);
    }
    const work = this.#work(rows, subject).finally(() => {
      this.#atWork.delete(work);
      this.#pump();
    });
    this.#atWork.add(work);
  }

  async #work(rows: readonly MessageRow[], subject: string | undefined): Promise<void> {
    const outcomes = await this.#deliver(rows);
    // The next one of the user need not wait for the deletion: a row that comes again is known to the inbox.
    if (subject !== undefined) {
      this.#subjectsAtWork.delete(subject);
    }
    this.#pump();
    for (const [index, row] of rows.entries()) {
      const outcome = outcomes[index] ?? FAILED_OUTSIDE;
      if (outcome.kind === 'done') {
        this.#leave(row);
      } else {
        await this.#store(() => this.#postponeOrPark(row, outcome));
        this.#known.delete(row._id);
      }
    }
  }

  async #deliver(rows: readonly MessageRow[]): Promise<DeliveryOutcome[]> {
    const { deliver, logger, queue, retryDelaysMs } = this.#options;
    const messages = rows.map(({ body, attempt }) => ({
      consumer: queue.consumer,
      routingKey: queue.type,
      body: Buffer.from(body),
      attempt,
      lastAttempt: isLastAttempt(attempt, retryDelaysMs),
    }));
    try {
      const [message] = messages;
      return message !== undefined && messages.length === 1
        ? [await deliver(message)]
        : ((await deliver.together?.(messages)) ?? []);
    } catch (error) {
      logger.error({ err: error, queue: queue.name }, 'delivery failed outside of the handler');
      return [];
    }
  }

  #leave({ _id }: MessageRow): void {
    const left = this.#options.remover.remove(_id).then(() => {
      this.#known.delete(_id);
      this.#leaving.delete(left);
    });
    this.#leaving.add(left);
  }

  async #postponeOrPark(row: MessageRow, outcome: Exclude<DeliveryOutcome, { kind: 'done' }>): Promise<void> {
    const decision =
      outcome.kind === 'retry'
        ? decideRetry(row.attempt, this.#options.retryDelaysMs, { endless: outcome.outage })
        : { kind: 'park' as const };
    if (decision.kind === 'retry') {
      const dueAt = new Date(Date.now() + decision.delayMs);
      await this.#rows.updateOne(
        { _id: row._id },
        { $set: { attempt: row.attempt + 1, dueAt, reason: outcome.reason } },
      );
      this.#wakeAfter(decision.delayMs);
      return;
    }
    const reason = outcome.kind === 'retry' ? `exhausted: ${outcome.reason}` : outcome.reason;
    await this.#rows.updateOne({ _id: row._id }, { $set: { state: 'dead', reason, parkedAt: new Date() } });
  }

  #wakeAfter(delayMs: number): void {
    const timer = setTimeout(() => {
      this.#retryTimers.delete(timer);
      this.wake();
    }, delayMs + 1);
    timer.unref();
    this.#retryTimers.add(timer);
  }

  /** Repeats a write while the database is away; on a stop the row stays and is delivered again. */
  async #store(write: () => Promise<unknown>): Promise<void> {
    for (let failures = 1; ; failures += 1) {
      try {
        await write();
        return;
      } catch (error) {
        const { logger, queue } = this.#options;
        logger.warn({ err: error, queue: queue.name }, 'the end of a delivery could not be stored yet');
        if (this.#stopping) {
          return;
        }
        await new Promise((resolve) => {
          setTimeout(resolve, backOffMs(failures, STORE_BACK_OFF));
        });
      }
    }
  }

  async #holdLease(): Promise<boolean> {
    const { connection, leaseTtlMs, queue } = this.#options;
    const now = performance.now();
    if (this.#lease !== undefined && now < this.#leaseUntil - (leaseTtlMs * 2) / 3) {
      return true;
    }
    const kept = (await this.#lease?.renew()) ?? false;
    if (!kept) {
      this.#lease = await acquireLease(connection, `queue ${queue.name}`, { ttlMs: leaseTtlMs });
      // Until the lease was ours, another process may have worked what we read; and if it is not, it still does.
      this.#forgetBuffer();
    }
    this.#leaseUntil = now + leaseTtlMs;
    return this.#lease !== undefined;
  }

  #forgetBuffer(): void {
    for (const { _id } of this.#buffer) {
      this.#known.delete(_id);
    }
    this.#buffer = [];
    this.#bufferedBytes = 0;
    this.#mayHaveMore = true;
  }
}
