import { describe, expect, it } from '@jest/globals';
import { Mongoose } from 'mongoose';
import { pino } from 'pino';
import { InProcessBus } from './in-process/in-process-bus.ts';
import { openBus } from './open-bus.ts';
import { RabbitmqBus } from './rabbitmq/rabbitmq-bus.ts';

const logger = pino({ level: 'silent' });

describe('choosing a bus', () => {
  const connection = new Mongoose().createConnection();

  it('takes the broker when one is named, else the database, else refuses', () => {
    expect(openBus({ rabbitmqUrl: 'amqp://127.0.0.1', connection, logger })).toBeInstanceOf(RabbitmqBus);
    expect(openBus({ connection, logger })).toBeInstanceOf(InProcessBus);
    expect(openBus({ rabbitmqUrl: '', connection, logger })).toBeInstanceOf(InProcessBus);
    expect(() => openBus({ logger })).toThrow('RABBITMQ_URL');
  });

  it('gives a bus that is not ready, and refuses events, before it was started', async () => {
    const buses = [openBus({ rabbitmqUrl: 'amqp://127.0.0.1', logger }), openBus({ connection, logger })];

    expect(buses.map((bus) => bus.isReady())).toEqual([false, false]);
    await Promise.all(
      buses.map((bus) => expect(bus.publish([])).rejects.toMatchObject({ code: 'bus-unavailable' })),
    );
  });
});
