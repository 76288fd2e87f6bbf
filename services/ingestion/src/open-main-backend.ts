import { mainBackendDatabaseName, moneyFeed, openMainBackendClient } from '@orrery/main-backend';
import type { Job, Runtime } from '@orrery/service-kit';
import type { IngestionConfig } from './config.ts';
import type { AccountStore } from './store/account-store.ts';
import type { RawTransactionStore } from './store/raw-transaction-store.ts';
import { createSourceMarkStore } from './store/source-mark-store.ts';
import { createFollowMainBackend } from './use-cases/follow-main-backend.ts';
import type { StoreChanges } from './use-cases/store-changes.ts';

/** Several writes of one moment are read together. */
const SETTLE_MS = 100;

/** The part of the service that follows the main back end's database. */
export interface MainBackend {
  jobs: Job[];
  stop(): Promise<void>;
}

interface MainBackendParts {
  runtime: Runtime<IngestionConfig>;
  accounts: AccountStore;
  transactions: RawTransactionStore;
  storeChanges: StoreChanges;
  erasedAt(userId: string): Promise<Date | null>;
}

const NOTHING: MainBackend = { jobs: [], stop: () => Promise.resolve() };

/**
 * Begins to follow incomes and expenses of the main back end: at once where its database offers change streams, and by
 * looking every now and then in any case. Without its address nothing is followed.
 * @param parts runtime and stores of the service
 */
export const openMainBackend = (parts: MainBackendParts): MainBackend => {
  const { runtime, accounts, transactions, storeChanges, erasedAt } = parts;
  const { config, mongo, clock, logger, inTransaction } = runtime;
  if (config.DATABASE_URL === undefined) {
    return NOTHING;
  }
  const client = openMainBackendClient(config.DATABASE_URL, 'orrery-ingestion', {
    maxPoolSize: 5,
    readPreference: 'secondaryPreferred',
  });
  const feed = moneyFeed(client.db(mainBackendDatabaseName(config)));
  const follow = createFollowMainBackend({
    feed,
    marks: createSourceMarkStore(mongo),
    transactions,
    accounts,
    storeChanges,
    inTransaction,
    mongo,
    clock,
    erasedAt,
  });

  const stopping = new AbortController();
  let reading: Promise<void> | undefined;
  let readAgain = false;
  const read = (): void => {
    if (stopping.signal.aborted) {
      return;
    }
    if (reading !== undefined) {
      readAgain = true;
      return;
    }
    reading = follow
      .read(stopping.signal)
      .then(
        (changed) => {
          if (changed !== undefined && changed > 0) {
            logger.info({ changed }, 'main back end read');
          }
        },
        (error: unknown) => {
          if (!stopping.signal.aborted) {
            logger.warn({ err: error }, 'the main back end could not be read');
          }
        },
      )
      .finally(() => {
        reading = undefined;
        if (readAgain) {
          readAgain = false;
          read();
        }
      });
  };

  let settling: NodeJS.Timeout | undefined;
  let stream: ReturnType<typeof feed.watch> | undefined;
  let toldReason: string | undefined;
  const listen = (): void => {
    stream = feed.watch(
      () => {
        toldReason = undefined;
        // Not put off by each further write: a busy main back end would never be read.
        settling ??= setTimeout(() => {
          settling = undefined;
          read();
        }, SETTLE_MS);
      },
      (error) => {
        stream = undefined;
        // A single server has none; looking every now and then is enough then.
        const reason = error instanceof Error ? error.message.slice(0, 200) : '';
        if (reason !== toldReason) {
          toldReason = reason;
          logger.info({ reason }, 'the main back end is followed by looking, without a change stream');
        }
      },
    );
  };
  const timer = setInterval(() => {
    if (stream === undefined) {
      listen();
    }
    read();
  }, config.MAIN_BACKEND_POLL_MS);
  timer.unref();
  listen();
  read();
  return {
    jobs: [
      {
        name: 'read-main-backend',
        run: async ({ signal }) => ({ changed: (await follow.read(signal)) ?? null }),
      },
    ],
    async stop() {
      clearInterval(timer);
      clearTimeout(settling);
      stopping.abort();
      await reading;
      await stream?.close();
      await client.close();
    },
  };
};
