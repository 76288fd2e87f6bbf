import type { Job, MountedRoute, Runtime } from '@orrery/service-kit';
import { createPlaidClient } from './clients/plaid-client.ts';
import { createWebhookVerifier } from './clients/webhook-verifier.ts';
import type { IngestionConfig } from './config.ts';
import { askedOfBanks } from './http/accounts.ts';
import { banksOff } from './http/banks-off.ts';
import { accountRoutes } from './http/compat/cash-sense/account-routes.ts';
import { linkRoutes } from './http/compat/cash-sense/link-routes.ts';
import { itemRoutes } from './http/items.ts';
import { plaidWebhook } from './http/plaid-webhook.ts';
import { resolveBankLink } from './http/resolve-bank-link.ts';
import { transferRoutes } from './http/transfers.ts';
import { plaidSettings } from './plaid-settings.ts';
import type { PlaidSettings } from './plaid-settings.ts';
import type { AccountStore } from './store/account-store.ts';
import { createEndingStore } from './store/ending-store.ts';
import { createItemStore } from './store/item-store.ts';
import type { RawTransactionStore } from './store/raw-transaction-store.ts';
import { createSyncSpools } from './store/sync-spool.ts';
import { createTransferStore } from './store/transfer-store.ts';
import { createWebhookStore } from './store/webhook-store.ts';
import { createBankMetrics } from './use-cases/bank-metrics.ts';
import { createBankTokens } from './use-cases/bank-tokens.ts';
import { createBankWorker } from './use-cases/bank-worker.ts';
import { createEndLink } from './use-cases/end-link.ts';
import { createLinkBank } from './use-cases/link-bank.ts';
import { createSaveAccounts } from './use-cases/save-accounts.ts';
import { createMoveMoney } from './use-cases/move-money.ts';
import type { StoreChanges } from './use-cases/store-changes.ts';
import { createSyncItem } from './use-cases/sync-item.ts';
import { createWorkWebhooks } from './use-cases/work-webhooks.ts';

const HOUR_MS = 60 * 60 * 1000;
const RESTART_PAUSE_MS = 100;

/** The part of the service that deals with linked banks. */
export interface Banks {
  routes: MountedRoute[];
  jobs: Job[];
  /** Takes sealed tokens of an erased user over, so that the links are ended at the provider. */
  endAllOf(userId: string): Promise<void>;
  /** Lets go of the banks that are being read, so that another process takes them up at once. */
  drain(): Promise<void>;
  stop(): Promise<void>;
}

interface BanksParts {
  runtime: Runtime<IngestionConfig>;
  accounts: AccountStore;
  transactions: RawTransactionStore;
  storeChanges: StoreChanges;
}

// Where nothing listens: routes are declared on every installation, so that its documents are the same.
const NOWHERE: PlaidSettings = {
  mode: 'sand',
  clientId: '',
  secret: '',
  baseUrl: 'https://plaid.invalid',
  keys: { activeId: '', keys: new Map() },
};

/**
 * Wires everything about linked banks, and begins to read those that are due. Without a provider in the settings the
 * routes answer that banks are off, and nothing runs.
 * @param parts runtime and stores of the service
 */
export const openBanks = async (parts: BanksParts): Promise<Banks> => {
  const { accounts, transactions, storeChanges, runtime } = parts;
  const { config, mongo, logger, inTransaction, recordEvents } = runtime;
  const settings = plaidSettings(config);
  const items = createItemStore(mongo);
  const endings = createEndingStore(mongo);
  const receipts = createWebhookStore(mongo);
  const spools = createSyncSpools(mongo, config.BANK_SPOOL_UPDATES);
  const transfers = createTransferStore(mongo);
  await Promise.all([
    items.prepare(),
    endings.prepare(),
    receipts.prepare(),
    spools.prepare(),
    transfers.prepare(),
  ]);

  const { keys, mode } = settings ?? NOWHERE;
  const metrics = createBankMetrics(runtime.metrics);
  const plaid = createPlaidClient(settings ?? NOWHERE, {
    timeoutMs: config.PLAID_TIMEOUT_MS,
    pageSize: config.PLAID_PAGE_SIZE,
    logger,
  });
  const tokens = createBankTokens(items, keys);
  const saveAccounts = createSaveAccounts({ accounts, recordEvents });
  const common = {
    saveAccounts,
    items,
    accounts,
    transactions,
    endings,
    tokens,
    plaid,
    storeChanges,
    inTransaction,
    recordEvents,
    logger,
    metrics,
  };
  const syncItem = createSyncItem({
    ...common,
    spools,
    sweepMs: config.PLAID_SYNC_HOURS * HOUR_MS,
    restartPauseMs: RESTART_PAUSE_MS,
  });
  const endLink = createEndLink(common);
  const nudge = (): void => {
    worker.nudge();
  };
  const linkBank = createLinkBank({ ...common, syncItem, nudge, webhookUrl: config.PLAID_WEBHOOK_URL });
  const moveMoney = createMoveMoney({
    transfers,
    accounts,
    items,
    linkBank,
    plaid,
    isAllowed: config.PLAID_TRANSFERS === 'on' || (config.PLAID_TRANSFERS === 'sandbox' && mode === 'sand'),
  });
  const worker = createBankWorker({
    items,
    syncItem,
    chores: [
      createWorkWebhooks({
        receipts,
        items,
        syncItem,
        endLink,
        refreshAccounts: linkBank.refreshAccounts,
        refreshTransfers: moveMoney.refreshOpen,
        logger,
      }),
      endLink.endAtProvider,
    ],
    logger,
    metrics,
    pollMs: config.BANK_POLL_MS,
    leaseMs: config.BANK_LEASE_MS,
  });
  const verifier = createWebhookVerifier((keyId) => plaid.webhookKey(keyId));
  const routes = [
    ...linkRoutes(linkBank, mode),
    ...accountRoutes(linkBank),
    ...askedOfBanks(linkBank),
    ...itemRoutes({ items, transactions, endLink, nudge }),
    plaidWebhook({ verifier, receipts, items, mode, metrics, logger, nudge }),
    resolveBankLink(linkBank),
    ...transferRoutes({ moveMoney, transfers }),
  ];
  if (settings === undefined) {
    return {
      routes: banksOff(routes),
      jobs: [],
      endAllOf: () => Promise.resolve(),
      drain: () => Promise.resolve(),
      stop: () => Promise.resolve(plaid.close()),
    };
  }

  if (mode === 'dev') {
    logger.warn(
      { baseUrl: settings.baseUrl },
      'PLAID_ENV_MODE=dev: Plaid has retired its development environment; the address of PLAID_ENV_dev is used',
    );
  }
  worker.start();
  const stopping = new AbortController();
  const atStart = Promise.allSettled([
    tokens.resealAll(stopping.signal),
    linkBank.moveWebhooks(stopping.signal),
  ]).then((outcomes) => {
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected' && !stopping.signal.aborted) {
        // The jobs of the same work try again.
        logger.warn({ err: outcome.reason as unknown }, 'a chore of the start has to wait for its job');
      }
    }
  });
  return {
    routes,
    jobs: [
      {
        name: 'reseal-bank-tokens',
        cron: '17 3 * * *',
        run: async ({ signal }) => ({ resealed: await tokens.resealAll(signal) }),
      },
      {
        name: 'move-bank-webhooks',
        cron: '*/10 * * * *',
        run: async ({ signal }) => ({ moved: await linkBank.moveWebhooks(signal) }),
      },
    ],
    async endAllOf(userId) {
      for (const { _id } of await items.list(userId)) {
        const token = await items.token(userId, _id);
        if (token !== null) {
          await endings.add(_id, token);
        }
      }
    },
    drain: () => worker.stop(),
    async stop() {
      stopping.abort();
      await Promise.all([worker.stop(), atStart]);
      plaid.close();
    },
  };
};
