import { defineService } from '@orrery/service-kit';
import { OperationsConfig } from './config.ts';
import { WATCHED, createConstellation } from './constellation.ts';
import { jobRoutes } from './http/jobs.ts';
import { monitorRoutes } from './http/monitor.ts';

/** What operators see and steer: services, queues, parked events and jobs. It keeps nothing of its own. */
export const operations = defineService({
  name: 'operations',
  config: OperationsConfig,
  calls: WATCHED,
  create({ client, serviceTokenKeys }) {
    const constellation = createConstellation(client);
    return Promise.resolve({
      routes: [
        ...jobRoutes(constellation),
        ...monitorRoutes({ constellation, keys: serviceTokenKeys, now: () => new Date() }),
      ],
    });
  },
});
