import { defineService, openUserData } from '@orrery/service-kit';
import { bankFacts } from './bank-facts.ts';
import { IngestionConfig } from './config.ts';
import { HOLDINGS } from './holdings.ts';
import { listAccounts } from './http/accounts.ts';
import { manualRoutes } from './http/compat/cash-sense/manual-routes.ts';
import { createImport } from './http/create-import.ts';
import { getImport } from './http/get-import.ts';
import { listImports } from './http/list-imports.ts';
import { matchRoutes } from './http/matches.ts';
import { openBanks } from './open-banks.ts';
import { openMainBackend } from './open-main-backend.ts';
import { createAccountStore } from './store/account-store.ts';
import { createImportStore } from './store/import-store.ts';
import { createRawTransactionStore } from './store/raw-transaction-store.ts';
import { createUserSettingsStore } from './store/user-settings-store.ts';
import { createAddTransaction } from './use-cases/add-transaction.ts';
import { createDemoMode } from './use-cases/demo-mode.ts';
import { createImportFile } from './use-cases/import-file.ts';
import { createMatches } from './use-cases/matches.ts';
import { createStoreBatch } from './use-cases/store-batch.ts';
import { createStoreChanges } from './use-cases/store-changes.ts';

/** Raw transactions of users, from every source. */
export const ingestion = defineService({
  name: 'ingestion',
  config: IngestionConfig,
  async create(runtime) {
    const { config, mongo, clock, logger, inTransaction, recordEvents } = runtime;
    const imports = createImportStore(mongo);
    const transactions = createRawTransactionStore(mongo);
    const accounts = createAccountStore(mongo);
    await Promise.all([imports.prepare(), transactions.prepare(), accounts.prepare()]);

    const storeChanges = createStoreChanges({ transactions, recordEvents });
    const writing = { transactions, accounts, storeChanges, inTransaction };
    const addTransaction = createAddTransaction(writing);
    const demoMode = createDemoMode({ ...writing, settings: createUserSettingsStore(mongo), clock });
    const banks = await openBanks({ runtime, accounts, transactions, storeChanges });
    const userData = await openUserData({
      service: 'ingestion',
      mongo,
      holdings: HOLDINGS,
      alsoErase: async (userId) => {
        await banks.endAllOf(userId);
        return {};
      },
    });
    const mainBackend = openMainBackend({
      runtime,
      accounts,
      transactions,
      storeChanges,
      erasedAt: userData.erasedAt,
    });
    const storeBatch = createStoreBatch({ imports, ...writing });
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
      routes: [
        createImport(importFile),
        listImports(imports),
        getImport(imports),
        listAccounts(accounts),
        ...manualRoutes({ addTransaction, demoMode, clock, defaultCurrency: config.DEFAULT_CURRENCY }),
        ...matchRoutes(createMatches(writing)),
        ...banks.routes,
        userData.route,
      ],
      subscriptions: [userData.onErasureRequested],
      jobs: [...banks.jobs, ...mainBackend.jobs],
      facts: () => bankFacts(mongo),
      async drain() {
        clearInterval(timer);
        await Promise.all([importFile.stop(), banks.drain()]);
      },
      async stop() {
        clearInterval(timer);
        await Promise.all([importFile.stop(), banks.stop(), mainBackend.stop()]);
      },
    };
  },
});
