import type { ConfirmChannel, Message, Options } from 'amqplib';
import { PublishError, UnroutableError, BusUnavailableError } from '../publish-error.ts';

/** One message to publish. */
export interface OutgoingMessage {
  /** Named in the error when the message was not stored. */
  id: string;
  exchange: string;
  routingKey: string;
  body: Buffer;
  options: Options.Publish;
}

/** Messages that were asked for in one call. */
interface Batch {
  waiting: number;
  unroutableIds: string[];
  unconfirmedIds: string[];
  finish(): void;
}

interface InFlight {
  batch: Batch;
  id: string;
  sentAt: number;
  returned: boolean;
}

export interface PublisherLimits {
  /** Most messages without confirmation. */
  window: number;
  /** How long one confirmation may take, in milliseconds. */
  timeoutMs: number;
}

/**
 * Publishes on one confirm channel. A message counts as stored when the broker confirmed it and did not return it
 * (the broker also confirms what it returned). Nothing is buffered here beyond the window: when the channel goes, every
 * message without a confirmation is reported, and whoever holds the original publishes it again.
 */
export class ConfirmedPublisher {
  readonly #channel: ConfirmChannel;
  readonly #limits: PublisherLimits;
  /** In the order of sending, so the first entry is the oldest. */
  readonly #inFlight = new Map<number, InFlight>();
  readonly #waiters: (() => void)[] = [];
  readonly #watch: NodeJS.Timeout;
  #sequence = 0;
  #writable = true;
  #open = true;

  /**
   * @param channel a fresh confirm channel that nobody else publishes on
   * @param limits window and time-out
   */
  constructor(channel: ConfirmChannel, limits: PublisherLimits) {
    this.#channel = channel;
    this.#limits = limits;
    channel.on('return', (message) => {
      this.#markReturned(message);
    });
    channel.on('drain', () => {
      this.#writable = true;
      this.#wakeWaiters();
    });
    channel.on('close', () => {
      this.#close();
    });
    this.#watch = setInterval(
      () => {
        this.#expire();
      },
      Math.max(10, limits.timeoutMs / 10),
    );
    this.#watch.unref();
  }

  /** Whether the channel takes messages. */
  get isOpen(): boolean {
    return this.#open;
  }

  /**
   * Publishes messages in order and waits until each is stored.
   * @param messages what to send
   * @throws UnroutableError when the broker returned any
   * @throws PublishError when any was not confirmed in time or before the channel closed
   */
  async publish(messages: readonly OutgoingMessage[]): Promise<void> {
    if (!this.#open) {
      throw new BusUnavailableError(
        'the channel is closed',
        messages.map(({ id }) => id),
      );
    }
    const { promise, resolve } = Promise.withResolvers<undefined>();
    // The extra one keeps the batch open until all of its messages were sent.
    const batch: Batch = {
      waiting: messages.length + 1,
      unroutableIds: [],
      unconfirmedIds: [],
      finish() {
        resolve(undefined);
      },
    };
    for (const message of messages) {
      if (this.#mustWait()) {
        await this.#untilWritable();
      }
      this.#send(message, batch);
    }
    settleOne(batch);
    await promise;
    if (batch.unroutableIds.length > 0) {
      throw new UnroutableError(batch);
    }
    if (batch.unconfirmedIds.length > 0) {
      const count = String(batch.unconfirmedIds.length);
      throw new PublishError(`The broker did not confirm ${count} of the published events`, batch);
    }
  }

  #mustWait(): boolean {
    return this.#open && (!this.#writable || this.#inFlight.size >= this.#limits.window);
  }

  async #untilWritable(): Promise<void> {
    while (this.#mustWait()) {
      await new Promise<void>((resolve) => {
        this.#waiters.push(resolve);
      });
    }
  }

  #send(message: OutgoingMessage, batch: Batch): void {
    if (!this.#open) {
      batch.unconfirmedIds.push(message.id);
      settleOne(batch);
      return;
    }
    this.#sequence += 1;
    const sequence = this.#sequence;
    this.#inFlight.set(sequence, { batch, id: message.id, sentAt: performance.now(), returned: false });
    this.#writable = this.#channel.publish(
      message.exchange,
      message.routingKey,
      message.body,
      message.options,
      (error: unknown) => {
        this.#settle(sequence, error === null || error === undefined);
      },
    );
  }

  #settle(sequence: number, confirmed: boolean): void {
    const entry = this.#inFlight.get(sequence);
    if (entry === undefined) {
      return;
    }
    this.#inFlight.delete(sequence);
    if (!confirmed) {
      entry.batch.unconfirmedIds.push(entry.id);
    } else if (entry.returned) {
      entry.batch.unroutableIds.push(entry.id);
    }
    settleOne(entry.batch);
    this.#wakeWaiters();
  }

  /** The broker sends a return before the confirmation of the same message. */
  #markReturned(message: Message): void {
    const { messageId } = message.properties;
    for (const entry of this.#inFlight.values()) {
      if (entry.id === messageId) {
        entry.returned = true;
      }
    }
  }

  #expire(): void {
    const oldestAllowed = performance.now() - this.#limits.timeoutMs;
    for (const [sequence, entry] of this.#inFlight) {
      if (entry.sentAt > oldestAllowed) {
        return;
      }
      this.#settle(sequence, false);
    }
  }

  #close(): void {
    this.#open = false;
    clearInterval(this.#watch);
    for (const sequence of [...this.#inFlight.keys()]) {
      this.#settle(sequence, false);
    }
    this.#wakeWaiters();
  }

  #wakeWaiters(): void {
    for (const wake of this.#waiters.splice(0)) {
      wake();
    }
  }
}

function settleOne(batch: Batch): void {
  batch.waiting -= 1;
  if (batch.waiting === 0) {
    batch.finish();
  }
}
