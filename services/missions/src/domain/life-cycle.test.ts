import { describe, expect, it } from '@jest/globals';
import { MISSION_STATES, nextState, stateWhileOpen } from './life-cycle.ts';
import type { MissionStep } from './life-cycle.ts';

const STEPS: readonly MissionStep[] = [
  'accept',
  'dismiss',
  'begin',
  'break',
  'mend',
  'keep',
  'miss',
  'lapse',
  'expire',
];

describe('the life of a mission', () => {
  it('has these steps and no others', () => {
    const table = MISSION_STATES.map((state) =>
      `${state}: ${STEPS.flatMap((step) => nextState(state, step) ?? []).join(' ')}`.trim(),
    );

    expect(table).toEqual([
      'proposed: accepted dismissed expired',
      'accepted: dismissed in_progress failed succeeded failed expired',
      'in_progress: dismissed failed succeeded failed expired',
      'succeeded:',
      'failed: in_progress succeeded failed expired',
      'dismissed:',
      'expired:',
    ]);
  });

  it('follows the standing of a mission that was taken on, and of no other', () => {
    expect(stateWhileOpen('accepted', { kept: true, hasBegun: false })).toBe('accepted');
    expect(stateWhileOpen('accepted', { kept: true, hasBegun: true })).toBe('in_progress');
    expect(stateWhileOpen('in_progress', { kept: false, hasBegun: true })).toBe('failed');
    expect(stateWhileOpen('failed', { kept: true, hasBegun: true })).toBe('in_progress');
    expect(stateWhileOpen('proposed', { kept: false, hasBegun: true })).toBe('proposed');
    expect(stateWhileOpen('dismissed', { kept: false, hasBegun: true })).toBe('dismissed');
  });
});
