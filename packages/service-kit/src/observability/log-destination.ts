import { closeSync, openSync, writeSync } from 'node:fs';
import type { DestinationStream } from 'pino';

/** A pipe that is full for longer than this has a reader that does not read. */
const PATIENCE_MS = 50;
const PAUSE_MS = 5;

let lost = 0;

/** Lines of log that this process could not write, because the disk was full or the reader gone. */
export const lostLogLines = (): number => lost;

/** Where log lines go. */
export interface LogDestination extends DestinationStream {
  close(): void;
}

const isBusy = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'EAGAIN';

const pause = (): void => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
};

/**
 * Opens a destination that never ends its process and never holds anything back: a line that cannot be written is
 * dropped and counted. Lines are written at once, so that the last words of a process that ends are there.
 * @param target file descriptor, or path of a file that is appended to
 * @throws when the file cannot be opened
 */
export function openLogDestination(target: number | string): LogDestination {
  const descriptor = typeof target === 'number' ? target : openSync(target, 'a');
  // Set after a line of which only the beginning was written, so that the next one does not continue it.
  let isBroken = false;

  const writeAll = (text: string): void => {
    let rest: Uint8Array = Buffer.from(text);
    const giveUpAt = performance.now() + PATIENCE_MS;
    while (rest.length > 0) {
      try {
        rest = rest.subarray(writeSync(descriptor, rest));
        isBroken = true;
      } catch (error) {
        if (!isBusy(error) || performance.now() > giveUpAt) {
          lost += 1;
          return;
        }
        pause();
      }
    }
    isBroken = false;
  };

  return {
    write: (line) => {
      writeAll(isBroken ? `\n${line}` : line);
    },
    close: () => {
      if (typeof target === 'string') {
        closeSync(descriptor);
      }
    },
  };
}

let standardOutput: LogDestination | undefined;

/** Standard output; all services of a process share it. */
export const logToStandardOutput = (): LogDestination => {
  standardOutput ??= openLogDestination(1);
  return standardOutput;
};
