import { describe, expect, it } from '@jest/globals';
import { defineEvent, EVENTS } from '@orrery/contracts';
import { z } from 'zod';
import { consumerQueueOf, planTopology } from './topology.ts';

const Happened = defineEvent({
  name: 'thing.happened',
  version: 2,
  producer: 'ingestion',
  consumers: ['categorization', 'insights'],
  summary: 'A thing happened',
  data: z.object({}),
});

/** Arguments that some supported broker refuses, or that mean something else there; see docs/decisions/0005. */
const REFUSED_ARGUMENTS = [
  'x-queue-mode',
  'x-queue-version',
  'x-max-priority',
  'x-ha-policy',
  'x-queue-master-locator',
];
/** Arguments of quorum queues that RabbitMQ 3.10 knows; a 4.x broker knows them all as well. */
const KNOWN_ARGUMENTS = [
  'x-queue-type',
  'x-delivery-limit',
  'x-dead-letter-exchange',
  'x-dead-letter-routing-key',
  'x-dead-letter-strategy',
  'x-overflow',
  'x-message-ttl',
];

describe('topology', () => {
  it('gives each consumer of an event a queue, its pauses and its parking place', () => {
    const topology = planTopology([Happened]);

    expect(topology.consumerQueues).toEqual([
      expect.objectContaining({
        name: 'categorization.thing.happened.v2',
        type: 'thing.happened.v2',
        parking: 'categorization.thing.happened.v2.dead',
        retries: [
          { name: 'categorization.thing.happened.v2.retry.5s', delayMs: 5_000 },
          { name: 'categorization.thing.happened.v2.retry.1m', delayMs: 60_000 },
          { name: 'categorization.thing.happened.v2.retry.10m', delayMs: 600_000 },
        ],
      }),
      expect.objectContaining({ name: 'insights.thing.happened.v2' }),
    ]);
    expect(topology.bindings).toContainEqual({
      queue: 'insights.thing.happened.v2',
      exchange: 'orrery.events',
      routingKey: 'thing.happened.v2',
    });
  });

  it('sends expired retries to the queue of the consumer that failed, through the default exchange', () => {
    const { queues } = planTopology([Happened]);

    const retry = queues.find(({ name }) => name === 'insights.thing.happened.v2.retry.1m');

    expect(retry?.arguments).toMatchObject({
      'x-message-ttl': 60_000,
      'x-dead-letter-exchange': '',
      'x-dead-letter-routing-key': 'insights.thing.happened.v2',
    });
  });

  it.each(planTopology(EVENTS).queues)(
    'declares $name so that RabbitMQ 3.10 and 4 both accept it',
    (queue) => {
      const names = Object.keys(queue.arguments);

      expect(queue.durable).toBe(true);
      expect(queue.arguments['x-queue-type']).toBe('quorum');
      expect(names.filter((name) => REFUSED_ARGUMENTS.includes(name))).toEqual([]);
      expect(names.filter((name) => !KNOWN_ARGUMENTS.includes(name))).toEqual([]);
      // The broker accepts at-least-once dead lettering only together with reject-publish.
      expect(queue.arguments['x-dead-letter-strategy'] === 'at-least-once').toBe(
        queue.arguments['x-overflow'] === 'reject-publish',
      );
      // Without a limit of its own a 4.x broker drops messages after 20 returns where nothing takes dead letters.
      expect('x-delivery-limit' in queue.arguments || 'x-message-ttl' in queue.arguments).toBe(true);
    },
  );

  it('keeps names of two constellations apart', () => {
    const [one, other] = [planTopology([Happened], { namespace: 'blue' }), planTopology([Happened])];

    const namesOf = ({ exchanges, queues }: typeof one) => [...exchanges, ...queues].map(({ name }) => name);

    expect(namesOf(one).filter((name) => namesOf(other).includes(name))).toEqual([]);
  });

  it('refuses a consumer that the contract does not name', () => {
    expect(() => consumerQueueOf(planTopology([Happened]), 'gateway', 'thing.happened.v2')).toThrow(
      'do not name gateway',
    );
  });
});
