import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { randomUUID } from 'node:crypto';
import { eventually, useTestDatabase } from '@orrery/testing';
import { MongoClient } from 'mongodb';
import { Configuration, PlaidApi, Products, type Transaction, type TransactionsSyncResponse } from 'plaid';
import { z } from 'zod';
import { startPlaidSandbox, type PlaidSandboxOptions } from '../src/index.ts';

export const CLIENT = 'sandbox-client';
export const SECRET = 'sandbox-secret';

/** A webhook as it arrived. */
export interface Received {
  header: string | undefined;
  raw: string;
  body: Record<string, unknown>;
}

const JsonObject = z.record(z.string(), z.unknown());

/** Takes webhooks; `status` decides what it answers. */
export const openReceiver = async () => {
  const received: Received[] = [];
  const state = { status: 200, headers: {} as Record<string, string> };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const raw = Buffer.concat(chunks).toString('utf8');
      const header = request.headers['plaid-verification'];
      received.push({
        header: typeof header === 'string' ? header : undefined,
        raw,
        body: JsonObject.parse(JSON.parse(raw)),
      });
      response.writeHead(state.status, state.headers).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const codes = (): string[] => received.map(({ body }) => String(body['webhook_code']));
  return {
    url: `http://127.0.0.1:${String(port)}/webhooks/plaid`,
    received,
    state,
    codes,
    waitFor: async (code: string, count = 1): Promise<Received[]> =>
      eventually(
        () => received.filter(({ body }) => body['webhook_code'] === code),
        (found) => found.length >= count,
      ),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
};

/** The SDK, unmodified, against an address. */
export const sdkFor = (basePath: string, secret = SECRET): PlaidApi =>
  new PlaidApi(
    new Configuration({
      basePath,
      baseOptions: {
        headers: { 'PLAID-CLIENT-ID': CLIENT, 'PLAID-SECRET': secret, 'Plaid-Version': '2020-09-14' },
      },
    }),
  );

const ErrorShape = z.object({
  response: z.object({
    status: z.number(),
    data: z.object({
      error_type: z.string(),
      error_code: z.string(),
      error_message: z.string(),
      display_message: z.string().nullable(),
      request_id: z.string(),
    }),
  }),
});

/** What a refused call was answered. */
export const refusal = async (call: Promise<unknown>) => {
  try {
    await call;
  } catch (error) {
    const { status, data } = ErrorShape.parse(error).response;
    return { status, ...data };
  }
  throw new Error('the call was not refused');
};

/** A sandbox of its own database, with short times. */
export const openSandbox = async (options: Partial<PlaidSandboxOptions> = {}) => {
  const server = await useTestDatabase();
  const databaseName = `plaid_sandbox_${randomUUID().slice(0, 8)}`;
  const faults: unknown[] = [];
  const start = () =>
    startPlaidSandbox({
      mongoUri: server.uri,
      databaseName,
      port: 0,
      clientId: CLIENT,
      secret: SECRET,
      rateLimits: false,
      initialMs: 0,
      historicalMs: 0,
      refreshMs: 0,
      onFault: (error) => faults.push(error),
      ...options,
    });
  let sandbox = await start();
  const control = async (path: string, body: object = {}): Promise<Record<string, unknown>> => {
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
  };
  const opened = {
    get url() {
      return sandbox.url;
    },
    get sdk() {
      return sdkFor(sandbox.url);
    },
    databaseName,
    mongoUri: server.uri,
    faults,
    control,
    advance: (seconds: number) => control('clock', { advanceSeconds: seconds }),
    /** A linked bank. */
    async link(
      given: {
        institution?: string;
        products?: Products[];
        username?: string;
        password?: string;
        webhook?: string;
        days?: number;
      } = {},
    ) {
      const created = await opened.sdk.sandboxPublicTokenCreate({
        institution_id: given.institution ?? 'ins_109508',
        initial_products: given.products ?? [Products.Transactions],
        options: {
          ...(given.webhook === undefined ? {} : { webhook: given.webhook }),
          ...(given.username === undefined ? {} : { override_username: given.username }),
          ...(given.password === undefined ? {} : { override_password: given.password }),
          ...(given.days === undefined ? {} : { transactions: { days_requested: given.days } }),
        },
      });
      const { data } = await opened.sdk.itemPublicTokenExchange({ public_token: created.data.public_token });
      return { token: data.access_token, itemId: data.item_id };
    },
    /** Waits for the whole history. */
    async ready(token: string): Promise<void> {
      await eventually(
        async () =>
          (await opened.sdk.transactionsSync({ access_token: token, count: 1 })).data
            .transactions_update_status,
        (status) => status.toString() === 'HISTORICAL_UPDATE_COMPLETE',
        { intervalMs: 20 },
      );
    },
    /** Pages from a cursor to the end. */
    async drain(token: string, cursor?: string, count = 500) {
      const pages: TransactionsSyncResponse[] = [];
      let next = cursor;
      do {
        const { data } = await opened.sdk.transactionsSync({
          access_token: token,
          count,
          ...(next === undefined ? {} : { cursor: next }),
        });
        pages.push(data);
        next = data.next_cursor;
      } while (pages.at(-1)?.has_more === true);
      return {
        pages,
        cursor: next,
        added: pages.flatMap(({ added }) => added),
        modified: pages.flatMap(({ modified }) => modified),
        removed: pages.flatMap(({ removed }) => removed),
      };
    },
    /** Waits until the only document of a collection is as it should be, or gone. */
    async stored(
      collection: string,
      isDone: ((document: Record<string, unknown>) => boolean) | undefined,
    ): Promise<void> {
      const client = await new MongoClient(server.uri).connect();
      try {
        await eventually(
          () => client.db(databaseName).collection(collection).findOne({}),
          (document) => (document === null ? isDone === undefined : isDone?.(document) === true),
        );
      } finally {
        await client.close();
      }
    },
    async restart(): Promise<void> {
      await sandbox.stop();
      sandbox = await start();
    },
    async close(): Promise<void> {
      await sandbox.stop();
      const client = await new MongoClient(server.uri).connect();
      await client.db(databaseName).dropDatabase();
      await client.close();
      await server.release();
    },
  };
  return opened;
};

/** Transactions by their ids. */
export const idsOf = (rows: readonly Transaction[]): string[] =>
  rows.map(({ transaction_id }) => transaction_id);
