import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startPlaidSandbox, type PlaidSandboxOptions } from '@orrery/plaid-sandbox';
import type { Environment, Identity, UserIdentity } from '@orrery/service-kit';
import {
  aUser,
  eventually,
  nobody,
  signedHeaders,
  startTestService,
  useTestDatabase,
  type TestService,
} from '@orrery/testing';
import { MongoClient } from 'mongodb';
import { z } from 'zod';
import { newTokenKey } from '../src/domain/bank/token-cipher.ts';
import { ingestion } from '../src/index.ts';
import { openWire } from './open-wire.ts';

export const SANDBOX_CLIENT = 'sandbox-client';
export const SANDBOX_SECRET = 'sandbox-secret-of-this-test';

const JsonObject = z.record(z.string(), z.unknown());
const Linked = z.object({ access_token: z.string(), item_id: z.string() });
const Items = z.object({
  data: z.array(
    z.object({
      id: z.string(),
      status: z.string(),
      lastError: z.object({ code: z.string() }).nullable(),
      historyComplete: z.boolean(),
    }),
  ),
});

/** One account with rows that a test writes out. */
export interface CustomAccount {
  type?: string;
  subtype?: string;
  currency?: string;
  starting_balance?: number;
  transactions?: {
    date_transacted: string;
    date_posted: string;
    amount: number;
    description: string;
    currency?: string;
  }[];
  meta?: { name?: string; mask?: string };
}

/** A webhook as it arrived, to be sent again. */
export interface ArrivedWebhook {
  signature: string | undefined;
  body: Buffer;
}

/** Posts a webhook as the gateway would: with a really signed identity of nobody. */
export const postWebhook = (serviceUrl: string, { signature, body }: ArrivedWebhook): Promise<Response> =>
  fetch(`${serviceUrl}/webhooks/plaid`, {
    method: 'POST',
    body: new Uint8Array(body),
    headers: {
      ...signedHeaders(nobody, 'ingestion'),
      'content-type': 'application/json',
      ...(signature === undefined ? {} : { 'plaid-verification': signature }),
    },
  });

/** Takes webhooks in the place of the gateway and passes them on. */
export const openEdge = async (target: () => string) => {
  const arrived: ArrivedWebhook[] = [];
  const answers: number[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const verification = request.headers['plaid-verification'];
      const webhook = {
        signature: typeof verification === 'string' ? verification : undefined,
        body: Buffer.concat(chunks),
      };
      arrived.push(webhook);
      postWebhook(target(), webhook).then(
        (answer) => {
          answers.push(answer.status);
          response.writeHead(answer.status).end();
        },
        () => response.writeHead(502).end(),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${String(port)}`,
    arrived,
    answers,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
};

/** A sandbox with short times, the ingestion service that uses it, and what tests do with both. */
export const openBank = async (
  options: { sandbox?: Partial<PlaidSandboxOptions>; env?: Environment; hasWebhooks?: boolean } = {},
) => {
  const database = await useTestDatabase();
  const databaseName = `plaid_sandbox_${randomUUID().slice(0, 8)}`;
  const sandbox = await startPlaidSandbox({
    mongoUri: database.uri,
    databaseName,
    port: 0,
    clientId: SANDBOX_CLIENT,
    secret: SANDBOX_SECRET,
    now: () => new Date('2026-03-16T12:00:00Z'),
    rateLimits: false,
    initialMs: 0,
    historicalMs: 0,
    refreshMs: 0,
    ...options.sandbox,
  });
  let serviceUrl = '';
  const edge = await openEdge(() => serviceUrl);
  const wire = await openWire(sandbox.url);
  const keys = newTokenKey('k1');
  const env: Environment = {
    PLAID_CLIENT_ID: SANDBOX_CLIENT,
    PLAID_SECRET_sand: SANDBOX_SECRET,
    PLAID_ENV_sand: wire.url,
    PLAID_TOKEN_KEYS: keys,
    BANK_POLL_MS: '25',
    ...(options.hasWebhooks === false ? {} : { PLAID_WEBHOOK_URL: `${edge.url}/webhooks/plaid` }),
    ...options.env,
  };
  const service: TestService = await startTestService(ingestion, { env });
  serviceUrl = service.url;

  const post = (as: Identity, path: string, json: unknown = {}) =>
    service.call(path, { as, method: 'POST', json });

  const itemsOf = async (as: Identity) => Items.parse((await service.call('/v1/items', { as })).json).data;

  const bank = {
    database,
    databaseName,
    sandbox,
    service,
    edge,
    wire,
    env,
    keys,
    post,
    itemsOf,
    /** Sends later webhooks to another replica. */
    sendWebhooksTo(url: string): void {
      serviceUrl = url;
    },
    async control(path: string, body: object = {}): Promise<Record<string, unknown>> {
      const response = await fetch(`${sandbox.url}/_control/${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      const answer = JsonObject.parse(await response.json());
      if (!response.ok) {
        throw new Error(JSON.stringify(answer));
      }
      return answer;
    },
    /** Everything that the sandbox holds of an item. */
    async truth(itemId: string) {
      const response = await fetch(`${sandbox.url}/_control/items/${itemId}/transactions`);
      return z
        .object({
          transactions: z.array(
            z.looseObject({
              transaction_id: z.string(),
              account_id: z.string(),
              amount: z.number(),
              date: z.string(),
              name: z.string(),
              pending: z.boolean(),
            }),
          ),
        })
        .parse(await response.json()).transactions;
    },
    async publicToken(
      as: Identity,
      given: { institution?: string; username?: string; password?: string; products?: string[] } = {},
    ): Promise<string> {
      const reply = await post(as, '/api/create_sandbox_token', {
        ...(given.institution === undefined ? {} : { institution_id: given.institution }),
        ...(given.products === undefined ? {} : { initial_products: given.products }),
        options: { override_username: given.username, override_password: given.password },
      });
      return z.object({ public_token: z.string() }).parse(reply.json).public_token;
    },
    /** A linked bank of a user. */
    async link(
      as: Identity,
      given: { institution?: string; username?: string; password?: string; products?: string[] } = {},
    ) {
      const reply = await post(as, '/api/exchange_token', {
        public_token: await bank.publicToken(as, given),
      });
      const { access_token: handle, item_id: itemId } = Linked.parse(reply.json);
      return { handle, itemId };
    },
    /** A linked bank whose rows the test writes out. */
    linkCustom: (as: Identity, accounts: CustomAccount[]) =>
      bank.link(as, {
        username: 'user_custom',
        password: JSON.stringify({
          override_accounts: accounts.map((account) => ({
            type: 'depository',
            subtype: 'checking',
            ...account,
          })),
        }),
      }),
    /** Waits until a link has its whole history. */
    healthy: (as: Identity, itemId: string) =>
      eventually(
        () => itemsOf(as),
        (items) => items.some(({ id, status }) => id === itemId && status === 'healthy'),
      ),
    /** Rows of a link that are shown, as we store them. */
    rows: (itemId: string) =>
      service.mongo
        .collection('raw_transactions')
        .find({ itemId, hidden: { $exists: false } })
        .sort({ _id: 1 })
        .toArray(),
    async close(): Promise<void> {
      await service.stop();
      await edge.close();
      await wire.close();
      await sandbox.stop();
      const client = await new MongoClient(database.uri).connect();
      await client.db(databaseName).dropDatabase();
      await client.close();
      await database.release();
    },
  };
  return bank;
};

export type Bank = Awaited<ReturnType<typeof openBank>>;

/** A user nobody else has. */
export const newUser = (): UserIdentity => aUser();
