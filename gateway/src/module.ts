import { readUserStanding } from '@orrery/contracts';
import { type Runtime, defineService, serviceIdentity } from '@orrery/service-kit';
import { Counter, Histogram, type Registry } from 'prom-client';
import { type GatewayConfig, gatewayConfig } from './config.ts';
import { type Gateway, type GatewayParts, createGateway } from './create-gateway.ts';
import { mongoCounts } from './limits/mongo-counts.ts';
import { ROUTES } from './routing/route-table.ts';

const VERSION = '0.1.0';
const STANDING_TIMEOUT_MS = 2_000;

function standingQuestion(
  client: Runtime<GatewayConfig>['client'],
): NonNullable<GatewayParts['askStanding']> {
  const identity = client('identity');
  return async (userId, issuer) => {
    const reply = await identity.call(
      readUserStanding,
      { params: { userId }, query: { issuer } },
      { identity: serviceIdentity('gateway'), timeoutMs: STANDING_TIMEOUT_MS },
    );
    return reply.body;
  };
}

function observation(registry: Registry): NonNullable<GatewayParts['observe']> {
  const requests = new Counter({
    name: 'gateway_requests_total',
    help: 'Requests at the edge by service, method and status',
    labelNames: ['service', 'method', 'status'],
    registers: [registry],
  });
  const seconds = new Histogram({
    name: 'gateway_request_seconds',
    help: 'Time from the first byte of a request to the end of its answer',
    labelNames: ['service'],
    buckets: [0.005, 0.02, 0.05, 0.1, 0.3, 1, 3, 10, 30],
    registers: [registry],
  });
  return ({ service, method, status, seconds: taken }) => {
    requests.inc({ service, method, status });
    seconds.observe({ service }, taken);
  };
}

/** The public edge. */
export const gateway = defineService({
  name: 'gateway',
  version: VERSION,
  config: gatewayConfig,
  calls: [...new Set(ROUTES.map(({ service }) => service))],
  async create({ config, logger, addressOf, serviceTokenKeys, mongo, metrics, client }) {
    const edge: Gateway = createGateway({
      config,
      version: VERSION,
      logger,
      addressOf,
      keys: serviceTokenKeys,
      sharedCounts: await mongoCounts(mongo),
      askStanding: standingQuestion(client),
      observe: observation(metrics),
    });
    return {
      listener: () => edge.listener,
      onUpgrade: edge.onUpgrade,
      drain: edge.drain,
      stop: edge.stop,
    };
  },
});
