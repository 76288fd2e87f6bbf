import { describe, expect, it } from '@jest/globals';
import { eventually } from './eventually.ts';
import { fakeClock } from './fake-clock.ts';

describe('eventually', () => {
  it('returns the first value that is as it should be', async () => {
    let looks = 0;

    const value = await eventually(
      () => ++looks,
      (seen) => seen === 3,
      { intervalMs: 1 },
    );

    expect(value).toBe(3);
  });

  it('takes a throw for "not yet" and fails with the last value', async () => {
    const looking = eventually(
      () => ({ state: 'queued' }),
      ({ state }) => state === 'done',
      { timeoutMs: 20, intervalMs: 1 },
    );
    await expect(looking).rejects.toThrow(/queued/);
    const throwing = eventually(() => Promise.reject(new Error('no row yet')), Boolean, { timeoutMs: 20 });

    await expect(throwing).rejects.toThrow(/no row yet/);
  });
});

describe('the fake clock', () => {
  it('moves only when told and knows the day in a zone', () => {
    const clock = fakeClock('2026-03-16T23:30:00Z');

    expect(clock.today('UTC')).toBe('2026-03-16');
    expect(clock.today('Asia/Seoul')).toBe('2026-03-17');
    clock.advance(30 * 60 * 1000);
    expect(clock.now().toISOString()).toBe('2026-03-17T00:00:00.000Z');
  });
});
