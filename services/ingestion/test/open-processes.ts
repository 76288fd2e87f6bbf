import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Identity } from '@orrery/service-kit';
import { eventually, signedHeaders, TEST_SERVICE_TOKEN_SECRET } from '@orrery/testing';
import { MongoClient } from 'mongodb';
import { z } from 'zod';
import { freePorts } from '../../../tests/setup/free-ports.ts';
import { root } from '../../../tests/setup/servers.ts';
import { openEdge, type Bank } from './open-bank.ts';

/** One ingestion service as a process of its own, which can be killed in the middle of its work. */
export interface IngestionProcess {
  url: string;
  /** Starts it, or starts it again, and waits until it answers. */
  start(env?: Record<string, string>): Promise<void>;
  isAlive(): boolean;
  /** Ends it at once, without a chance to finish anything. */
  kill(): Promise<void>;
}

const makeProcess = (env: Record<string, string>, port: number, metricsPort: number): IngestionProcess => {
  let child: ChildProcess | undefined;
  const url = `http://127.0.0.1:${String(port)}`;
  const isAlive = (): boolean => child !== undefined && child.exitCode === null && child.signalCode === null;
  return {
    url,
    isAlive,
    async start(more = {}) {
      child = spawn(
        process.execPath,
        ['--disable-warning=ExperimentalWarning', 'services/ingestion/src/main.ts'],
        {
          cwd: root,
          env: {
            PATH: process.env['PATH'],
            ...env,
            PORT: String(port),
            METRICS_PORT: String(metricsPort),
            ...more,
          },
          stdio: ['ignore', 'ignore', 'inherit'],
        },
      );
      await eventually(
        async () => {
          if (!isAlive()) {
            throw new Error('an ingestion process ended by itself');
          }
          const answer = await fetch(`http://127.0.0.1:${String(metricsPort)}/health/ready`).catch(
            () => undefined,
          );
          await answer?.body?.cancel();
          return answer?.ok === true;
        },
        Boolean,
        { timeoutMs: 45_000, intervalMs: 30 },
      );
    },
    async kill() {
      if (child !== undefined && isAlive()) {
        const gone = once(child, 'exit');
        child.kill('SIGKILL');
        await gone;
      }
    },
  };
};

const Linked = z.object({ item_id: z.string(), access_token: z.string() });
const PublicToken = z.object({ public_token: z.string() });

/**
 * Replicas of ingestion as processes, with a database of their own and the sandbox of a test. Webhooks go to one that
 * lives.
 * @param bank the sandbox and its wire
 * @param count how many replicas; none is started yet
 * @param env settings beside the usual ones
 */
export const openProcesses = async (bank: Bank, count: number, env: Record<string, string> = {}) => {
  const namespace = `k${randomBytes(5).toString('hex')}`;
  const ports = await freePorts(count * 2);
  const replicas: IngestionProcess[] = [];
  const alive = (): IngestionProcess | undefined => replicas.find((replica) => replica.isAlive());
  const edge = await openEdge(() => alive()?.url ?? 'http://127.0.0.1:9');
  for (let index = 0; index < count; index += 1) {
    replicas.push(
      makeProcess(
        {
          NODE_ENV: 'test',
          APP_ENV: 'local',
          LOG_LEVEL: 'fatal',
          MONGODB_URI: bank.database.uri,
          ORRERY_NAMESPACE: namespace,
          SERVICE_TOKEN_SECRET: TEST_SERVICE_TOKEN_SECRET,
          ...Object.fromEntries(Object.entries(bank.env).map(([name, value]) => [name, value ?? ''])),
          PLAID_WEBHOOK_URL: `${edge.url}/webhooks/plaid`,
          ...env,
        },
        ports[index * 2] ?? 0,
        ports[index * 2 + 1] ?? 0,
      ),
    );
  }
  const client = await new MongoClient(bank.database.uri).connect();
  const database = client.db(`${namespace}_ingestion`);

  const post = async (as: Identity, path: string, json: object = {}): Promise<unknown> => {
    const response = await fetch(`${alive()?.url ?? 'http://127.0.0.1:9'}${path}`, {
      method: 'POST',
      headers: { ...signedHeaders(as, 'ingestion'), 'content-type': 'application/json' },
      body: JSON.stringify(json),
    });
    if (!response.ok) {
      throw new Error(`${path} answered ${String(response.status)} ${await response.text()}`);
    }
    return response.json();
  };

  return {
    replicas,
    edge,
    database,
    /** The queues of the bus, where events wait for the other services. */
    messages: client.db(`${namespace}_bus`).collection('messages'),
    post,
    /** A linked bank whose rows the test writes out. */
    async linkCustom(as: Identity, transactions: object[]): Promise<string> {
      const token = await post(as, '/api/create_sandbox_token', {
        options: {
          override_username: 'user_custom',
          override_password: JSON.stringify({
            override_accounts: [{ type: 'depository', subtype: 'checking', transactions }],
          }),
        },
      });
      const linked = await post(as, '/api/exchange_token', PublicToken.parse(token));
      return Linked.parse(linked).item_id;
    },
    /** Rows of a link that are shown, as they are stored. */
    rows: (itemId: string) =>
      database
        .collection('raw_transactions')
        .find({ itemId, hidden: { $exists: false } })
        .toArray(),
    async close(): Promise<void> {
      await Promise.all(replicas.map((replica) => replica.kill()));
      await edge.close();
      const { databases } = await client.db().admin().listDatabases({ nameOnly: true });
      for (const { name } of databases.filter(({ name }) => name.startsWith(`${namespace}_`))) {
        await client.db(name).dropDatabase();
      }
      await client.close();
    },
  };
};
