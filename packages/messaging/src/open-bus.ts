import { EVENTS, type EventDefinition } from '@orrery/contracts';
import type { Connection } from 'mongoose';
import type { Logger } from 'pino';
import type { EventBus } from './event-bus.ts';
import { InProcessBus } from './in-process/in-process-bus.ts';
import { RabbitmqBus } from './rabbitmq/rabbitmq-bus.ts';
import { planTopology, type TopologySettings } from './topology.ts';

export interface OpenBusOptions extends TopologySettings {
  /** Address of a broker; it wins over `connection`. */
  rabbitmqUrl?: string | undefined;
  /** Database `orrery_bus`, for the bus without a broker. */
  connection?: Connection | undefined;
  logger: Logger;
  /** Default every event of the contracts. */
  events?: readonly EventDefinition[];
  /** Shown in the broker's list of connections. */
  connectionName?: string;
  /** Messages of one queue at work at the same time; default 8. */
  concurrency?: number;
}

/**
 * Chooses the adapter by what is there. A process has one bus, shared by its services; call `start` before use.
 * @param options address of a broker or database of the bus, and pace
 * @throws TypeError when neither a broker nor a database is given
 */
export function openBus(options: OpenBusOptions): EventBus {
  const { concurrency, connection, connectionName, events = EVENTS, logger, rabbitmqUrl } = options;
  const topology = planTopology(events, options);
  const pace = concurrency === undefined ? {} : { concurrency };
  if (rabbitmqUrl !== undefined && rabbitmqUrl !== '') {
    const name = connectionName === undefined ? {} : { connectionName };
    return new RabbitmqBus({ url: rabbitmqUrl, topology, logger, ...name, ...pace });
  }
  if (connection === undefined) {
    throw new TypeError('The event bus needs RABBITMQ_URL or a database of its own');
  }
  return new InProcessBus({ connection, topology, logger, ...pace });
}
