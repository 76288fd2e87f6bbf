import { connect } from 'amqplib';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { planTopology } from '../src/topology.ts';
import { busContract } from './bus-contract.ts';
import { eventually } from './eventually.ts';
import { newBusPlace, openTestBus, topologyOf, removeBusPlace, type BusPlace } from './open-test-bus.ts';
import { note, NoteTaken, TEST_EVENTS, textOf } from './test-events.ts';

const url = process.env['RABBITMQ_URL'];

if (url === undefined || url === '') {
  const reason = process.env['ORRERY_BROKER_SKIPPED'] ?? 'RABBITMQ_URL is not set';
  describe('the rabbitmq event bus', () => {
    it.skip(`needs a broker: ${reason}`, () => undefined);
  });
} else {
  busContract('rabbitmq', () => url);

  describe('the rabbitmq event bus at a broker that people touch', () => {
    jest.setTimeout(60_000);
    let place: BusPlace;
    let opened: Awaited<ReturnType<typeof openTestBus>>;

    const withChannel = async <Result>(
      work: (
        channel: Awaited<ReturnType<Awaited<ReturnType<typeof connect>>['createConfirmChannel']>>,
      ) => Promise<Result>,
    ): Promise<Result> => {
      const model = await connect(url);
      const channel = await model.createConfirmChannel();
      const result = await work(channel);
      await model.close();
      return result;
    };
    const queueName = () =>
      planTopology(TEST_EVENTS, topologyOf(place)).consumerQueues.find(({ type }) => type === 'note.taken.v1')
        ?.name ?? '';

    afterEach(async () => {
      await opened.close();
      await removeBusPlace(place);
    });

    it('declares a deleted queue again and goes on', async () => {
      place = newBusPlace('rabbitmq', url);
      opened = await openTestBus(place);
      const seen: string[] = [];
      await opened.bus.consume('categorization', [NoteTaken], ({ body }) => {
        seen.push(textOf(body));
        return Promise.resolve({ kind: 'done' });
      });

      await withChannel((channel) => channel.deleteQueue(queueName()));
      await eventually(() => !opened.bus.isReady(), 'the loss is noticed');
      await eventually(() => opened.bus.isReady(), 'the queue is back');
      await opened.bus.publish([note(NoteTaken, 'after')]);

      await eventually(() => seen.includes('after'), 'it is consumed again');
    });

    it('lists and replays a message that is not JSON and has no id', async () => {
      place = newBusPlace('rabbitmq', url);
      opened = await openTestBus(place);
      const bodies: string[] = [];
      await opened.bus.consume('categorization', [NoteTaken], ({ body }) => {
        bodies.push(body.toString('utf8'));
        return Promise.resolve({ kind: 'dead', reason: 'malformed' });
      });
      await withChannel(async (channel) => {
        channel.sendToQueue(queueName(), Buffer.from('{oops'));
        await channel.waitForConfirms();
      });
      const letter = await eventually(async () => (await opened.bus.listDeadLetters())[0], 'it is parked');

      const replayed = await opened.bus.replayDeadLetters({ ids: [letter.id] });

      await eventually(() => bodies.length === 2, 'it comes again');
      expect(letter).toMatchObject({ reason: 'malformed', attempts: 1, envelope: '{oops' });
      expect(letter.id).toMatch(/^sha256-[0-9a-f]{32}$/);
      expect(replayed).toBe(1);
      expect(bodies).toEqual(['{oops', '{oops']);
    });

    it('shows a message that the broker parked because its consumers died with it', async () => {
      const deliveryLimit = 3;
      place = newBusPlace('rabbitmq', url, { deliveryLimit });
      opened = await openTestBus(place);
      const envelope = note(NoteTaken, 'killer');
      await opened.bus.publish([envelope]);

      // A return without acknowledgement counts like a death of the consumer.
      await withChannel(async (channel) => {
        for (let returns = 0; returns <= deliveryLimit; returns += 1) {
          const message = await eventually(async () => {
            const got = await channel.get(queueName());
            return got === false ? undefined : got;
          }, 'the message is there');
          channel.nack(message, false, true);
        }
      });

      const letter = await eventually(async () => (await opened.bus.listDeadLetters())[0], 'it is parked');
      expect(letter).toMatchObject({ id: envelope.id, reason: 'delivery-limit' });
      expect(Math.abs(Date.parse(letter.parkedAt) - Date.now())).toBeLessThan(60_000);
    });
  });
}
