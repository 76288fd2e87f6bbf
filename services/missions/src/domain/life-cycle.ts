/** States of a mission's life. */
export const MISSION_STATES = [
  'proposed',
  'accepted',
  'in_progress',
  'succeeded',
  'failed',
  'dismissed',
  'expired',
] as const;
export type MissionState = (typeof MISSION_STATES)[number];

/**
 * What can happen to a mission. `break` and `mend` are of the moment: until a mission is settled, a refund, a removal or
 * another category can mend what a purchase broke. `keep`, `miss` and `lapse` are final.
 */
export type MissionStep =
  'accept' | 'dismiss' | 'begin' | 'break' | 'mend' | 'keep' | 'miss' | 'lapse' | 'expire';

const TRANSITIONS: Readonly<Record<MissionState, Partial<Record<MissionStep, MissionState>>>> = {
  proposed: { accept: 'accepted', dismiss: 'dismissed', expire: 'expired' },
  accepted: {
    dismiss: 'dismissed',
    begin: 'in_progress',
    break: 'failed',
    keep: 'succeeded',
    miss: 'failed',
    lapse: 'expired',
  },
  in_progress: {
    dismiss: 'dismissed',
    break: 'failed',
    keep: 'succeeded',
    miss: 'failed',
    lapse: 'expired',
  },
  failed: { mend: 'in_progress', keep: 'succeeded', miss: 'failed', lapse: 'expired' },
  succeeded: {},
  dismissed: {},
  expired: {},
};

/**
 * The state after a step, or undefined when the step cannot happen in this state.
 * @param state where the mission is
 * @param step what happens
 */
export const nextState = (state: MissionState, step: MissionStep): MissionState | undefined =>
  TRANSITIONS[state][step];

/** States in which the user has taken a mission on and its outcome is open. */
export const TAKEN_STATES: readonly MissionState[] = ['accepted', 'in_progress', 'failed'];

/**
 * The state of a mission that is not settled, after its standing was looked at again.
 * @param state where the mission is
 * @param seen whether the rule is kept, and whether the window has begun
 */
export const stateWhileOpen = (
  state: MissionState,
  seen: { kept: boolean; hasBegun: boolean },
): MissionState => {
  if (!TAKEN_STATES.includes(state)) {
    return state;
  }
  if (!seen.kept) {
    return nextState(state, 'break') ?? state;
  }
  if (state === 'failed') {
    return nextState(state, 'mend') ?? state;
  }
  return seen.hasBegun ? (nextState(state, 'begin') ?? state) : state;
};
