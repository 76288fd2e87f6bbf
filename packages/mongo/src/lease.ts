import { randomUUID } from 'node:crypto';
import type { Connection } from 'mongoose';
import { isDuplicateKey } from './is-duplicate-key.ts';

/** Row of the collection `leases`. */
interface LeaseRow {
  _id: string;
  owner: string | null;
  /** Grows each time the lease changes hands. */
  token: number;
  expiresAt: Date;
}

/**
 * A lease that is held. Between two renewals the holder may be frozen and lose it without knowing, so whatever it writes
 * elsewhere should carry `token`, and a reader should refuse a token older than the newest it has seen.
 */
export interface Lease {
  name: string;
  /** Fencing token: larger than that of every earlier holder. */
  token: number;
  /** Extends the lease by its time to live; false when another holder has it. */
  renew(): Promise<boolean>;
  /** Gives the lease back, so that another holder need not wait. */
  release(): Promise<void>;
}

export interface LeaseOptions {
  /** How long the lease stays with a holder that does not renew it, in milliseconds. */
  ttlMs: number;
}

/**
 * Tries once to take a named lease. Expiry is judged by the database server's clock, so clocks of replicas may differ.
 * @param connection database that all contenders share
 * @param name what is to be done by one contender at a time
 * @param options time to live
 * @returns the lease, or undefined when another holder has it
 */
export async function acquireLease(
  connection: Connection,
  name: string,
  { ttlMs }: LeaseOptions,
): Promise<Lease | undefined> {
  const leases = connection.collection<LeaseRow>('leases');
  const owner = randomUUID();
  const isFree = { $lte: [{ $ifNull: ['$expiresAt', new Date(0)] }, '$$NOW'] };
  const expiry = { $add: ['$$NOW', ttlMs] };
  const take = () =>
    leases.findOneAndUpdate(
      { _id: name },
      [
        {
          $set: {
            owner: { $cond: [isFree, owner, '$owner'] },
            token: { $cond: [isFree, { $add: [{ $ifNull: ['$token', 0] }, 1] }, '$token'] },
            expiresAt: { $cond: [isFree, expiry, '$expiresAt'] },
          },
        },
      ],
      { upsert: true, returnDocument: 'after' },
    );
  const row = await take().catch((error: unknown) => {
    // Two contenders inserted the row of a new lease at the same moment; the loser now sees an ordinary row.
    if (isDuplicateKey(error)) {
      return take();
    }
    throw error;
  });
  if (row?.owner !== owner) {
    return undefined;
  }
  return {
    name,
    token: row.token,
    async renew() {
      const result = await leases.updateOne({ _id: name, owner }, [{ $set: { expiresAt: expiry } }]);
      return result.matchedCount === 1;
    },
    async release() {
      await leases.updateOne({ _id: name, owner }, { $set: { owner: null, expiresAt: new Date(0) } });
    },
  };
}

/**
 * Runs `work` while holding a lease that is renewed in the background.
 * @param connection database that all contenders share
 * @param name what is to be done by one contender at a time
 * @param options time to live
 * @param work gets a signal that is aborted when the lease is lost, and the fencing token
 * @returns `{ ran: true, result }`, or `{ ran: false }` when another holder has the lease
 */
export async function withLease<Result>(
  connection: Connection,
  name: string,
  options: LeaseOptions,
  work: (context: { signal: AbortSignal; token: number }) => Promise<Result>,
): Promise<{ ran: true; result: Result } | { ran: false }> {
  const lease = await acquireLease(connection, name, options);
  if (lease === undefined) {
    return { ran: false };
  }
  const lost = new AbortController();
  const renewal = setInterval(() => {
    lease.renew().then(
      (stillHeld) => {
        if (!stillHeld) {
          lost.abort(new Error(`Lease ${name} was lost`));
        }
      },
      // An unreachable database is no proof of loss; if it lasts, the next holder's larger token decides.
      () => undefined,
    );
  }, options.ttlMs / 3);
  renewal.unref();
  try {
    return { ran: true, result: await work({ signal: lost.signal, token: lease.token }) };
  } finally {
    clearInterval(renewal);
    await lease.release().catch(() => undefined);
  }
}
