import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openDatabase } from '@orrery/mongo';
import { useTestDatabase, type TestDatabase } from '@orrery/testing';

const PROGRAM = `
  import { runProcess, defineService } from '@orrery/service-kit';
  import { z } from 'zod';
  await runProcess([defineService({
    name: 'ingestion',
    config: z.object({ PLAID_CLIENT_ID: z.string().describe('Client id at Plaid') }),
    calls: ['insights'],
    create: () => Promise.resolve({}),
  })]);
`;

const startProgram = (
  env: Record<string, string>,
  ...args: string[]
): ChildProcessByStdio<null, Readable, Readable> =>
  spawn(process.execPath, ['--input-type=module', '--eval', PROGRAM, '--', ...args], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });

const run = async (
  env: Record<string, string>,
): Promise<{ code: unknown; errors: string; output: string }> => {
  const child = startProgram(env);
  const [errors, output, [code]] = await Promise.all([
    text(child.stderr),
    text(child.stdout),
    once(child, 'exit'),
  ]);
  return { code, errors, output };
};

describe('a process', () => {
  it('stops before it starts with every problem of its settings on a line of its own', async () => {
    const { code, errors, output } = await run({
      NODE_ENV: 'production',
      SERVICE_TOKEN_SECRET: 'short-canary',
    });

    expect(code).toBe(1);
    expect(output).toBe('');
    for (const name of [
      'MONGODB_URI',
      'RABBITMQ_URL',
      'SERVICE_TOKEN_SECRET',
      'PLAID_CLIENT_ID',
      'INSIGHTS_URL',
    ]) {
      expect(errors).toMatch(new RegExp(`^ {2}- ingestion: ${name} `, 'm'));
    }
    expect(errors).not.toContain('canary');
    expect(errors).not.toContain('    at ');
  }, 120_000);

  describe('with a database', () => {
    const namespace = `t${randomBytes(6).toString('hex')}`;
    let database: TestDatabase;
    beforeAll(async () => {
      database = await useTestDatabase();
    });
    afterAll(async () => {
      for (const name of ['ingestion', 'bus']) {
        const connection = await openDatabase(database.uri, `${namespace}_${name}`);
        await connection.dropDatabase();
        await connection.close();
      }
      await database.release();
    });

    const started = async (env: Record<string, string> = {}) => {
      const child = startProgram({
        MONGODB_URI: database.uri,
        ORRERY_NAMESPACE: namespace,
        PLAID_CLIENT_ID: 'client',
        ...env,
      });
      const lines: string[] = [];
      const isStarted = new Promise<void>((resolve) => {
        createInterface({ input: child.stdout }).on('line', (line) => {
          lines.push(line);
          if (line.includes('service started')) {
            resolve();
          }
        });
      });
      const exit = once(child, 'exit');
      await isStarted;
      return { child, lines, exit };
    };

    it('drains on SIGTERM and exits with 0', async () => {
      const { child, lines, exit } = await started();

      child.kill('SIGTERM');

      expect(await exit).toEqual([0, null]);
      expect(lines.join('')).toContain('service stopped');
    }, 120_000);

    it('prepares its database and ends, when asked to migrate only', async () => {
      const child = startProgram(
        { MONGODB_URI: database.uri, ORRERY_NAMESPACE: namespace, PLAID_CLIENT_ID: 'client' },
        '--migrate',
      );
      child.stdout.resume();

      expect(await once(child, 'exit')).toEqual([0, null]);
      const connection = await openDatabase(database.uri, `${namespace}_ingestion`);
      const names = (await connection.listCollections()).map(({ name }) => name);
      await connection.close();
      expect(names).toEqual(expect.arrayContaining(['outbox', 'inbox']));
    }, 120_000);

    it('exits with 1 at once on a second signal', async () => {
      const { child, exit } = await started({ DRAIN_DELAY_MS: '60000' });

      child.kill('SIGTERM');
      child.kill('SIGINT');

      expect(await exit).toEqual([1, null]);
    }, 120_000);
  });
});
