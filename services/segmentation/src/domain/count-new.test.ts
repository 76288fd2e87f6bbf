import { describe, expect, it } from '@jest/globals';
import { countNew } from './count-new.ts';

describe('counting new transactions', () => {
  it('counts a transaction once although it is decided again', () => {
    expect(countNew([{ decisionVersion: 1 }, { decisionVersion: 2 }, { decisionVersion: 1 }])).toBe(2);
  });
});
