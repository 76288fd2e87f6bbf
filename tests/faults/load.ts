/** Answers that came while something was wrong. */
export interface LoadResult {
  /** Milliseconds, ascending. */
  times: number[];
  /** Answers by status; 0 for none. */
  statuses: Map<number, number>;
}

/**
 * Asks the same address with a steady number of askers.
 * @param url what to ask
 * @param headers of each request
 * @param options how long and how many at once
 */
export async function load(
  url: string,
  headers: Record<string, string>,
  { ms, askers, timeoutMs = 35_000 }: { ms: number; askers: number; timeoutMs?: number },
): Promise<LoadResult> {
  const result: LoadResult = { times: [], statuses: new Map() };
  const until = performance.now() + ms;
  const ask = async (): Promise<void> => {
    while (performance.now() < until) {
      const startedAt = performance.now();
      let status: number;
      try {
        const answer = await fetch(url, { headers, signal: AbortSignal.timeout(timeoutMs) });
        await answer.arrayBuffer();
        status = answer.status;
      } catch {
        status = 0;
      }
      result.times.push(performance.now() - startedAt);
      result.statuses.set(status, (result.statuses.get(status) ?? 0) + 1);
      // Askers that never pause would measure the machine and not the gateway.
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  await Promise.all(Array.from({ length: askers }, ask));
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
