import { randomUUID } from 'node:crypto';
import { connect, type Channel } from 'amqplib';
import { systemClock } from '@orrery/calendar';
import { defineEvent, eventType, type EventEnvelope } from '@orrery/contracts';
import { pino } from 'pino';
import { z } from 'zod';
import { ensureBroker } from '../../../scripts/rabbitmq/ensure-broker.mjs';
import { createEvent, newEvent } from '../src/create-event.ts';
import { encodeEvent } from '../src/encode-event.ts';
import { RabbitmqBus } from '../src/rabbitmq/rabbitmq-bus.ts';
import { planTopology } from '../src/topology.ts';

/**
 * Events per second of the RabbitMQ adapter against plain amqplib, both with confirms, a window of 256, prefetch 50 and
 * acknowledgement per message, on quorum queues of the same broker, in turns.
 */
const EVENTS = Number(process.env['BENCH_EVENTS'] ?? 8_000);
const ROUNDS = 5;
const WINDOW = 256;
const PREFETCH = 50;

const Measured = defineEvent({
  name: 'bench.measured',
  version: 1,
  producer: 'ingestion',
  consumers: ['insights'],
  summary: 'Something to carry',
  data: z.object({ text: z.string() }),
});

/** Events per second of the two halves. */
interface Rate {
  publish: number;
  consume: number;
  both: number;
}

interface Contender {
  publish(envelopes: readonly EventEnvelope[]): Promise<void>;
  /** Resolves when every event was consumed and acknowledged. */
  consume(count: number): Promise<void>;
  close(): Promise<void>;
}

async function openAdapter(url: string): Promise<Contender> {
  const topology = planTopology([Measured], { namespace: `bench_${randomUUID().slice(0, 8)}` });
  const bus = new RabbitmqBus({ url, topology, logger: pino({ level: 'silent' }), prefetch: PREFETCH });
  await bus.start();
  return {
    publish: (envelopes) => bus.publish(envelopes.map(encodeEvent)),
    async consume(count) {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      let seen = 0;
      await bus.consume('insights', [Measured], () => {
        seen += 1;
        if (seen === count) {
          resolve(undefined);
        }
        return Promise.resolve({ kind: 'done' });
      });
      await promise;
    },
    async close() {
      await bus.stop();
      await remove(
        url,
        topology.queues.map(({ name }) => name),
        topology.exchanges.map(({ name }) => name),
      );
    },
  };
}

async function openPlain(url: string): Promise<Contender> {
  const name = `bench-plain-${randomUUID().slice(0, 8)}`;
  const [publishing, consuming] = await Promise.all([connect(url), connect(url)]);
  const channel = await publishing.createConfirmChannel();
  const consumer: Channel = await consuming.createChannel();
  await channel.assertExchange(name, 'topic', { durable: true });
  await channel.assertQueue(name, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
  await channel.bindQueue(name, name, '#');
  return {
    async publish(envelopes) {
      const done = Promise.withResolvers<undefined>();
      let [next, confirmed] = [0, 0];
      const sendMore = () => {
        for (; next < envelopes.length && next - confirmed < WINDOW; next += 1) {
          const body = Buffer.from(JSON.stringify(envelopes[next]));
          channel.publish(name, eventType(Measured), body, { persistent: true, mandatory: true }, () => {
            confirmed += 1;
            if (confirmed === envelopes.length) {
              done.resolve(undefined);
            }
            sendMore();
          });
        }
      };
      sendMore();
      await done.promise;
    },
    async consume(count) {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      let seen = 0;
      await consumer.prefetch(PREFETCH);
      await consumer.consume(name, (message) => {
        if (message !== null) {
          consumer.ack(message);
          seen += 1;
        }
        if (seen === count) {
          resolve(undefined);
        }
      });
      await promise;
    },
    async close() {
      await Promise.all([publishing.close(), consuming.close()]);
      await remove(url, [name], [name]);
    },
  };
}

async function remove(url: string, queues: readonly string[], exchanges: readonly string[]): Promise<void> {
  const model = await connect(url);
  const channel = await model.createChannel();
  await Promise.all(queues.map((queue) => channel.deleteQueue(queue)));
  await Promise.all(exchanges.map((exchange) => channel.deleteExchange(exchange)));
  await model.close();
}

async function measure(open: (url: string) => Promise<Contender>, url: string): Promise<Rate> {
  const envelopes = Array.from({ length: EVENTS }, () =>
    createEvent(newEvent(Measured, 'user-1', { text: 'x'.repeat(400) }), 'ingestion', systemClock),
  );
  const contender = await open(url);
  const startedAt = performance.now();
  await contender.publish(envelopes);
  const publishedAt = performance.now();
  await contender.consume(EVENTS);
  const consumedAt = performance.now();
  await contender.close();
  const perSecond = (from: number, to: number) => (EVENTS / (to - from)) * 1_000;
  return {
    publish: perSecond(startedAt, publishedAt),
    consume: perSecond(publishedAt, consumedAt),
    both: perSecond(startedAt, consumedAt),
  };
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

const broker = await ensureBroker();
if ('skipped' in broker) {
  console.log(`messaging: skipped, ${broker.skipped}`);
} else {
  const rates: { adapter: Rate; plain: Rate }[] = [];
  await measure(openPlain, broker.url);
  await measure(openAdapter, broker.url);
  for (let round = 0; round < ROUNDS; round += 1) {
    // The order alternates, so that neither always finds the disk warm.
    const first =
      round % 2 === 0 ? await measure(openPlain, broker.url) : await measure(openAdapter, broker.url);
    const second =
      round % 2 === 0 ? await measure(openAdapter, broker.url) : await measure(openPlain, broker.url);
    rates.push(round % 2 === 0 ? { plain: first, adapter: second } : { plain: second, adapter: first });
  }
  for (const half of ['publish', 'consume', 'both'] as const) {
    const [ours, plain] = [
      median(rates.map(({ adapter }) => adapter[half])),
      median(rates.map((rate) => rate.plain[half])),
    ];
    const ratio = median(rates.map((rate) => rate.adapter[half] / rate.plain[half]));
    const goal = half === 'both' ? ' goal=0.70' : '';
    console.log(
      `messaging ${half}: events/s=${ours.toFixed(0)} amqplib=${plain.toFixed(0)} ratio=${ratio.toFixed(2)}${goal}`,
    );
  }
  await broker.stop();
}
