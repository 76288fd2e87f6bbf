import { IllegalOperationError, type Channel, type ChannelModel, type ConsumeMessage } from 'amqplib';
import type { Logger } from 'pino';
import { MAX_TOGETHER, type Deliver, type DeliveryOutcome } from '../event-bus.ts';
import { backOffMs, decideRetry, isLastAttempt } from '../retry-policy.ts';
import type { ConsumerQueue } from '../topology.ts';
import type { OutgoingMessage } from './confirmed-publisher.ts';
import { takeFurther, takeNext } from '../take-next.ts';
import { attemptOf, messageIdOf, parkingProperties, retryProperties, subjectOf } from './message-headers.ts';

export interface QueueConsumerOptions {
  queue: ConsumerQueue;
  deliver: Deliver;
  retryDelaysMs: readonly number[];
  /** Messages the broker may send ahead. */
  prefetch: number;
  /** Messages at work at the same time. */
  concurrency: number;
  logger: Logger;
  /** Publishes copies for a later attempt or for parking, with confirmation. */
  publishCopy(message: OutgoingMessage): Promise<void>;
}

const FAILED_OUTSIDE: DeliveryOutcome = { kind: 'retry', reason: 'delivery-failed' };
const MOVE_BACK_OFF = { firstMs: 100, maxMs: 5_000 };

/** Consumes one queue on a channel of its own, so that an error on it stops no other queue. */
export class QueueConsumer {
  readonly #options: QueueConsumerOptions;
  #channel: Channel | undefined;
  #consumerTag: string | undefined;
  #waiting: ConsumeMessage[] = [];
  readonly #atWork = new Set<Promise<void>>();
  readonly #subjectsAtWork = new Set<string>();
  #stopping = false;

  /** @param options the queue and what to do with its messages */
  constructor(options: QueueConsumerOptions) {
    this.#options = options;
  }

  /** Whether deliveries can arrive. */
  get isOpen(): boolean {
    return this.#consumerTag !== undefined;
  }

  /**
   * Starts to consume on a connection; called again after each reconnection.
   * @param model the connection
   * @param onLost called when the channel closes although nobody asked for it
   */
  async open(model: ChannelModel, onLost: () => void): Promise<void> {
    const { logger, prefetch, queue } = this.#options;
    const channel = await model.createChannel();
    channel.on('error', (error) => {
      logger.warn({ err: error, queue: queue.name }, 'the broker closed a consumer channel');
    });
    channel.on('close', () => {
      if (this.#channel === channel) {
        this.#forgetChannel();
        onLost();
      }
    });
    this.#channel = channel;
    this.#waiting = [];
    await channel.prefetch(prefetch);
    const { consumerTag } = await channel.consume(queue.name, (message) => {
      this.#receive(channel, message);
    });
    this.#consumerTag = consumerTag;
  }

  /** Takes no further delivery and waits for those at work; the rest goes back to the queue. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const channel = this.#channel;
    if (channel !== undefined && this.#consumerTag !== undefined) {
      await channel.cancel(this.#consumerTag).catch(() => undefined);
    }
    this.#waiting = [];
    await Promise.all(this.#atWork);
    this.#forgetChannel();
    await channel?.close().catch(() => undefined);
  }

  #forgetChannel(): void {
    this.#channel = undefined;
    this.#consumerTag = undefined;
    this.#waiting = [];
  }

  #receive(channel: Channel, message: ConsumeMessage | null): void {
    if (this.#stopping || this.#channel !== channel) {
      return;
    }
    if (message === null) {
      // The queue was deleted or its leader moved; a closed channel leads to a fresh start.
      channel.close().catch(() => undefined);
      return;
    }
    this.#waiting.push(message);
    this.#beginWaiting(channel);
  }

  #beginWaiting(channel: Channel): void {
    while (!this.#stopping && this.#channel === channel && this.#atWork.size < this.#options.concurrency) {
      const next = takeNext(this.#waiting, subjectOf, this.#subjectsAtWork);
      if (next === undefined) {
        return;
      }
      this.#begin(channel, [next, ...this.#takeFurther(next)]);
    }
  }

  /** Waiting messages of the same user that may be worked with one. */
  #takeFurther(next: ConsumeMessage): ConsumeMessage[] {
    // One that came before may be what stopped a process, and must not use up the deliveries of its neighbours.
    const isFirstDelivery = (message: ConsumeMessage): boolean =>
      attemptOf(message) === 1 && !message.fields.redelivered;
    const most = this.#options.deliver.together !== undefined && isFirstDelivery(next) ? MAX_TOGETHER - 1 : 0;
    return takeFurther(this.#waiting, subjectOf(next), subjectOf, isFirstDelivery, most);
  }

  #begin(channel: Channel, messages: readonly ConsumeMessage[]): void {
    const subject = messages[0] === undefined ? undefined : subjectOf(messages[0]);
    if (subject !== undefined) {
      this.#subjectsAtWork.add(subject);
    }
    const work = this.#work(channel, messages).finally(() => {
      this.#atWork.delete(work);
      if (subject !== undefined) {
        this.#subjectsAtWork.delete(subject);
      }
      this.#beginWaiting(channel);
    });
    this.#atWork.add(work);
  }

  async #work(channel: Channel, messages: readonly ConsumeMessage[]): Promise<void> {
    const outcomes = await this.#deliver(messages);
    for (const [index, message] of messages.entries()) {
      const outcome = outcomes[index] ?? FAILED_OUTSIDE;
      if (outcome.kind === 'done' || (await this.#move(channel, message, outcome))) {
        this.#acknowledge(channel, message);
      }
    }
  }

  async #deliver(messages: readonly ConsumeMessage[]): Promise<DeliveryOutcome[]> {
    const { deliver, logger, queue, retryDelaysMs } = this.#options;
    const delivered = messages.map((message) => {
      const attempt = attemptOf(message);
      return {
        consumer: queue.consumer,
        routingKey: queue.type,
        body: message.content,
        attempt,
        lastAttempt: isLastAttempt(attempt, retryDelaysMs),
      };
    });
    try {
      const [only] = delivered;
      return only !== undefined && delivered.length === 1
        ? [await deliver(only)]
        : ((await deliver.together?.(delivered)) ?? []);
    } catch (error) {
      logger.error({ err: error, queue: queue.name }, 'delivery failed outside of the handler');
      return [];
    }
  }

  /**
   * Stores a copy where it waits or stays, before the original is acknowledged. Keeps trying while the channel that holds
   * the original lives: returning it to the queue would only bring it back at once.
   */
  async #move(
    channel: Channel,
    message: ConsumeMessage,
    outcome: Exclude<DeliveryOutcome, { kind: 'done' }>,
  ): Promise<boolean> {
    const copy = this.#copyFor(message, outcome);
    for (let failures = 1; this.#channel === channel; failures += 1) {
      try {
        await this.#options.publishCopy(copy);
        return true;
      } catch (error) {
        const { logger, queue } = this.#options;
        logger.warn(
          { err: error, queue: queue.name, target: copy.routingKey },
          'a failed event could not be moved yet',
        );
        if (this.#stopping) {
          return false;
        }
        await pause(backOffMs(failures, MOVE_BACK_OFF));
      }
    }
    return false;
  }

  #copyFor(message: ConsumeMessage, outcome: Exclude<DeliveryOutcome, { kind: 'done' }>): OutgoingMessage {
    const { queue, retryDelaysMs } = this.#options;
    const base = { id: messageIdOf(message), exchange: '', body: message.content };
    const decision =
      outcome.kind === 'retry'
        ? decideRetry(attemptOf(message), retryDelaysMs, { endless: outcome.outage })
        : { kind: 'park' as const };
    const retry = decision.kind === 'retry' ? queue.retries[decision.step] : undefined;
    if (retry !== undefined) {
      return { ...base, routingKey: retry.name, options: retryProperties(message) };
    }
    const reason = outcome.kind === 'retry' ? `exhausted: ${outcome.reason}` : outcome.reason;
    return { ...base, routingKey: queue.parking, options: parkingProperties(message, reason, new Date()) };
  }

  #acknowledge(channel: Channel, message: ConsumeMessage): void {
    try {
      channel.ack(message);
    } catch (error) {
      // The channel went while the handler worked: the message comes again and the inbox knows it.
      if (!(error instanceof IllegalOperationError)) {
        throw error;
      }
    }
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}
