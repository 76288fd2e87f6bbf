import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Root folder of the repository. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export interface Database {
  uri: string;
  stop(): Promise<void>;
}

/**
 * The database that `MONGODB_URI` names, else an embedded one in a process of its own.
 * @param directory where an embedded one keeps its files
 * @param options `durable`: wait for the disk on every write; tests of our logic do not need it
 */
export async function startDatabase(
  directory: string,
  options: { durable?: boolean } = {},
): Promise<Database> {
  const given = process.env['MONGODB_URI'];
  if (given !== undefined && given !== '') {
    return { uri: given, stop: () => Promise.resolve() };
  }
  const child = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      'packages/embedded-mongo/src/cli.ts',
      '--data',
      directory,
      '--port',
      '0',
      ...(options.durable === true ? [] : ['--nosync']),
    ],
    { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  return { uri: await announcedUri(child), stop: () => stopChild(child) };
}

async function announcedUri(child: ChildProcess): Promise<string> {
  if (child.stdout === null) {
    throw new Error('the embedded database was started without a pipe');
  }
  for await (const line of createInterface({ input: child.stdout })) {
    const uri = /mongodb:\/\/\S+/.exec(line)?.[0];
    if (uri !== undefined) {
      child.stdout.resume();
      return uri;
    }
  }
  throw new Error('the embedded database ended before it listened');
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
}
