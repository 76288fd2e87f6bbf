import { setImmediate as nextTurn } from 'node:timers/promises';

/** How long a read may work, in milliseconds, before the other connections get their turn. */
const SLICE_MS = 12;
const STEPS_BETWEEN_CLOCKS = 32;

/** Lets long reads work in slices, so that no other connection waits for the end of one. */
export class Pacer {
  private steps = 0;
  private sliceStart = performance.now();
  private readonly deadline: number;
  private readonly onDeadline: () => Error;

  /** `deadline` is the time (as of performance.now()) after which the read fails with the given error. */
  constructor(deadline = Number.POSITIVE_INFINITY, onDeadline: () => Error = () => new Error('time limit')) {
    this.deadline = deadline;
    this.onDeadline = onDeadline;
  }

  /** To be asked after each small step: true when it is time to `rest`. Throws when the time is up. */
  get isDue(): boolean {
    this.steps += 1;
    if (this.steps % STEPS_BETWEEN_CLOCKS !== 0) {
      return false;
    }
    const now = performance.now();
    if (now > this.deadline) {
      throw this.onDeadline();
    }
    return now - this.sliceStart > SLICE_MS;
  }

  /** Lets everything else that is ready go first. Rejects when the time is up. */
  async rest(): Promise<void> {
    await nextTurn();
    this.sliceStart = performance.now();
    if (this.sliceStart > this.deadline) {
      throw this.onDeadline();
    }
  }
}

/** Sorts an array stably in slices. Returns a new array. */
export async function sortInSlices<T>(
  items: readonly T[],
  compare: (a: T, b: T) => number,
  pacer: Pacer,
): Promise<T[]> {
  const runLength = 1024;
  let runs: T[][] = [];
  for (let start = 0; start < items.length; start += runLength) {
    runs.push(items.slice(start, start + runLength).sort(compare));
    if (items.length > runLength) {
      await pacer.rest();
    }
  }
  while (runs.length > 1) {
    const merged: T[][] = [];
    for (let index = 0; index < runs.length; index += 2) {
      const left = runs[index] ?? [];
      const right = runs[index + 1];
      merged.push(right === undefined ? left : await mergeInSlices(left, right, compare, pacer));
    }
    runs = merged;
  }
  return runs[0] ?? [];
}

async function mergeInSlices<T>(
  left: readonly T[],
  right: readonly T[],
  compare: (a: T, b: T) => number,
  pacer: Pacer,
): Promise<T[]> {
  const result: T[] = [];
  let l = 0;
  let r = 0;
  while (l < left.length && r < right.length) {
    const a = left[l] as T;
    const b = right[r] as T;
    if (compare(a, b) <= 0) {
      result.push(a);
      l += 1;
    } else {
      result.push(b);
      r += 1;
    }
    if (pacer.isDue) {
      await pacer.rest();
    }
  }
  for (; l < left.length; l += 1) {
    result.push(left[l] as T);
  }
  for (; r < right.length; r += 1) {
    result.push(right[r] as T);
  }
  return result;
}
