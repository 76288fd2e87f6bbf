import { evaluateRule } from './evaluate-rule.ts';
import { nextState, TAKEN_STATES } from './life-cycle.ts';
import type { MissionStep } from './life-cycle.ts';
import type { Mission } from './mission.ts';
import type { NetPurchase } from './purchases.ts';

/** How far the user's rows reach; null when there are none. */
export type LastDayKnown = string | null;

/** When a mission is settled although rows of its last day have not come: this many times the usual wait. */
const LONGEST_WAIT = 4;

/**
 * What a user saved: the mean spending of comparable past periods, less what was spent this time; never below zero.
 * An estimate: it takes for granted that the period would have been like the mean.
 * @param baselineMinor mean spending under the rule in past periods, minor units; null without a past
 * @param spentMinor spending under the rule this time, minor units
 */
export const savedMinor = (baselineMinor: number | null, spentMinor: number): number | null =>
  baselineMinor === null ? null : Math.max(0, baselineMinor - spentMinor);

/**
 * When a mission whose time for late rows is over is to be looked at again; null when it can be settled. Silence is no
 * proof: unless rows of the window's last day or later are known, it waits longer, because the bank may simply not have
 * told yet.
 * @param mission whose `settleAt` has come
 * @param lastDay last day with a row of the user
 * @param now the present
 * @param settleMs usual wait after the window, in milliseconds
 */
export const waitLonger = (
  mission: Mission,
  lastDay: LastDayKnown,
  now: Date,
  settleMs: number,
): Date | null => {
  const latest = mission.endsAt.getTime() + LONGEST_WAIT * settleMs;
  if ((lastDay !== null && lastDay >= mission.window.toDay) || now.getTime() >= latest) {
    return null;
  }
  return new Date(Math.min(now.getTime() + settleMs, latest));
};

/**
 * The final outcome. A mission that was taken on succeeded when its rule was kept; when not one row has come since its
 * window began, nobody can tell, and it expires. One that was not taken on is looked at too, as a comparison for the
 * report, but keeps its state.
 * @param mission that can be settled
 * @param purchases of the user in its currency, after refunds
 * @param lastDay last day with a row of the user
 * @param now the present
 */
export const settleMission = (
  mission: Mission,
  purchases: readonly NetPurchase[],
  lastDay: LastDayKnown,
  now: Date,
): Mission => {
  const { current, kept, spentMinor } = evaluateRule(mission.rule, mission.window, purchases);
  const isKnown = lastDay !== null && lastDay >= mission.window.fromDay;
  const stepWhenTaken: MissionStep = isKnown ? (kept ? 'keep' : 'miss') : 'lapse';
  const step = TAKEN_STATES.includes(mission.state) ? stepWhenTaken : 'expire';
  return {
    ...mission,
    state: nextState(mission.state, step) ?? mission.state,
    current,
    kept,
    spentMinor,
    savedMinor: isKnown && kept ? savedMinor(mission.baselineMinor, spentMinor) : isKnown ? 0 : null,
    settledAt: now,
    version: mission.version + 1,
  };
};
