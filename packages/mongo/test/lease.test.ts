import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Connection } from 'mongoose';
import { acquireLease, withLease } from '../src/lease.ts';
import { openTestDatabase } from './test-database.ts';

/** Tries until the lease is free; the test's own time limit bounds it. */
async function acquireInTime(connection: Connection, name: string) {
  for (;;) {
    const lease = await acquireLease(connection, name, { ttlMs: 10_000 });
    if (lease !== undefined) {
      return lease;
    }
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
}

describe('a lease', () => {
  let database: Awaited<ReturnType<typeof openTestDatabase>>;
  let connection: Connection;

  beforeAll(async () => {
    database = await openTestDatabase();
    connection = database.connection;
  });

  afterAll(() => database.remove());

  it('is held by one of many contenders that ask at the same moment', async () => {
    const leases = await Promise.all(
      Array.from({ length: 10 }, () => acquireLease(connection, 'race', { ttlMs: 10_000 })),
    );

    expect(leases.filter((lease) => lease !== undefined)).toHaveLength(1);
  });

  it('goes to the next contender when it is released, with a larger token', async () => {
    const first = await acquireLease(connection, 'handover', { ttlMs: 10_000 });
    await first?.release();

    const second = await acquireLease(connection, 'handover', { ttlMs: 10_000 });

    expect(second?.token).toBeGreaterThan(first?.token ?? Number.POSITIVE_INFINITY);
  });

  it('goes to the next contender when it expires, and the old holder learns it', async () => {
    const first = await acquireLease(connection, 'expiry', { ttlMs: 50 });

    const second = await acquireInTime(connection, 'expiry');

    expect(await first?.renew()).toBe(false);
    expect(await second.renew()).toBe(true);
    await first?.release();
    expect(await acquireLease(connection, 'expiry', { ttlMs: 50 })).toBeUndefined();
  });

  it('is kept by a holder that renews it, for longer than its time to live', async () => {
    let others = 0;

    const outcome = await withLease(connection, 'long work', { ttlMs: 300 }, async ({ signal }) => {
      const endAt = performance.now() + 900;
      while (performance.now() < endAt) {
        others += (await acquireLease(connection, 'long work', { ttlMs: 300 })) === undefined ? 0 : 1;
      }
      return signal.aborted;
    });

    expect(outcome).toEqual({ ran: true, result: false });
    expect(others).toBe(0);
    expect(await acquireLease(connection, 'long work', { ttlMs: 300 })).toBeDefined();
  });

  it('lets no second run begin while the first works', async () => {
    const gate = Promise.withResolvers<undefined>();
    const begun = Promise.withResolvers<undefined>();
    const first = withLease(connection, 'job', { ttlMs: 10_000 }, async () => {
      begun.resolve(undefined);
      await gate.promise;
    });
    await begun.promise;

    const second = await withLease(connection, 'job', { ttlMs: 10_000 }, () => Promise.resolve());
    gate.resolve(undefined);
    await first;

    expect(second).toEqual({ ran: false });
  });
});
