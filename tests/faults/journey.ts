import { type UserIdentity } from '@orrery/service-kit';
import { aUser, eventually } from '@orrery/testing';
import { decidedAgain, makeRows, pendingWork, type SentRow, upload, wrongMetrics } from './journey-kill.ts';
import { setTimeout as pause } from 'node:timers/promises';
import type { Processes } from './processes.ts';

const SETTLE_MS = 180_000;

/** Rows of one user on their way from an upload to the daily metrics. */
export interface Journey {
  user: UserIdentity;
  rows: readonly SentRow[];
  /** Resolves when ingestion has taken everything. */
  sent: Promise<void>;
}

/**
 * Sends rows through ingestion; repeats a file until it is stored.
 * @param processes at least ingestion, categorization and insights
 * @param count how many rows
 */
export function beginJourney(processes: Processes, count: number): Journey {
  const user = aUser();
  const rows = makeRows(count);
  return { user, rows, sent: upload(processes.of('ingestion').url, user, rows) };
}

const TRICKLE_ROWS = 50;
const TRICKLE_PAUSE_MS = 500;
const MOST_TRICKLE_ROWS = 20_000;

/**
 * Sends some hundred rows a second until told to stop, so that there is always work under way.
 * @param processes at least ingestion, categorization and insights
 * @returns `stop`: ends it and gives what was sent
 */
export function beginTrickle(processes: Processes): { stop(): Promise<Journey> } {
  const user = aUser();
  const rows = makeRows(MOST_TRICKLE_ROWS);
  let count = 0;
  let isOver = false;
  const sending = (async () => {
    while (!isOver && count < rows.length) {
      await upload(processes.of('ingestion').url, user, rows.slice(count, count + TRICKLE_ROWS));
      count += TRICKLE_ROWS;
      await pause(TRICKLE_PAUSE_MS);
    }
  })();
  return {
    stop: async () => {
      isOver = true;
      await sending;
      return { user, rows: rows.slice(0, count), sent: sending };
    },
  };
}

/**
 * Waits until everything has arrived and nothing is under way, and compares it with what was sent.
 * @param processes the services
 * @param journey what was sent
 * @throws Error when something was lost or doubled, or nothing comes to rest
 */
export async function completeJourney(processes: Processes, { rows, sent }: Journey): Promise<void> {
  const { client, namespace } = processes;
  await sent;
  const patience = { timeoutMs: SETTLE_MS, intervalMs: 200 };
  const ledger = processes.collection('insights', 'ledger');
  await eventually(
    () => ledger.countDocuments(),
    (found) => found >= rows.length,
    patience,
  );
  await eventually(
    () => pendingWork(client, namespace),
    (pending) => pending === 0,
    patience,
  );
  const found = {
    raw: await processes.collection('ingestion', 'raw_transactions').countDocuments(),
    decisions: await processes.collection('categorization', 'decisions').countDocuments(),
    ledger: await ledger.countDocuments(),
  };
  const again = await decidedAgain(client, namespace);
  const metrics = await wrongMetrics(client, namespace, rows);
  const isKept =
    Object.values(found).every((count) => count === rows.length) &&
    again.length === 0 &&
    metrics.length === 0;
  if (!isKept) {
    throw new Error(
      `lost or doubled: ${JSON.stringify({ sent: rows.length, ...found, again: again.length, metrics: metrics.slice(0, 3) })}`,
    );
  }
}
