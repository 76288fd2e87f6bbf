import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { openDatabase } from '@orrery/mongo';
import { useTestDatabase } from '@orrery/testing';
import { mongoCounts } from '../src/limits/mongo-counts.ts';
import { type RatePolicy, rateLimiter } from '../src/limits/rate-limiter.ts';

const policy: RatePolicy = { name: 'user', limit: 10, windowMs: 60_000 };

describe('request counts of several replicas', () => {
  it('add up in the database, and none is lost when replicas write at the same time', async () => {
    const database = await useTestDatabase();
    const connection = await openDatabase(database.uri, `t${randomUUID().slice(0, 8)}_gateway`);
    const now = () => Date.UTC(2100, 0, 1);
    const replicas = [];
    for (let replica = 0; replica < 3; replica += 1) {
      replicas.push(rateLimiter(await mongoCounts(connection), now));
    }
    replicas.forEach((replica) => {
      replica.charge(policy, 'u1');
      replica.charge(policy, 'u1');
      replica.charge(policy, 'u1');
    });
    await Promise.all(replicas.map((replica) => replica.exchange()));
    replicas.forEach((replica) => replica.charge(policy, 'u1'));
    await Promise.all(replicas.map((replica) => replica.exchange()));

    // The last to write knows all twelve; the first knows at least the nine before.
    expect(Math.min(...replicas.map((replica) => replica.look(policy, 'u1').remaining))).toBe(0);
    const stored = await connection.collection('rate_windows').find().toArray();
    expect(stored.map(({ count }) => count as unknown)).toEqual([12]);

    await connection.dropDatabase();
    await connection.close();
    await database.release();
  });
});
