import type { ClientSession, Connection } from 'mongoose';

export interface TransactionOptions {
  /** Most attempts at the whole transaction; default 12. */
  maxAttempts?: number;
  /** No new attempt starts after this many milliseconds; default 20,000. */
  deadlineMs?: number;
  /** Ceiling of the random pause before the second attempt, in milliseconds, doubled for each next; default 5. */
  firstPauseMs?: number;
}

const MAX_PAUSE_MS = 500;
const MAX_COMMIT_ATTEMPTS = 10;

/**
 * Runs `work` in one database transaction and returns its result. Transient conflicts (another transaction touched the
 * same document, a fail-over) repeat the whole of `work`, so it must have no effect outside the session.
 * @param connection database of the service
 * @param work does every read and write with the session it is given
 * @param options bounds of the retries
 * @returns what `work` returned in the attempt that committed
 * @throws what `work` threw, or the last database error when the bounds are reached
 */
export async function inTransaction<Result>(
  connection: Connection,
  work: (session: ClientSession) => Promise<Result>,
  options: TransactionOptions = {},
): Promise<Result> {
  const { maxAttempts = 12, deadlineMs = 20_000, firstPauseMs = 5 } = options;
  const startedAt = performance.now();
  const session = await connection.startSession();
  try {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await attemptOnce(session, work);
      } catch (error) {
        const outOfTime = performance.now() - startedAt >= deadlineMs;
        if (!hasErrorLabel(error, 'TransientTransactionError') || attempt >= maxAttempts || outOfTime) {
          throw error;
        }
        await jitteredPause(firstPauseMs * 2 ** (attempt - 1));
      }
    }
  } finally {
    await session.endSession();
  }
}

/**
 * Whether the server or the driver put a label on an error, for instance `TransientTransactionError`.
 * @param error anything that was thrown
 * @param label label to look for, also on the error's cause
 */
export function hasErrorLabel(error: unknown, label: string): boolean {
  if (typeof error !== 'object' || error === null) {
    return false;
  }
  if ('errorLabels' in error && Array.isArray(error.errorLabels) && error.errorLabels.includes(label)) {
    return true;
  }
  return 'cause' in error && error.cause !== error && hasErrorLabel(error.cause, label);
}

async function attemptOnce<Result>(
  session: ClientSession,
  work: (session: ClientSession) => Promise<Result>,
): Promise<Result> {
  session.startTransaction({ readConcern: { level: 'snapshot' }, writeConcern: { w: 'majority' } });
  let result: Result;
  try {
    result = await work(session);
  } catch (error) {
    if (session.inTransaction()) {
      // The first error is the one to report; a failed abort is undone by the server when the session ends.
      await session.abortTransaction().catch(() => undefined);
    }
    throw error;
  }
  await commit(session);
  return result;
}

/** Repeats only the commit while its outcome is unknown: the server answers a repeated commit with the first outcome. */
async function commit(session: ClientSession): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await session.commitTransaction();
      return;
    } catch (error) {
      if (!hasErrorLabel(error, 'UnknownTransactionCommitResult') || attempt >= MAX_COMMIT_ATTEMPTS) {
        throw error;
      }
      await jitteredPause(10 * 2 ** (attempt - 1));
    }
  }
}

/** Full jitter, so that two transactions which met once do not meet again in step. */
function jitteredPause(ceilingMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, Math.random() * Math.min(ceilingMs, MAX_PAUSE_MS));
  });
}
