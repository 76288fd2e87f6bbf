import { describe, expect, it } from '@jest/globals';
import { type RatePolicy, type SharedCounts, rateHeaders, rateLimiter } from './rate-limiter.ts';

const policy: RatePolicy = { name: 'user', limit: 5, windowMs: 60_000 };

function memoryCounts(): SharedCounts {
  const totals = new Map<string, number>();
  return {
    exchange(counts) {
      for (const { id, added } of counts) {
        totals.set(id, (totals.get(id) ?? 0) + added);
      }
      return Promise.resolve(totals);
    },
  };
}

describe('rate limits', () => {
  it('lets exactly the limit pass in a window and starts anew in the next', () => {
    let now = 60_000;
    const limiter = rateLimiter(undefined, () => now);
    const passed = () => [1, 2, 3, 4, 5, 6].map(() => limiter.charge(policy, 'u1').isOver);

    expect(passed()).toEqual([false, false, false, false, false, true]);
    expect(limiter.charge(policy, 'u2').isOver).toBe(false);
    now += 60_000;
    expect(passed()).toEqual([false, false, false, false, false, true]);
  });

  it('adds up replicas at each exchange', async () => {
    const shared = memoryCounts();
    const [a, b] = [rateLimiter(shared, () => 60_000), rateLimiter(shared, () => 60_000)];
    for (let request = 0; request < 3; request += 1) {
      a.charge(policy, 'u1');
      b.charge(policy, 'u1');
    }
    await a.exchange();
    await b.exchange();

    expect(b.charge(policy, 'u1').isOver).toBe(true);
    a.charge(policy, 'u1');
    await a.exchange();
    expect(a.look(policy, 'u1').isOver).toBe(true);
  });

  it('goes on counting alone when the shared store fails, and catches up afterwards', async () => {
    const good = memoryCounts();
    let isDown = true;
    const limiter = rateLimiter(
      { exchange: (counts) => (isDown ? Promise.reject(new Error('down')) : good.exchange(counts)) },
      () => 60_000,
    );
    limiter.charge(policy, 'u1');
    await expect(limiter.exchange()).rejects.toThrow('down');
    expect(limiter.charge(policy, 'u1').remaining).toBe(3);
    isDown = false;
    await limiter.exchange();

    const other = rateLimiter(good, () => 60_000);
    other.charge(policy, 'u1');
    await other.exchange();
    expect(other.look(policy, 'u1').remaining).toBe(1);
  });

  it('writes nothing for keys far from their limit', async () => {
    const wide: RatePolicy = { name: 'user', limit: 600, windowMs: 60_000 };
    let exchanged = 0;
    const limiter = rateLimiter({
      exchange: (counts) => {
        exchanged += counts.length;
        return Promise.resolve(new Map());
      },
    });
    limiter.charge(wide, 'u1');
    await limiter.exchange();

    expect(exchanged).toBe(0);
  });

  it('writes the fields as the draft has them', () => {
    const limiter = rateLimiter(undefined, () => 60_000);

    expect(rateHeaders([limiter.charge(policy, 'u1')])).toEqual({
      'RateLimit-Policy': '"user";q=5;w=60',
      RateLimit: '"user";r=4;t=60',
    });
  });
});
