import type { Connection } from 'mongoose';
import { acquireLease, type Lease } from './lease.ts';

/** One step of a database's history. It may run again after a crash, so it must be safe to repeat. */
export interface Migration {
  /** Sorts in the order of application, for instance `001-index-transactions-by-day`. */
  id: string;
  run(connection: Connection): Promise<void>;
}

export interface MigrateOptions {
  /** Lease of one run, in milliseconds; default 60,000. */
  leaseTtlMs?: number;
  /** How long to wait for another process that migrates, in milliseconds; default 120,000. */
  waitMs?: number;
}

/** Row of the collection `migrations`. */
interface MigrationRow {
  _id: string;
  appliedAt: Date;
}

/** Another process held the migration lease for longer than the caller would wait. */
export class MigrationBusyError extends Error {
  readonly code = 'migration-busy';
  constructor(waitedMs: number) {
    super(`Another process has been migrating this database for more than ${String(waitedMs)} ms`);
    this.name = 'MigrationBusyError';
  }
}

const POLL_MS = 100;

/**
 * Applies the migrations that the database has not recorded yet, in order, one process at a time. A migration is
 * recorded after it ran; a crash in between runs it again.
 * @param connection database of the service
 * @param migrations every step ever made, oldest first
 * @param options lease and waiting time
 * @returns ids that were applied by this call
 * @throws TypeError when the ids are not in ascending order or repeat
 * @throws MigrationBusyError when another process does not finish in time
 */
export async function migrate(
  connection: Connection,
  migrations: readonly Migration[],
  options: MigrateOptions = {},
): Promise<string[]> {
  const { leaseTtlMs = 60_000, waitMs = 120_000 } = options;
  assertAscending(migrations);
  const lease = await waitForLease(connection, leaseTtlMs, waitMs);
  const renewal = setInterval(() => {
    lease.renew().catch(() => undefined);
  }, leaseTtlMs / 3);
  renewal.unref();
  try {
    const applied = connection.collection<MigrationRow>('migrations');
    const known = new Set((await applied.find().toArray()).map((row) => row._id));
    const pending = migrations.filter(({ id }) => !known.has(id));
    for (const migration of pending) {
      await migration.run(connection);
      await applied.updateOne(
        { _id: migration.id },
        { $setOnInsert: { appliedAt: new Date() } },
        { upsert: true },
      );
    }
    return pending.map(({ id }) => id);
  } finally {
    clearInterval(renewal);
    await lease.release();
  }
}

function assertAscending(migrations: readonly Migration[]): void {
  migrations.reduce((previous, { id }) => {
    if (id <= previous) {
      throw new TypeError(`Migration ${id} must sort after ${previous}`);
    }
    return id;
  }, '');
}

async function waitForLease(connection: Connection, ttlMs: number, waitMs: number): Promise<Lease> {
  const giveUpAt = performance.now() + waitMs;
  for (;;) {
    const lease = await acquireLease(connection, 'migrate', { ttlMs });
    if (lease !== undefined) {
      return lease;
    }
    if (performance.now() >= giveUpAt) {
      throw new MigrationBusyError(waitMs);
    }
    await new Promise((resolve) => {
      setTimeout(resolve, POLL_MS);
    });
  }
}
