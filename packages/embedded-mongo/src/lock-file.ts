import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** A held claim on a data directory. */
export interface DirectoryLock {
  /** Gives the directory free. */
  release(): void;
}

/** Directories that servers of this very process hold; a process id alone would not tell them apart. */
const heldHere = new Set<string>();

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}

/** Start time of a process in clock ticks, which tells a reused process id apart; '' where the system has no /proc. */
function startTime(pid: number): string {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return status.slice(status.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function isStale(content: string, directory: string): boolean {
  const [pidText = '', started = '', boot = ''] = content.trim().split('\n');
  const pid = Number(pidText);
  if (!Number.isInteger(pid) || pid <= 0 || boot !== bootId()) {
    return true;
  }
  if (pid === process.pid) {
    return !heldHere.has(directory) && started === startTime(pid);
  }
  return !isRunning(pid) || startTime(pid) !== started;
}

/**
 * Claims a data directory for this process. A claim left by a process that was killed is taken over.
 * Throws when another running server holds the directory.
 */
export function lockDirectory(directory: string): DirectoryLock {
  mkdirSync(directory, { recursive: true });
  const file = join(directory, 'server.lock');
  for (let attempt = 0; attempt < 3; attempt += 1) {
    try {
      const descriptor = openSync(file, 'wx');
      writeSync(descriptor, `${process.pid}\n${startTime(process.pid)}\n${bootId()}\n`);
      closeSync(descriptor);
      heldHere.add(directory);
      return {
        release() {
          heldHere.delete(directory);
          rmSync(file, { force: true });
        },
      };
    } catch (error) {
      if (!(error instanceof Error) || !('code' in error) || error.code !== 'EEXIST') {
        throw error;
      }
      const content = readFileSync(file, 'utf8');
      if (!isStale(content, directory)) {
        throw new Error(
          `another server (process ${content.split('\n')[0] ?? '?'}) uses the directory ${directory}`,
          {
            cause: error,
          },
        );
      }
      rmSync(file, { force: true });
    }
  }
  throw new Error(`the directory ${directory} could not be claimed`);
}
