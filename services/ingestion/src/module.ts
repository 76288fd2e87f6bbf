import { defineService, openUserData } from '@orrery/service-kit';
import { IngestionConfig } from './config.ts';
import { HOLDINGS } from './holdings.ts';
import { createImport } from './http/create-import.ts';
import { getImport } from './http/get-import.ts';
import { listImports } from './http/list-imports.ts';
import { createAccountStore } from './store/account-store.ts';
import { createImportStore } from './store/import-store.ts';
import { createRawTransactionStore } from './store/raw-transaction-store.ts';
import { createImportFile } from './use-cases/import-file.ts';
import { createStoreBatch } from './use-cases/store-batch.ts';

/** Raw transactions of users, from bank files for now. */
export const ingestion = defineService({
  name: 'ingestion',
  config: IngestionConfig,
  async create({ config, mongo, clock, logger, inTransaction, recordEvents }) {
    const imports = createImportStore(mongo);
    const transactions = createRawTransactionStore(mongo);
    const accounts = createAccountStore(mongo);
    await Promise.all([imports.prepare(), transactions.prepare(), accounts.prepare()]);

    const userData = await openUserData({ service: 'ingestion', mongo, holdings: HOLDINGS });
    const storeBatch = createStoreBatch({ imports, transactions, accounts, inTransaction, recordEvents });
    const importFile = createImportFile({
      imports,
      transactions,
      accounts,
      storeBatch,
      clock,
      logger,
      defaultCurrency: config.DEFAULT_CURRENCY,
      waitMs: config.IMPORT_WAIT_MS,
      leaseMs: config.IMPORT_LEASE_MS,
    });

    const resume = (): void => {
      importFile.resumeAbandoned().catch((error: unknown) => {
        logger.warn({ err: error }, 'abandoned imports could not be looked for');
      });
    };
    // Three looks per lease find an abandoned import soon after its claim has run out.
    const timer = setInterval(resume, Math.ceil(config.IMPORT_LEASE_MS / 3));
    timer.unref();
    resume();

    return {
      routes: [createImport(importFile), listImports(imports), getImport(imports), userData.route],
      subscriptions: [userData.onErasureRequested],
      async drain() {
        clearInterval(timer);
        await importFile.stop();
      },
      async stop() {
        clearInterval(timer);
        await importFile.stop();
      },
    };
  },
});
