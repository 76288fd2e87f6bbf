import { createHash } from 'node:crypto';
import type { CalendarDay } from '@orrery/calendar';
import { evaluateRule } from './evaluate-rule.ts';
import type { MissionState } from './life-cycle.ts';
import { stateWhileOpen } from './life-cycle.ts';
import type { MissionPeriod, MissionRule } from './mission-rule.ts';
import { instantsOfWindow, windowOf } from './mission-window.ts';
import type { MissionWindow } from './mission-window.ts';
import type { Proposal } from './propose-missions.ts';
import type { NetPurchase } from './purchases.ts';

/** A mission of a user. Amounts are minor units of `currency`. */
export interface Mission extends Proposal {
  id: string;
  period: MissionPeriod;
  periodStart: CalendarDay;
  currency: string;
  /** IANA zone in which the window was cut. */
  zone: string;
  window: MissionWindow;
  startsAt: Date;
  /** First instant after the window. */
  endsAt: Date;
  /** When it is looked at for the last time, so that transactions which come late still count. */
  settleAt: Date;
  state: MissionState;
  /** Segment of the user when it was issued. */
  segmentId: string | null;
  issuedAt: Date;
  acceptedAt: Date | null;
  dismissedAt: Date | null;
  settledAt: Date | null;
  /** Purchases, or minor units, under the rule so far. */
  current: number;
  target: number;
  /** Whether the rule is kept so far; at settlement, whether it was. */
  kept: boolean;
  spentMinor: number;
  /** Against the user's own mean, never negative; null before settlement, and without a past to compare with. */
  savedMinor: number | null;
  /** Grows with every change. */
  version: number;
}

/** What a new mission takes from the period it is for. */
export interface IssueFrame {
  userId: string;
  period: MissionPeriod;
  periodStart: CalendarDay;
  currency: string;
  zone: string;
  rollMinute: number;
  /** Time after the window for late transactions, in milliseconds. */
  settleMs: number;
  segmentId: string | null;
  now: Date;
}

/**
 * Id of a mission, made of what it is: the same user, period, zone and rule always give the same id, so that nothing is
 * created twice.
 * @param frame user, period and zone
 * @param rule what it asks for
 */
const missionId = (
  { userId, periodStart, zone }: Pick<IssueFrame, 'userId' | 'periodStart' | 'zone'>,
  rule: MissionRule,
): string =>
  createHash('sha256')
    .update(
      JSON.stringify([
        userId,
        periodStart,
        zone,
        rule.template,
        rule.sub_id,
        rule.value,
        rule.currency,
        rule.time_of_day,
        rule.day_of_week,
      ]),
    )
    .digest('base64url')
    .slice(0, 27);

/**
 * A mission as it is first offered.
 * @param proposal what is asked
 * @param frame user and period
 * @param purchases of the user after refunds, for the part of the period that is over
 */
export const issueMission = (
  proposal: Proposal,
  frame: IssueFrame,
  purchases: readonly NetPurchase[],
): Mission => {
  const { period, periodStart, currency, zone, segmentId, now } = frame;
  const window = windowOf(proposal.rule, period, periodStart, frame.rollMinute);
  const { startsAt, endsAt } = instantsOfWindow(window, zone);
  const { current, target, kept, spentMinor } = evaluateRule(proposal.rule, window, purchases);
  return {
    ...proposal,
    id: missionId(frame, proposal.rule),
    period,
    periodStart,
    currency,
    zone,
    window,
    startsAt,
    endsAt,
    settleAt: new Date(endsAt.getTime() + frame.settleMs),
    state: 'proposed',
    segmentId,
    issuedAt: now,
    acceptedAt: null,
    dismissedAt: null,
    settledAt: null,
    current,
    target,
    kept,
    spentMinor,
    savedMinor: null,
    version: 1,
  };
};

/**
 * A mission after the purchases were looked at again; null when nothing changed. It looks at everything that is known,
 * so events may come late, twice or in any order. A mission that is settled stays as it is.
 * @param mission as it is
 * @param purchases of the user in its currency, after refunds
 * @param now the present
 */
export const withProgress = (
  mission: Mission,
  purchases: readonly NetPurchase[],
  now: Date,
): Mission | null => {
  if (mission.settledAt !== null) {
    return null;
  }
  const { current, kept, spentMinor } = evaluateRule(mission.rule, mission.window, purchases);
  const state = stateWhileOpen(mission.state, { kept, hasBegun: now >= mission.startsAt });
  const isSame =
    current === mission.current &&
    kept === mission.kept &&
    spentMinor === mission.spentMinor &&
    state === mission.state;
  return isSame ? null : { ...mission, current, kept, spentMinor, state, version: mission.version + 1 };
};
