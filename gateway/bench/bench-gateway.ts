import { listen, loadConfig, serviceTokenKeys } from '@orrery/service-kit';
import { pino } from 'pino';
import { gatewayConfig } from '../src/config.ts';
import { createGateway } from '../src/create-gateway.ts';

/** The gateway with everything on, in front of one service. */
const [, , upstream = '', secret = '', fastPath = 'on'] = process.argv;
const edge = createGateway({
  config: loadConfig(
    gatewayConfig,
    {
      APP_ENV: 'bench',
      JWT_SECRET: secret,
      GATEWAY_FAST_PATH: fastPath,
      RATE_LIMIT_USER: '100000000',
      ALLOWED_HOST_ORIGINS: 'https://app.test',
    },
    'gateway',
  ),
  version: '0',
  logger: pino({ level: 'info' }, pino.destination({ dest: '/dev/null', sync: false, minLength: 4_096 })),
  addressOf: () => upstream,
  keys: serviceTokenKeys('a-service-token-secret-only-for-the-benchmark'),
  askStanding: (userId) =>
    Promise.resolve({ userId, mayEnter: true, reason: 'active', tokensValidFrom: null, revokedTokenIds: [] }),
});
const server = await listen(edge.listener, { host: '127.0.0.1', port: 0 }, edge.onUpgrade);
process.stdout.write(`port ${new URL(server.url).port}\n`);
