import { describe, it } from '@jest/globals';
import { busContract } from './bus-contract.ts';

const url = process.env['RABBITMQ_URL'];

if (url === undefined || url === '') {
  const reason = process.env['ORRERY_BROKER_SKIPPED'] ?? 'RABBITMQ_URL is not set';
  describe('the rabbitmq event bus', () => {
    it.skip(`needs a broker: ${reason}`, () => undefined);
  });
} else {
  busContract('rabbitmq', () => url);
}
