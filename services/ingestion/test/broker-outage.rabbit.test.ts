import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EventEnvelope, TransactionsIngested } from '@orrery/contracts';
import { openBus, type EventBus } from '@orrery/messaging';
import { createLogger } from '@orrery/service-kit';
import { eventually } from '@orrery/testing';
import { startPrivateBroker } from '../../../scripts/rabbitmq/ensure-broker.mjs';
import { newUser, openBank, type Bank } from './open-bank.ts';
import { openProcesses } from './open-processes.ts';

// Ending a shared broker would end other suites, so this one starts its own. That needs the server's program here.
const broker = await startPrivateBroker({ install: false });

if ('skipped' in broker) {
  describe('reading a bank without a broker', () => {
    it.skip(`needs a broker of its own: ${broker.skipped}`, () => undefined);
  });
} else {
  describe('reading a bank without a broker', () => {
    let bank: Bank;
    let processes: Awaited<ReturnType<typeof openProcesses>>;
    let bus: EventBus;
    const heard: string[] = [];

    beforeAll(async () => {
      bank = await openBank();
      processes = await openProcesses(bank, 1, { RABBITMQ_URL: broker.url });
      await processes.replicas[0]?.start();
      bus = openBus({
        rabbitmqUrl: broker.url,
        namespace: processes.database.databaseName.replace(/_ingestion$/, ''),
        logger: createLogger('categorization', 'fatal'),
      });
      await bus.start();
      await bus.consume('categorization', [TransactionsIngested], (message) => {
        const { data } = EventEnvelope.parse(JSON.parse(message.body.toString('utf8')));
        heard.push(
          ...TransactionsIngested.data.parse(data).transactions.map(({ description }) => description),
        );
        return Promise.resolve({ kind: 'done' });
      });
    }, 120_000);

    afterAll(async () => {
      await bus.stop();
      await processes.close();
      await bank.close();
      await broker.stop();
    });

    it('stores the rows, keeps what is to be told, and tells it when the broker is back', async () => {
      const row = (description: string) => ({
        date_transacted: '2026-03-13',
        date_posted: '2026-03-14',
        amount: 5,
        description,
      });
      const itemId = await processes.linkCustom(newUser(), [row('BEFORE')]);
      await eventually(() => heard.includes('BEFORE'));
      const account = await processes.database.collection<{ _id: string }>('accounts').findOne({ itemId });

      await broker.kill9();
      await bank.control(`items/${itemId}/transactions`, {
        add: [{ account_id: account?._id, ...row('MEANWHILE') }],
      });
      await eventually(async () => (await processes.rows(itemId)).length === 2);
      const outbox = processes.database.collection('outbox');
      expect(await outbox.countDocuments({})).toBeGreaterThan(0);
      expect(heard).not.toContain('MEANWHILE');

      await broker.restart();
      await eventually(() => heard.includes('MEANWHILE'), Boolean, { timeoutMs: 90_000 });
      await eventually(async () => (await outbox.countDocuments({})) === 0, Boolean, { timeoutMs: 90_000 });
      expect(await processes.rows(itemId)).toHaveLength(2);
    }, 240_000);
  });
}
