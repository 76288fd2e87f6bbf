import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A server in a process of its own. */
export interface ChildServer {
  process: ChildProcess;
  port: number;
  uri: string;
  /** Milliseconds from the start of the process until it was listening. */
  startupMs: number;
  /** Kills it without warning. */
  kill(): Promise<void>;
  /** Asks it to stop and waits until it has. Returns its exit code. */
  stop(): Promise<number | null>;
}

/** Starts the command line program on a data directory and waits until it listens. */
export async function startChildServer(
  directory: string,
  options: readonly string[] = [],
): Promise<ChildServer> {
  const started = performance.now();
  const child = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      fileURLToPath(new URL('../src/cli.ts', import.meta.url)),
      '--data',
      directory,
      '--port',
      '0',
      ...options,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const exited = once(child, 'exit').then(([code]: unknown[]) => (typeof code === 'number' ? code : null));
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  const port = await new Promise<number>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const found = /listening on 127\.0\.0\.1:(\d+)/.exec(line);
      if (found !== null) {
        resolve(Number(found[1]));
      }
    });
    void exited.then((code) => {
      reject(new Error(`the server ended with code ${String(code)}: ${complaint}`));
    });
  });
  return {
    process: child,
    port,
    uri: `mongodb://127.0.0.1:${port}/?replicaSet=rs0`,
    startupMs: performance.now() - started,
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
    stop() {
      child.kill('SIGTERM');
      return exited;
    },
  };
}
