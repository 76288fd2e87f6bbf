import { setTimeout as pause } from 'node:timers/promises';

/** Answers that came to requests of one window. */
export interface LoadResult {
  /** Milliseconds from the instant at which a request was due to the end of its answer, ascending. */
  times: number[];
  /** Answers by status; 0 for none. */
  statuses: Map<number, number>;
}

/**
 * Asks at a steady pace, whether or not earlier answers have come: slow answers then cannot hide by slowing their asker
 * down. Ends when the last request has its answer.
 * @param urls what to ask, in turn
 * @param headers of each request
 * @param options for how long, how often, and the patience for one answer
 */
export async function load(
  urls: readonly string[],
  headers: Record<string, string>,
  { ms, perSecond, timeoutMs = 35_000 }: { ms: number; perSecond: number; timeoutMs?: number },
): Promise<LoadResult> {
  const result: LoadResult = { times: [], statuses: new Map() };
  const ask = async (url: string, dueAt: number): Promise<void> => {
    let status: number;
    try {
      const answer = await fetch(url, { headers, signal: AbortSignal.timeout(timeoutMs) });
      await answer.arrayBuffer();
      status = answer.status;
    } catch {
      status = 0;
    }
    result.times.push(performance.now() - dueAt);
    result.statuses.set(status, (result.statuses.get(status) ?? 0) + 1);
  };
  const startedAt = performance.now();
  const asked: Promise<void>[] = [];
  for (let index = 0; index < (ms / 1_000) * perSecond; index += 1) {
    const dueAt = startedAt + (index * 1_000) / perSecond;
    await pause(Math.max(0, dueAt - performance.now()));
    asked.push(ask(urls[index % urls.length] ?? '', dueAt));
  }
  await Promise.all(asked);
  result.times.sort((a, b) => a - b);
  return result;
}

/**
 * A quantile of ascending times.
 * @param times ascending
 * @param share from 0 to 1
 */
export const quantile = (times: readonly number[], share: number): number =>
  times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;

/**
 * The middle one of some numbers, the upper of two.
 * @param numbers in any order
 */
export const median = (numbers: readonly number[]): number =>
  quantile(
    [...numbers].sort((a, b) => a - b),
    0.5,
  );
