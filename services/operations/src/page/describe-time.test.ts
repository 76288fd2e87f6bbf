import { expect, it } from '@jest/globals';
import { shortDuration, shortInstant } from './describe-time.ts';

it.each([
  [-5, '0.0 s'],
  [1_240, '1.2 s'],
  [59_400, '59 s'],
  [61_000, '1 min 1 s'],
  [3_600_000 + 5 * 60_000, '1 h 5 min'],
  [49 * 3_600_000, '2 d 1 h'],
])('says %s ms as %s', (ms, text) => {
  expect(shortDuration(ms)).toBe(text);
});

it('shows an instant without what a table does not need', () => {
  expect(shortInstant('2026-11-30T04:05:06.789Z')).toBe('2026-11-30 04:05:06');
});
