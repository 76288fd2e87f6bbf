import { inspect } from 'node:util';

export interface Patience {
  /** Default 30 s: it bounds a hang, on a loaded machine too. */
  timeoutMs?: number;
  /** Pause between looks; default 10 ms. */
  intervalMs?: number;
}

/**
 * Looks again and again until a value is as it should be; for effects that arrive by event.
 * @param look reads the value; a throw counts as "not yet"
 * @param isDone whether the value is as it should be; default: it is truthy
 * @param patience time limit and pause
 * @returns the value that was accepted
 * @throws Error with the last value or error when the time is over
 */
export const eventually = async <Value>(
  look: () => Value | Promise<Value>,
  isDone: (value: Value) => boolean = Boolean,
  patience: Patience = {},
): Promise<Value> => {
  const { timeoutMs = 30_000, intervalMs = 10 } = patience;
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    let last: string;
    let cause: unknown;
    try {
      const value = await look();
      if (isDone(value)) {
        return value;
      }
      last = inspect(value, { depth: 4 });
    } catch (error) {
      last = error instanceof Error ? `${error.name}: ${error.message}` : inspect(error);
      cause = error;
    }
    if (performance.now() > deadline) {
      throw new Error(`Not so after ${String(timeoutMs)} ms. Last: ${last}`, { cause });
    }
    await new Promise((resolve) => {
      setTimeout(resolve, intervalMs);
    });
  }
};
