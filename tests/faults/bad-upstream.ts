import { setTimeout as pause } from 'node:timers/promises';
import { type LoadResult, load, median, quantile } from './load.ts';
import type { Processes } from './processes.ts';

/** How long and how often the routes of healthy services are measured. */
export interface Measuring {
  /** Length of one window, in milliseconds. */
  windowMs: number;
  /** Pairs of windows, one without and one with the fault. */
  rounds: number;
  /** Pairs in all when the first ones break the promise: a neighbour on the machine may have done that. */
  mostRounds: number;
}

/** What is done to one upstream, and how it ends. */
export interface Fault {
  spoil(): void;
  repair(): void;
}

/** 99th percentiles of both kinds of windows, in milliseconds, in the order of the rounds. */
interface Measured {
  before: number[];
  during: number[];
  /** The longest time from a repair to the first good answer. */
  slowestReturnMs: number;
  /** Answers of the bad route by status, over all windows with the fault. */
  bad: Map<number, number>;
}

const HEALTHY_PER_SECOND = 100;
const SPOILED_PER_SECOND = 25;
const MOST_TIMES_SLOWER = 2;
const BACK_MS = 5_000;
/** After a repair, what had piled up is answered first; that belongs to neither window. */
const SETTLE_MS = 1_000;

const words = (statuses: ReadonlyMap<number, number>): string =>
  [...statuses].map(([status, count]) => `${count} × ${status === 0 ? 'no answer' : status}`).join(', ');

const ratioOf = ({ before, during }: Measured): number => median(during) / median(before);

/**
 * Measures routes of healthy services without and with one bad upstream, in turns, so that both meet the same machine:
 * open load, the 99th percentile of each window, and the medians of these. A window with the fault begins with the
 * fault itself.
 * @param processes at least the gateway, identity, ingestion, categorization and insights, which is the bad one
 * @param fault what is done to insights
 * @param measuring how long and how often
 * @returns what was measured, in a few words
 * @throws Error when healthy routes fail or take more than twice as long, or the bad route hangs or stays away
 */
export async function besideABadUpstream(
  processes: Processes,
  fault: Fault,
  { windowMs, rounds, mostRounds }: Measuring,
): Promise<string> {
  const headers = processes.signIn('a-user-beside-it');
  const origin = processes.of('gateway').url;
  const spoiled = `${origin}/v1/transactions?limit=5`;
  const healthy = [`${origin}/v1/categories`, `${origin}/v1/rules`, `${origin}/v1/accounts`];
  const askHealthy = (ms: number): Promise<LoadResult> =>
    load(healthy, headers, { ms, perSecond: HEALTHY_PER_SECOND });
  const askSpoiled = (ms: number): Promise<LoadResult> =>
    load([spoiled], headers, { ms, perSecond: SPOILED_PER_SECOND });

  const measured: Measured = { before: [], during: [], slowestReturnMs: 0, bad: new Map() };
  await Promise.all([askHealthy(windowMs), askSpoiled(windowMs)]);
  const round = async (): Promise<void> => {
    await Promise.all([askHealthy(SETTLE_MS), askSpoiled(SETTLE_MS)]);
    const [before, well] = await Promise.all([askHealthy(windowMs), askSpoiled(windowMs)]);
    check(isAll200(well), `without a fault the route answered ${words(well.statuses)}`);
    fault.spoil();
    const answers = askSpoiled(windowMs);
    const during = await askHealthy(windowMs);
    fault.repair();
    const backMs = await untilGood(spoiled, headers);
    const bad = await answers;
    for (const [status, count] of bad.statuses) {
      measured.bad.set(status, (measured.bad.get(status) ?? 0) + count);
    }
    for (const { statuses } of [before, during]) {
      check(isAll200({ statuses }), `healthy routes answered ${words(statuses)}`);
    }
    measured.before.push(quantile(before.times, 0.99));
    measured.during.push(quantile(during.times, 0.99));
    measured.slowestReturnMs = Math.max(measured.slowestReturnMs, backMs);
  };
  while (
    measured.before.length < rounds ||
    (measured.before.length < mostRounds && ratioOf(measured) > MOST_TIMES_SLOWER)
  ) {
    await round();
  }
  check(
    [...measured.bad.keys()].every((status) => [200, 502, 503, 504].includes(status)),
    `the bad route answered ${words(measured.bad)}`,
  );
  const before = median(measured.before).toFixed(0);
  const during = median(measured.during).toFixed(0);
  check(
    ratioOf(measured) <= MOST_TIMES_SLOWER,
    `p99 of healthy routes rose from ${before} to ${during} ms (${ratioOf(measured).toFixed(2)} times, ${measured.before.length} pairs of windows)`,
  );
  const back = (measured.slowestReturnMs / 1_000).toFixed(1);
  return `p99 of other routes ${before} → ${during} ms (× ${ratioOf(measured).toFixed(2)}, ${measured.before.length} pairs of windows); bad route: ${words(measured.bad)}, good again after at most ${back} s`;
}

function check(holds: boolean, sentence: string): void {
  if (!holds) {
    throw new Error(sentence);
  }
}

const isAll200 = ({ statuses }: Pick<LoadResult, 'statuses'>): boolean =>
  statuses.size === 1 && statuses.has(200);

/** Asks until the answer is good; returns how long that took. */
async function untilGood(url: string, headers: Record<string, string>): Promise<number> {
  const startedAt = performance.now();
  for (;;) {
    const { statuses } = await load([url], headers, { ms: 1, perSecond: 1_000, timeoutMs: BACK_MS });
    const ms = performance.now() - startedAt;
    if (statuses.has(200)) {
      return ms;
    }
    check(ms <= BACK_MS, `the route was not good again ${(ms / 1_000).toFixed(1)} s after the fault ended`);
    await pause(100);
  }
}
