import {
  connect,
  type Channel,
  type ChannelModel,
  type GetMessage,
  type RecoveringChannelModel,
} from 'amqplib';
import { eventType, type EventDefinition, type ServiceName } from '@orrery/contracts';
import type { Logger } from 'pino';
import type { EncodedEvent } from '../encode-event.ts';
import type { DeadLetter, DeadLetterFilter, Deliver, EventBus, QueueDepth } from '../event-bus.ts';
import { BusUnavailableError } from '../publish-error.ts';
import { backOffMs } from '../retry-policy.ts';
import { consumerQueueOf, type ConsumerQueue, type Topology } from '../topology.ts';
import { ConfirmedPublisher, type OutgoingMessage } from './confirmed-publisher.ts';
import { declareTopology } from './declare-topology.ts';
import { eventProperties, messageIdOf, readParked, replayProperties, subjectOf } from './message-headers.ts';
import { QueueConsumer } from './queue-consumer.ts';

export interface RabbitmqBusOptions {
  /** `amqp://user:password@host:port/vhost`. */
  url: string;
  topology: Topology;
  logger: Logger;
  /** Name shown in the broker's list of connections. */
  connectionName?: string;
  /** Messages the broker may send ahead per queue; default 50. */
  prefetch?: number;
  /** Messages of one queue at work at the same time; default 8. */
  concurrency?: number;
  /** How long the broker may take to confirm a message, in milliseconds; default 5,000. */
  confirmTimeoutMs?: number;
  /** Connection attempts before `start` gives up; default 16, about a minute. */
  startAttempts?: number;
}

/** Measured in docs/decisions/0005: a window of 256 is some 25 times faster than waiting for each confirmation. */
const PUBLISH_WINDOW = 256;
const HEARTBEAT_SECONDS = '10';
const REOPEN_BACK_OFF = { firstMs: 100, maxMs: 5_000 };

/** The bus on a RabbitMQ broker. Reconnects by itself; while it cannot, publishing rejects and nothing is buffered. */
export class RabbitmqBus implements EventBus {
  readonly #options: RabbitmqBusOptions;
  readonly #topology: Topology;
  readonly #logger: Logger;
  readonly #consumers: QueueConsumer[] = [];
  #publishing: RecoveringChannelModel | undefined;
  #consuming: RecoveringChannelModel | undefined;
  #publishModel: ChannelModel | undefined;
  #consumeModel: ChannelModel | undefined;
  #publisher: ConfirmedPublisher | undefined;
  #blocked = false;
  #stopping = false;

  /** @param options address, topology and pace */
  constructor(options: RabbitmqBusOptions) {
    this.#options = options;
    this.#topology = options.topology;
    this.#logger = options.logger;
  }

  async start(): Promise<void> {
    const publishing = await this.#connect('publisher', (model) => this.#setUpPublisher(model));
    try {
      // A publisher that the broker blocks must not hold up acknowledgements, so consumers have their own connection.
      this.#consuming = await this.#connect('consumer', (model) => this.#setUpConsumers(model));
      this.#publishing = publishing;
    } catch (error) {
      await publishing.close();
      throw error;
    }
  }

  async publish(events: readonly EncodedEvent[]): Promise<void> {
    const messages = events.map(({ head, body }): OutgoingMessage => {
      const mandatory = !this.#topology.unheardTypes.has(head.type);
      return {
        id: head.id,
        exchange: this.#topology.eventsExchange,
        routingKey: head.type,
        body: Buffer.from(body),
        options: eventProperties(head, mandatory),
      };
    });
    await this.#send(messages);
  }

  async consume(
    consumer: ServiceName,
    definitions: readonly EventDefinition[],
    deliver: Deliver,
  ): Promise<void> {
    const { concurrency = 8, prefetch = 50 } = this.#options;
    const added = definitions.map(
      (definition) =>
        new QueueConsumer({
          queue: consumerQueueOf(this.#topology, consumer, eventType(definition)),
          deliver,
          retryDelaysMs: this.#topology.retryDelaysMs,
          prefetch,
          concurrency,
          logger: this.#logger,
          publishCopy: (message) => this.#send([message]),
        }),
    );
    const model = this.#consumeModel;
    this.#consumers.push(...added);
    if (model !== undefined) {
      await Promise.all(added.map((queueConsumer) => this.#openFirst(queueConsumer, model)));
    }
  }

  async stopConsuming(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#consumers.map((consumer) => consumer.stop()));
  }

  async listDeadLetters(filter: DeadLetterFilter = {}): Promise<DeadLetter[]> {
    const { limit = 100 } = filter;
    const letters: DeadLetter[] = [];
    for (const queue of this.#queuesOf(filter)) {
      await this.#readParking(queue, (message) => {
        const letter = readParked(message, queue);
        if (letters.length < limit && matchesIds(filter, letter.id)) {
          letters.push(letter);
        }
        return Promise.resolve(letters.length < limit ? 'keep' : 'stop');
      });
    }
    return letters;
  }

  async replayDeadLetters(filter: DeadLetterFilter): Promise<number> {
    const { limit = Number.POSITIVE_INFINITY } = filter;
    let replayed = 0;
    for (const queue of this.#queuesOf(filter)) {
      await this.#readParking(queue, async (message) => {
        if (replayed >= limit) {
          return 'stop';
        }
        const id = messageIdOf(message);
        if (!matchesIds(filter, id)) {
          return 'keep';
        }
        const options = replayProperties(message, new Date());
        await this.#send([{ id, exchange: '', routingKey: queue.name, body: message.content, options }]);
        replayed += 1;
        return 'remove';
      });
    }
    return replayed;
  }

  async forgetDeadLetters(consumer: ServiceName, subject: string): Promise<number> {
    let removed = 0;
    for (const queue of this.#queuesOf({ consumer })) {
      await this.#readParking(queue, (message) => {
        const isMeant = subjectOf(message) === subject;
        removed += isMeant ? 1 : 0;
        return Promise.resolve(isMeant ? 'remove' : 'keep');
      });
    }
    return removed;
  }

  async queueDepths(consumer: ServiceName): Promise<QueueDepth[]> {
    const model = this.#publishModel;
    if (model === undefined) {
      throw new BusUnavailableError('there is no connection to the broker', []);
    }
    const channel = await model.createChannel();
    channel.on('error', (error) => {
      this.#logger.warn({ err: error, consumer }, 'the broker closed the channel that counts messages');
    });
    const depths: QueueDepth[] = [];
    for (const { name, parking, retries, type } of this.#queuesOf({ consumer })) {
      let waiting = 0;
      for (const queue of [name, ...retries.map((retry) => retry.name)]) {
        waiting += (await channel.checkQueue(queue)).messageCount;
      }
      depths.push({ type, waiting, parked: (await channel.checkQueue(parking)).messageCount });
    }
    await channel.close();
    return depths;
  }

  isReady(): boolean {
    return (
      this.#publisher?.isOpen === true &&
      !this.#blocked &&
      this.#consumeModel !== undefined &&
      this.#consumers.every((consumer) => consumer.isOpen)
    );
  }

  async stop(): Promise<void> {
    await this.stopConsuming();
    this.#publishModel = undefined;
    this.#consumeModel = undefined;
    await Promise.all([this.#publishing?.close(), this.#consuming?.close()]);
  }

  async #connect(
    role: string,
    setup: (model: ChannelModel) => Promise<void>,
  ): Promise<RecoveringChannelModel> {
    const { connectionName = 'orrery', startAttempts = 16 } = this.#options;
    const url = new URL(this.#options.url);
    if (!url.searchParams.has('heartbeat')) {
      url.searchParams.set('heartbeat', HEARTBEAT_SECONDS);
    }
    const connection = await connect(url.href, {
      clientProperties: { connection_name: `${connectionName} ${role}` },
      recovery: {
        initialDelay: 200,
        // A broker that is back is found within two seconds, so that a service is ready again within five.
        maxDelay: 2_000,
        factor: 2,
        jitter: 0.2,
        initialMaxRetries: startAttempts,
        waitForConnect: false,
        setup,
      },
    });
    this.#reportConnection(connection, role);
    try {
      return await connection.waitForConnect();
    } catch (error) {
      await connection.close();
      throw new BusUnavailableError('the broker did not answer', [], { cause: error });
    }
  }

  #reportConnection(connection: RecoveringChannelModel, role: string): void {
    const warn = (sentence: string) => (error: unknown) => {
      this.#logger.warn({ err: error, role }, sentence);
    };
    connection.on('error', warn('the connection to the broker failed'));
    connection.on('disconnect', warn('the broker is gone; reconnecting'));
    connection.on('connect-failed', warn('the broker could not be reached'));
    connection.on('handler-error', warn('a listener of the broker connection threw'));
    connection.on('reconnect-failed', (error) => {
      this.#logger.error({ err: error, role }, 'no further attempt to reach the broker');
    });
    connection.on('connect', () => {
      this.#logger.info({ role }, 'connected to the broker');
    });
    connection.on('blocked', (reason) => {
      this.#blocked = role === 'publisher' || this.#blocked;
      this.#logger.warn({ role, reason }, 'the broker has blocked publishers');
    });
    connection.on('unblocked', () => {
      this.#blocked = role === 'publisher' ? false : this.#blocked;
    });
  }

  /**
   * A connection can be reset while it is set up. The recovering connection does not listen to it before the end of the
   * set-up, and an error that nobody listens to would end the process.
   */
  #listenDuringSetUp(model: ChannelModel): void {
    model.on('error', (error) => {
      this.#logger.debug({ err: error }, 'a connection to the broker failed');
    });
  }

  async #setUpPublisher(model: ChannelModel): Promise<void> {
    this.#listenDuringSetUp(model);
    const channel = await model.createConfirmChannel();
    channel.on('error', (error) => {
      this.#logger.warn({ err: error }, 'the broker closed the publishing channel');
    });
    await declareTopology(channel, this.#topology);
    const publisher = new ConfirmedPublisher(channel, {
      window: PUBLISH_WINDOW,
      timeoutMs: this.#options.confirmTimeoutMs ?? 5_000,
    });
    channel.on('close', () => {
      // A channel that ends alone would leave a live connection without a publisher; closing it brings both back.
      if (this.#publisher === publisher && this.#publishModel === model) {
        model.close().catch(() => undefined);
      }
    });
    this.#blocked = false;
    this.#publisher = publisher;
    this.#publishModel = model;
    model.on('close', () => {
      if (this.#publishModel === model) {
        this.#publishModel = undefined;
      }
    });
  }

  async #setUpConsumers(model: ChannelModel): Promise<void> {
    this.#listenDuringSetUp(model);
    model.on('close', () => {
      if (this.#consumeModel === model) {
        this.#consumeModel = undefined;
      }
    });
    if (this.#consumers.length > 0) {
      // After the loss of the broker either connection may be back first, and these queues must be there.
      await this.#declare(model);
    }
    this.#consumeModel = model;
    await Promise.all(this.#consumers.map((consumer) => this.#open(consumer, model)));
  }

  async #declare(model: ChannelModel): Promise<void> {
    const channel = await model.createChannel();
    channel.on('error', (error) => {
      this.#logger.warn({ err: error }, 'the broker refused a declaration');
    });
    await declareTopology(channel, this.#topology);
    await channel.close();
  }

  async #open(consumer: QueueConsumer, model: ChannelModel): Promise<void> {
    await consumer.open(model, () => {
      void this.#reopen(consumer, model);
    });
  }

  /** A connection that goes while a queue is opened is no reason to fail: the queue is opened again with the next one. */
  async #openFirst(consumer: QueueConsumer, model: ChannelModel): Promise<void> {
    try {
      await this.#open(consumer, model);
    } catch (error) {
      this.#logger.warn({ err: error }, 'a consumer channel could not be opened yet');
      void this.#reopen(consumer, model);
    }
  }

  /** Brings back one channel that ended while its connection lives on. */
  async #reopen(consumer: QueueConsumer, model: ChannelModel): Promise<void> {
    for (let failures = 1; !this.#stopping; failures += 1) {
      await new Promise((resolve) => {
        setTimeout(resolve, backOffMs(failures, REOPEN_BACK_OFF));
      });
      if (this.#stopping || this.#consumeModel !== model || consumer.isOpen) {
        return;
      }
      try {
        // The queue itself may have been deleted.
        await this.#declare(model);
        await this.#open(consumer, model);
        return;
      } catch (error) {
        this.#logger.warn({ err: error }, 'a consumer channel could not be opened yet');
      }
    }
  }

  async #send(messages: readonly OutgoingMessage[]): Promise<void> {
    const publisher = this.#publisher;
    const reason = this.#blocked
      ? 'the broker has blocked publishers'
      : 'there is no connection to the broker';
    if (publisher?.isOpen !== true || this.#blocked) {
      throw new BusUnavailableError(
        reason,
        messages.map(({ id }) => id),
      );
    }
    await publisher.publish(messages);
  }

  #queuesOf({ consumer, type }: DeadLetterFilter): ConsumerQueue[] {
    return this.#topology.consumerQueues.filter(
      (queue) =>
        (consumer === undefined || queue.consumer === consumer) &&
        (type === undefined || queue.type === type),
    );
  }

  /** Walks what is parked now; messages that were not removed go back in their order. */
  async #readParking(
    queue: ConsumerQueue,
    visit: (message: GetMessage) => Promise<'keep' | 'remove' | 'stop'>,
  ): Promise<void> {
    const model = this.#publishModel;
    if (model === undefined) {
      throw new BusUnavailableError('there is no connection to the broker', []);
    }
    const channel: Channel = await model.createChannel();
    let isOpen = true;
    channel.on('close', () => {
      isOpen = false;
    });
    channel.on('error', (error) => {
      this.#logger.warn(
        { err: error, queue: queue.parking },
        'the broker closed the channel that reads dead letters',
      );
    });
    try {
      const { messageCount } = await channel.checkQueue(queue.parking);
      for (let seen = 0; seen < messageCount; seen += 1) {
        const message = await channel.get(queue.parking);
        if (message === false) {
          break;
        }
        const verdict = await visit(message);
        if (verdict === 'remove') {
          channel.ack(message);
        }
        if (verdict === 'stop') {
          break;
        }
      }
    } finally {
      if (isOpen) {
        channel.nackAll(true);
        await channel.close();
      }
    }
  }
}

const matchesIds = ({ ids }: DeadLetterFilter, id: string): boolean => ids === undefined || ids.includes(id);
