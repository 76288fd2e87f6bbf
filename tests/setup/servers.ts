import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Root folder of the repository. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export interface Database {
  uri: string;
  /** @param signal default SIGTERM; ignored for a server that is not ours */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
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
  return given !== undefined && given !== ''
    ? { uri: given, stop: () => Promise.resolve() }
    : startOwnDatabase(directory, options);
}

/**
 * An embedded database in a process of its own, whatever the settings name: one that a test may end.
 * @param directory where it keeps its files
 * @param options `durable`: wait for the disk on every write; `port`: default any that is free
 */
export async function startOwnDatabase(
  directory: string,
  { durable = false, port = 0 }: { durable?: boolean; port?: number } = {},
): Promise<Database> {
  const child = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      'packages/embedded-mongo/src/cli.ts',
      '--data',
      directory,
      '--port',
      String(port),
      ...(durable ? [] : ['--nosync']),
    ],
    { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  endWithUs(child);
  return { uri: await announcedUri(child), stop: (signal) => stopChild(child, signal) };
}

const children = new Set<ChildProcess>();
let isWatching = false;

/**
 * Ends a process at the latest when this one does, so that a run which is stopped leaves nothing behind.
 * @param child any
 */
export function endWithUs(child: ChildProcess): void {
  if (!isWatching) {
    isWatching = true;
    process.once('exit', () => {
      children.forEach((left) => left.kill('SIGKILL'));
    });
  }
  children.add(child);
  child.once('exit', () => children.delete(child));
}

/**
 * Collects what a process prints until it has said what is waited for; later output is read and dropped, because a
 * process whose output nobody reads would stop.
 * @param child a process with a pipe for its standard output
 * @param isComplete whether the text so far is enough
 * @returns the text so far
 * @throws Error with the text when the process ends before
 */
export function outputUntil(child: ChildProcess, isComplete: (text: string) => boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
      if (isComplete(text)) {
        child.stdout?.removeAllListeners('data').resume();
        resolve(text);
      }
    });
    child.once('close', () => {
      reject(new Error(`the process ended before it was ready:\n${text}`));
    });
  });
}

const URI = /mongodb:\/\/\S+(?=\s)/;

async function announcedUri(child: ChildProcess): Promise<string> {
  return URI.exec(await outputUntil(child, (text) => URI.test(text)))?.[0] ?? '';
}

async function stopChild(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }
}
