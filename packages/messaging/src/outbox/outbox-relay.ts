import { acquireLease, type Lease } from '@orrery/mongo';
import type { ServiceName } from '@orrery/contracts';
import type { Collection, Connection } from 'mongoose';
import type { Logger } from 'pino';
import type { EventHead } from '../encode-event.ts';
import type { EventBus } from '../event-bus.ts';
import type { MessagingMetrics } from '../messaging-metrics.ts';
import { PublishError } from '../publish-error.ts';
import { backOffMs } from '../retry-policy.ts';
import { OUTBOX, type OutboxRow } from './outbox-store.ts';

export interface OutboxRelayOptions {
  connection: Connection;
  producer: ServiceName;
  bus: Pick<EventBus, 'publish'>;
  logger: Logger;
  metrics?: MessagingMetrics;
  /** How often to look for rows that nobody nudged about, in milliseconds; default 1,000. */
  pollMs?: number;
  /** How long a relay that was killed keeps others waiting, in milliseconds; default 5,000. */
  leaseTtlMs?: number;
  /** Events of one publish; default 256. */
  batchSize?: number;
  /** Pause before a row that no queue takes is tried again, in milliseconds; default 600,000. */
  unroutablePauseMs?: number;
}

/** Text of one publish at most, beyond its first event, so that large events do not fill the memory. */
const MAX_BATCH_CHARACTERS = 8 * 1024 * 1024;
const BACK_OFF = { firstMs: 200, maxMs: 5_000 };

/**
 * Publishes what a service's outbox holds, oldest first, and removes a row only after its event was confirmed. A crash
 * in between publishes again, which the inbox of each consumer absorbs. Of several replicas one publishes at a time.
 */
export class OutboxRelay {
  readonly #options: Required<Omit<OutboxRelayOptions, 'metrics'>> & {
    metrics: MessagingMetrics | undefined;
  };
  readonly #rows: Collection<OutboxRow>;
  #lease: Lease | undefined;
  /** On the monotonic clock, so that a jump of the wall clock cannot lengthen the lease. */
  #leaseUntil = 0;
  #timer: NodeJS.Timeout | undefined;
  #draining: Promise<void> | undefined;
  #nudgedMeanwhile = false;
  #failures = 0;
  #stopped = true;

  /** @param options the service's database, the bus and the pace */
  constructor(options: OutboxRelayOptions) {
    this.#options = {
      pollMs: 1_000,
      leaseTtlMs: 5_000,
      batchSize: 256,
      unroutablePauseMs: 600_000,
      ...options,
      metrics: options.metrics,
    };
    this.#rows = options.connection.collection<OutboxRow>(OUTBOX);
  }

  /** Starts looking for rows. */
  start(): void {
    this.#stopped = false;
    this.#schedule(0);
  }

  /** Call after a commit that recorded events: they leave at once instead of at the next poll. */
  nudge(): void {
    if (this.#stopped || this.#failures > 0) {
      return;
    }
    if (this.#draining === undefined) {
      this.#schedule(0);
    } else {
      this.#nudgedMeanwhile = true;
    }
  }

  /** Finishes the batch at work and gives the lease back. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#draining;
    const lease = this.#lease;
    this.#lease = undefined;
    await lease?.release().catch((error: unknown) => {
      this.#options.logger.warn({ err: error }, 'the outbox lease was not released; it will expire');
    });
  }

  /**
   * What waits in the outbox.
   * @returns number of rows and age of the oldest in seconds, 0 when there is none
   */
  async state(): Promise<{ pending: number; oldestAgeSeconds: number }> {
    const [pending, oldest] = await Promise.all([
      this.#rows.countDocuments(),
      this.#rows.findOne({}, { sort: { recordedAt: 1 }, projection: { recordedAt: 1 } }),
    ]);
    const ageMs = oldest === null ? 0 : Math.max(0, Date.now() - oldest.recordedAt.getTime());
    return { pending, oldestAgeSeconds: ageMs / 1_000 };
  }

  #schedule(delayMs: number): void {
    clearTimeout(this.#timer);
    if (this.#stopped) {
      return;
    }
    this.#timer = setTimeout(() => {
      this.#nudgedMeanwhile = false;
      this.#draining = this.#drain().then((nextDelayMs) => {
        this.#draining = undefined;
        this.#schedule(this.#nudgedMeanwhile && this.#failures === 0 ? 0 : nextDelayMs);
      });
    }, delayMs);
    this.#timer.unref();
  }

  /** Publishes until nothing is left; returns the pause before the next look. */
  async #drain(): Promise<number> {
    const { logger, pollMs, producer } = this.#options;
    try {
      while (!this.#stopped && (await this.#publishBatch())) {
        this.#failures = 0;
      }
      this.#failures = 0;
      return pollMs;
    } catch (error) {
      this.#failures += 1;
      const pauseMs = backOffMs(this.#failures, BACK_OFF);
      logger.warn(
        { err: error, producer, failures: this.#failures, pauseMs: Math.round(pauseMs) },
        'events wait in the outbox because they could not be published',
      );
      return pauseMs;
    }
  }

  /** Returns whether more rows may wait. */
  async #publishBatch(): Promise<boolean> {
    const seen = await this.#readDue();
    if (seen.rows.length === 0) {
      return false;
    }
    const lease = await this.#holdLease();
    if (lease === 'none') {
      return false;
    }
    // Until the lease was ours, another relay may have published what we saw.
    const { rows, mayHaveMore } = lease === 'new' ? await this.#readDue() : seen;
    await this.#publish(rows);
    return mayHaveMore;
  }

  async #readDue(): Promise<{ rows: OutboxRow[]; mayHaveMore: boolean }> {
    const { batchSize } = this.#options;
    const due = { $or: [{ notBefore: { $exists: false } }, { notBefore: { $lte: new Date() } }] };
    const rows: OutboxRow[] = [];
    let characters = 0;
    for await (const row of this.#rows.find(due).sort({ _id: 1 }).limit(batchSize)) {
      rows.push(row);
      characters += row.body.length;
      if (characters >= MAX_BATCH_CHARACTERS) {
        return { rows, mayHaveMore: true };
      }
    }
    return { rows, mayHaveMore: rows.length === batchSize };
  }

  async #publish(rows: readonly OutboxRow[]): Promise<void> {
    if (rows.length === 0) {
      return;
    }
    try {
      await this.#options.bus.publish(rows.map(({ envelope, body }) => ({ head: envelope, body })));
    } catch (error) {
      if (!(error instanceof PublishError)) {
        throw error;
      }
      const unroutable = new Set(error.unroutableIds);
      const unconfirmed = new Set(error.unconfirmedIds);
      await this.#remove(rows.filter(({ envelope: { id } }) => !unroutable.has(id) && !unconfirmed.has(id)));
      await this.#setAside(rows.filter(({ envelope: { id } }) => unroutable.has(id)));
      if (unconfirmed.size > 0) {
        throw error;
      }
      return;
    }
    await this.#remove(rows);
  }

  async #remove(rows: readonly OutboxRow[]): Promise<void> {
    if (rows.length === 0) {
      return;
    }
    await this.#rows.deleteMany({ _id: { $in: rows.map(({ _id }) => _id) } });
    for (const { envelope } of rows) {
      this.#options.metrics?.eventsPublished.inc({ type: envelope.type });
    }
  }

  /** An event without a queue is kept: a consumer deployed later, or a person, may still give it one. */
  async #setAside(rows: readonly OutboxRow[]): Promise<void> {
    if (rows.length === 0) {
      return;
    }
    const { logger, metrics, unroutablePauseMs } = this.#options;
    await this.#rows.updateMany(
      { _id: { $in: rows.map(({ _id }) => _id) } },
      { $set: { notBefore: new Date(Date.now() + unroutablePauseMs) } },
    );
    for (const { envelope, notBefore } of rows) {
      metrics?.eventsUnroutable.inc({ type: envelope.type });
      if (notBefore === undefined) {
        logger.error(
          aboutEvent(envelope),
          'no queue takes this event; its outbox row is kept and tried again',
        );
      }
    }
  }

  /** Takes the lease, or renews it once a third of its time has gone: an idle outbox writes nothing. */
  async #holdLease(): Promise<'kept' | 'new' | 'none'> {
    const { connection, leaseTtlMs } = this.#options;
    const now = performance.now();
    if (this.#lease !== undefined && now < this.#leaseUntil - (leaseTtlMs * 2) / 3) {
      return 'kept';
    }
    const kept = (await this.#lease?.renew()) ?? false;
    if (!kept) {
      this.#lease = await acquireLease(connection, 'outbox-relay', { ttlMs: leaseTtlMs });
    }
    this.#leaseUntil = now + leaseTtlMs;
    if (this.#lease === undefined) {
      return 'none';
    }
    return kept ? 'kept' : 'new';
  }
}

const aboutEvent = (envelope: EventHead) => ({ eventId: envelope.id, type: envelope.type });
