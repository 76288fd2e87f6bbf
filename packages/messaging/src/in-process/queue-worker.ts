import { acquireLease, type Lease } from '@orrery/mongo';
import type { Collection, Connection } from 'mongoose';
import type { Logger } from 'pino';
import type { Deliver, DeliveryOutcome } from '../event-bus.ts';
import { backOffMs, decideRetry, isLastAttempt } from '../retry-policy.ts';
import { takeNext } from '../take-next.ts';
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
      const row = takeNext(this.#buffer, ({ subject }) => subject, this.#subjectsAtWork);
      if (row === undefined) {
        if (this.#buffer.length > 0) {
          return;
        }
        // A new lease emptied the buffer, so that it is read again.
        continue;
      }
      this.#bufferedBytes -= row.body.length;
      this.#begin(row);
    }
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

  #begin(row: MessageRow): void {
    const { subject } = row;
    if (subject !== undefined) {
      this.#subjectsAtWork.add(subject);
    }
    const work = this.#work(row).finally(() => {
      this.#atWork.delete(work);
      this.#pump();
    });
    this.#atWork.add(work);
  }

  async #work(row: MessageRow): Promise<void> {
    const outcome = await this.#deliver(row);
    // The next one of the user need not wait for the deletion: a row that comes again is known to the inbox.
    if (row.subject !== undefined) {
      this.#subjectsAtWork.delete(row.subject);
    }
    if (outcome.kind === 'done') {
      this.#pump();
      this.#leave(row);
      return;
    }
    await this.#store(() => this.#postponeOrPark(row, outcome));
    this.#known.delete(row._id);
  }

  async #deliver(row: MessageRow): Promise<DeliveryOutcome> {
    const { deliver, logger, queue, retryDelaysMs } = this.#options;
    try {
      return await deliver({
        consumer: queue.consumer,
        routingKey: queue.type,
        body: Buffer.from(row.body),
        attempt: row.attempt,
        lastAttempt: isLastAttempt(row.attempt, retryDelaysMs),
      });
    } catch (error) {
      logger.error({ err: error, queue: queue.name }, 'delivery failed outside of the handler');
      return { kind: 'retry', reason: 'delivery-failed' };
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
