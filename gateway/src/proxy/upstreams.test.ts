import { describe, expect, it } from '@jest/globals';
import { upstreams } from './upstreams.ts';

const weighted = new Map([
  [
    'insights',
    [
      { origin: 'http://a', weight: 90 },
      { origin: 'http://b', weight: 10 },
    ],
  ],
]);
const address = () => 'http://only';

describe('upstreams', () => {
  it('gives each address its share and keeps a user on one', () => {
    const picks = upstreams(address, weighted);
    const users = Array.from({ length: 2_000 }, (_value, index) => `user-${index}`);
    const toB = users.filter((user) => picks.pick('insights', user).origin === 'http://b');

    expect(toB.length / users.length).toBeGreaterThan(0.06);
    expect(toB.length / users.length).toBeLessThan(0.14);
    expect(toB.every((user) => picks.pick('insights', user).origin === 'http://b')).toBe(true);
  });

  it('takes another address after a failure', () => {
    const picks = upstreams(address, weighted);
    const first = picks.pick('insights', 'u1');

    expect(picks.pick('insights', 'u1', first).origin).not.toBe(first.origin);
  });

  it('stops asking an address that fails, tries one request after a second, and closes when it works', () => {
    let now = 0;
    const picks = upstreams(address, new Map(), () => now);
    for (let failure = 0; failure < 5; failure += 1) {
      picks.pick('insights', undefined).breaker.failed();
    }

    expect(() => picks.pick('insights', undefined)).toThrow('cannot be reached');
    now = 1_000;
    const probe = picks.pick('insights', undefined);
    expect(() => picks.pick('insights', undefined)).toThrow('cannot be reached');
    probe.breaker.succeeded();
    expect(picks.pick('insights', undefined).origin).toBe('http://only');
  });

  it('stays closed when only a few of many requests fail', () => {
    const picks = upstreams(address, new Map(), () => 0);
    for (let request = 0; request < 100; request += 1) {
      const { breaker } = picks.pick('insights', undefined);
      (request % 3 === 0 ? breaker.failed : breaker.succeeded)();
    }

    expect(picks.pick('insights', undefined).origin).toBe('http://only');
  });

  it('repeats at most a tenth of the requests', () => {
    const picks = upstreams(address, new Map(), () => 0);
    let repeats = 0;
    for (let request = 0; request < 1_000; request += 1) {
      picks.pick('insights', undefined);
      repeats += picks.mayRepeat() ? 1 : 0;
    }

    expect(repeats).toBeLessThanOrEqual(130);
    expect(repeats).toBeGreaterThan(90);
  });
});
