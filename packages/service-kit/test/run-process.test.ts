import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const PROGRAM = `
  import { runProcess, defineService } from '@orrery/service-kit';
  import { z } from 'zod';
  await runProcess(defineService({
    name: 'ingestion',
    config: z.object({ PLAID_CLIENT_ID: z.string().describe('Client id at Plaid') }),
    calls: ['insights'],
    create: () => Promise.resolve({}),
  }));
`;

const run = async (
  env: Record<string, string>,
): Promise<{ code: unknown; errors: string; output: string }> => {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', PROGRAM], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
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
  }, 20_000);
});
