import { dayNumber } from '@orrery/calendar';
import { purchasesOf } from './day-sheet.ts';
import type { DaySheet } from './day-sheet.ts';
import { evaluateRule } from './evaluate-rule.ts';
import { issueMission } from './mission.ts';
import { periodOfTemplate } from './mission-rule.ts';
import type { IssueFrame, Mission } from './mission.ts';
import { instantsOfWindow, windowOf } from './mission-window.ts';
import { proposeMissions } from './propose-missions.ts';
import { netOfRefunds } from './purchases.ts';
import type { NetPurchase } from './purchases.ts';
import type { PastAnswer } from './rank-missions.ts';

/** Everything that an offer depends on. */
export interface OfferInput extends IssueFrame {
  /** Day of the offer, in the period. */
  issuedOn: string;
  /** What the user spent, after refunds, in the currency of the frame. */
  purchases: readonly NetPurchase[];
  segmentSubs: readonly number[];
  /** Answers of the user to earlier missions of any period. */
  answers: readonly PastAnswer[];
}

/**
 * Purchases of one currency after refunds.
 * @param sheets of one user, in all currencies
 * @param currency which
 */
export const netPurchasesIn = (sheets: readonly DaySheet[], currency: string): NetPurchase[] =>
  netOfRefunds(purchasesOf(sheets.filter((sheet) => sheet.currency === currency)));

/**
 * The missions of a user for one period, ready to be offered. One that is lost or over already is not offered.
 * @param input user, period, purchases and earlier answers
 */
export const offerMissions = (input: OfferInput): Mission[] => {
  const { userId, period, periodStart, currency, zone, rollMinute, now, purchases } = input;
  const start = dayNumber(periodStart);
  const present = purchases.filter(({ dayNumber: day }) => day >= start);
  const proposals = proposeMissions({
    userId,
    period,
    periodStart,
    currency,
    rollMinute,
    issuedOn: input.issuedOn,
    purchases,
    segmentSubs: input.segmentSubs,
    answers: input.answers.filter(({ template }) => periodOfTemplate(template) === period),
    isOpen: (rule) => {
      const window = windowOf(rule, period, periodStart, rollMinute);
      return instantsOfWindow(window, zone).endsAt > now && evaluateRule(rule, window, present).kept;
    },
  });
  return proposals.map((proposal) => issueMission(proposal, input, present));
};

/** What to do with the missions of a period when its offer was thought over. */
export interface OfferChange {
  /** Offers that stand, and missions that were answered. */
  stay: Mission[];
  withdraw: Mission[];
  add: Mission[];
}

const isSameKind = (left: Mission, right: Mission): boolean =>
  left.rule.template === right.rule.template && left.rule.sub_id === right.rule.sub_id;

/**
 * Compares what was offered with what would be offered now. Missions that the user has answered stay whatever the data
 * say; unanswered ones are exchanged.
 * @param offered missions of the period so far
 * @param wanted missions that would be offered now
 */
export const changeOffer = (offered: readonly Mission[], wanted: readonly Mission[]): OfferChange => {
  const wantedIds = new Set(wanted.map(({ id }) => id));
  const stay = offered.filter(({ id, state }) => state !== 'proposed' || wantedIds.has(id));
  const withdraw = offered.filter((mission) => !stay.includes(mission));
  const room = wanted.length - stay.length;
  const add = wanted.filter(
    (mission) => !stay.some((known) => known.id === mission.id || isSameKind(known, mission)),
  );
  return { stay, withdraw, add: add.slice(0, Math.max(0, room)) };
};
