import { listen } from '@orrery/service-kit';
import { MongoClient } from 'mongodb';
import { createRequestListener } from './request-listener.ts';
import { createItemLife } from './state/item-life.ts';
import { openSandboxDatabase } from './state/records.ts';
import { createSandboxClock } from './state/sandbox-clock.ts';
import type { Sandbox } from './state/sandbox.ts';
import { openSigningKeys } from './webhooks/signing-keys.ts';
import { createWebhookSender } from './webhooks/webhook-sender.ts';

const CLOSE_WITHIN_MS = 5_000;
const LONGEST_SLEEP_MS = 60_000;
const RETRY_TICK_MS = 1_000;
const DAY_MS = 24 * 60 * 60 * 1000;

/** How a sandbox is started. */
export interface PlaidSandboxOptions {
  mongoUri: string;
  /** 0 takes a free one. */
  port: number;
  clientId: string;
  secret: string;
  /** Default 127.0.0.1. */
  host?: string;
  /** Default `plaid_sandbox`. */
  databaseName?: string;
  /** Business time; a frozen one stands still. Default: the machine's clock. */
  now?: () => Date;
  /** Equal seeds give equal people, amounts and identifiers. */
  seed?: string;
  /** Plaid's limits of calls a minute; default on. */
  rateLimits?: boolean;
  /** Until a fresh Item has its last 30 days; default 1,500 ms. */
  initialMs?: number;
  /** Until a fresh Item has its whole history; default 4,000 ms. */
  historicalMs?: number;
  /** Until a refresh takes effect; default 500 ms. */
  refreshMs?: number;
  /** Days until an Item needs a new sign-in; default 30, as at Plaid. */
  loginLastsDays?: number;
  /** Told about faults of the sandbox itself. */
  onFault?: (error: unknown) => void;
}

/** A sandbox that runs. */
export interface PlaidSandbox {
  /** Base address for the SDK, without a trailing slash. */
  url: string;
  /** Lets requests at work end and closes its connections. What is stored stays. */
  stop(): Promise<void>;
}

/**
 * Starts the local Plaid sandbox.
 * @param options where it stores, listens, and whom it knows
 * @throws when the port is taken or the database cannot be reached
 */
export const startPlaidSandbox = async (options: PlaidSandboxOptions): Promise<PlaidSandbox> => {
  const onFault =
    options.onFault ??
    ((error: unknown): void => {
      process.emitWarning(error instanceof Error ? error : String(error));
    });
  const client = await new MongoClient(options.mongoUri, {
    maxPoolSize: 10,
    serverSelectionTimeoutMS: 5_000,
  }).connect();
  try {
    const database = await openSandboxDatabase(client.db(options.databaseName ?? 'plaid_sandbox'));
    const ahead = await database.meta.findOne({ _id: 'clock_ahead_ms' });
    const { now } = options;
    const clock = createSandboxClock(() => now?.().getTime() ?? Date.now(), ahead?.value ?? 0);
    const keys = await openSigningKeys(database);

    let timer: NodeJS.Timeout | undefined;
    let running: Promise<void> | undefined;
    let again = false;
    let stopped = false;
    let lastDay = '';
    const sleep = (ms: number): void => {
      if (!stopped) {
        clearTimeout(timer);
        timer = setTimeout(wake, Math.max(0, Math.min(ms, LONGEST_SLEEP_MS)));
      }
    };
    const tick = async (): Promise<void> => {
      do {
        again = false;
        if (clock.today() === lastDay) {
          await life.runDue();
        } else {
          lastDay = clock.today();
          await life.catchUpAll();
        }
        await webhooks.deliverDue();
      } while (again && !stopped);
      const next = Math.min((await life.nextAt()) ?? Infinity, (await webhooks.nextAt()) ?? Infinity);
      sleep(next - clock.real());
    };
    function wake(): void {
      again = true;
      if (running !== undefined || stopped) {
        return;
      }
      running = tick()
        .catch((error: unknown) => {
          onFault(error);
          sleep(RETRY_TICK_MS);
        })
        .finally(() => {
          running = undefined;
          // Something may have been planned while the next sleep was worked out.
          if (again) {
            wake();
          }
        });
    }
    const webhooks = createWebhookSender(database, clock, keys, wake, onFault);
    const life = createItemLife({
      client,
      database,
      clock,
      webhooks,
      seed: options.seed ?? 'orrery',
      wake,
      timing: {
        initialMs: options.initialMs ?? 1_500,
        historicalMs: options.historicalMs ?? 4_000,
        refreshMs: options.refreshMs ?? 500,
        loginLastsMs: (options.loginLastsDays ?? 30) * DAY_MS,
      },
    });
    let url = '';
    const sandbox: Sandbox = {
      database,
      clock,
      keys,
      webhooks,
      life,
      seed: options.seed ?? 'orrery',
      url: () => url,
    };
    const server = await listen(
      createRequestListener(sandbox, {
        clientId: options.clientId,
        secret: options.secret,
        rateLimits: options.rateLimits ?? true,
        onFault,
      }),
      { host: options.host ?? '127.0.0.1', port: options.port },
    );
    url = server.url;
    wake();
    return {
      url,
      async stop() {
        stopped = true;
        clearTimeout(timer);
        await server.close(CLOSE_WITHIN_MS);
        await running;
        await webhooks.stop();
        await client.close();
      },
    };
  } catch (error) {
    await client.close();
    throw error;
  }
};
