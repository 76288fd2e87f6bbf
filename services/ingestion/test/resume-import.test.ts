import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openDatabase } from '@orrery/mongo';
import { startService } from '@orrery/service-kit';
import {
  aUser,
  eventually,
  signedHeaders,
  TEST_SERVICE_TOKEN_SECRET,
  useTestDatabase,
} from '@orrery/testing';
import type { TestDatabase } from '@orrery/testing';
import type { Connection } from 'mongoose';
import { ingestion } from '../src/index.ts';
import { formWith, manyRows } from './bank-file.ts';

let database: TestDatabase;
const opened: Connection[] = [];

beforeAll(async () => {
  database = await useTestDatabase();
}, 60_000);

afterAll(async () => {
  for (const connection of opened) {
    await connection.dropDatabase();
    await connection.close();
  }
  await database.release();
});

const open = async (name: string): Promise<Connection> => {
  const connection = await openDatabase(database.uri, name);
  opened.push(connection);
  return connection;
};

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
  });

/** A namespace with its settings, its databases, and what was told in events so far. */
const place = async () => {
  const namespace = `t${randomBytes(6).toString('hex')}`;
  const own = await open(`${namespace}_ingestion`);
  await open(`${namespace}_bus`);
  const env = {
    NODE_ENV: 'test',
    APP_ENV: 'local',
    MONGODB_URI: database.uri,
    ORRERY_NAMESPACE: namespace,
    SERVICE_TOKEN_SECRET: TEST_SERVICE_TOKEN_SECRET,
    IMPORT_WAIT_MS: '0',
    IMPORT_LEASE_MS: '900',
    LOG_LEVEL: 'warn',
  };
  const imports = own.collection<{ _id: string; position: number; status: string }>('imports');
  return { env, own, imports };
};

const uploadTo = (url: string, user: ReturnType<typeof aUser>, file: string): Promise<Response> =>
  fetch(`${url}/v1/imports`, {
    method: 'POST',
    headers: signedHeaders(user, 'ingestion'),
    body: formWith(file),
  });

const importState = async (
  url: string,
  user: ReturnType<typeof aUser>,
  id: string,
): Promise<Record<string, unknown>> => {
  const response = await fetch(`${url}/v1/imports/${id}`, { headers: signedHeaders(user, 'ingestion') });
  return (await response.json()) as Record<string, unknown>;
};

const ROWS = 12_000;

describe('an import that is interrupted', () => {
  it('answers 202, survives a kill of its process and ends with every row once', async () => {
    const { env, own, imports } = await place();
    const user = aUser();
    const port = await freePort();
    const child = spawn(process.execPath, [fileURLToPath(new URL('../src/main.ts', import.meta.url))], {
      env: { ...env, PORT: String(port) },
      stdio: 'ignore',
    });
    const url = `http://127.0.0.1:${String(port)}`;
    const uploaded = await eventually(() => uploadTo(url, user, manyRows(ROWS)), undefined, {
      timeoutMs: 80_000,
    });
    const begun = (await uploaded.json()) as { id: string; status: string };
    await eventually(
      () => imports.findOne({ _id: begun.id }),
      (record) => (record?.position ?? 0) > 0,
      { intervalMs: 1 },
    );

    child.kill('SIGKILL');
    const interrupted = await imports.findOne({ _id: begun.id });
    const successor = await startService(ingestion, { env });
    const ended = await eventually(
      () => importState(successor.url, user, begun.id),
      (state) => state['status'] === 'completed',
      { timeoutMs: 80_000 },
    );
    await successor.stop();

    expect(uploaded.status).toBe(202);
    expect(interrupted?.status).toBe('processing');
    expect(ended).toMatchObject({ rows: ROWS, added: ROWS, duplicates: 0, rejected: [] });
    expect(await own.collection('raw_transactions').countDocuments({ userId: user.userId })).toBe(ROWS);
    expect(await own.collection('import_files').countDocuments({ userId: user.userId })).toBe(0);
  }, 240_000);

  it('is let go by a process that stops in good order and taken up by the next', async () => {
    const { env, own } = await place();
    const user = aUser();
    const first = await startService(ingestion, { env });
    const response = await uploadTo(first.url, user, manyRows(ROWS));
    const { id } = (await response.json()) as { id: string };

    await first.stop();
    const successor = await startService(ingestion, { env });
    const ended = await eventually(
      () => importState(successor.url, user, id),
      (state) => state['status'] === 'completed',
      { timeoutMs: 80_000 },
    );
    await successor.stop();

    expect(ended).toMatchObject({ rows: ROWS, added: ROWS, duplicates: 0 });
    expect(await own.collection('raw_transactions').countDocuments({ userId: user.userId })).toBe(ROWS);
  }, 240_000);
});
