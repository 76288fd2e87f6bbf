import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
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

function hasCode(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return hasCode(error, 'EPERM');
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

/** Puts a file in place with all its content at once. False when there is one already. */
function place(file: string, content: string): boolean {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, content);
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) {
      return false;
    }
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Moves a stale claim out of the way, unless another process has done so and put its own in place. */
function removeStale(file: string, content: string): void {
  const aside = `${file}.${process.pid}.stale`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) {
      return;
    }
    throw error;
  }
  const moved = readFileSync(aside, 'utf8');
  if (moved !== content) {
    place(file, moved);
  }
  rmSync(aside, { force: true });
}

function readClaim(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) {
      return undefined;
    }
    throw error;
  }
}

/**
 * Claims a data directory for this process. A claim left by a process that was killed is taken over.
 * Throws when another running server holds the directory.
 */
export function lockDirectory(directory: string): DirectoryLock {
  mkdirSync(directory, { recursive: true });
  const file = join(directory, 'server.lock');
  for (let attempt = 0; attempt < 5; attempt += 1) {
    if (place(file, `${process.pid}\n${startTime(process.pid)}\n${bootId()}\n`)) {
      heldHere.add(directory);
      return {
        release() {
          if (heldHere.delete(directory)) {
            rmSync(file, { force: true });
          }
        },
      };
    }
    const content = readClaim(file);
    if (content !== undefined) {
      if (!isStale(content, directory)) {
        throw new Error(
          `another server (process ${content.split('\n')[0] ?? '?'}) uses the directory ${directory}`,
        );
      }
      removeStale(file, content);
    }
  }
  throw new Error(`the directory ${directory} could not be claimed`);
}
