import { dayNumber, dayParts, daysInMonth, diffDays } from '@orrery/calendar';
import type { CalendarDay } from '@orrery/calendar';
import { BAND, WIDE_BAND } from './achievable-limit.ts';
import type { Band } from './achievable-limit.ts';
import { dailyCandidates, monthlyCandidates, steadyCandidates, weeklyCandidates } from './candidates.ts';
import type { Candidate, SpentSoFar } from './candidates.ts';
import { defaultRules } from './default-missions.ts';
import type { MissionPeriod, MissionRule } from './mission-rule.ts';
import { periodEndOf } from './mission-window.ts';
import type { NetPurchase } from './purchases.ts';
import { pickVaried, rankCandidates } from './rank-missions.ts';
import type { RankingFrame, Score } from './rank-missions.ts';
import { splitBySub } from './sub-history.ts';
import type { History } from './sub-history.ts';
import { mayBeAsked } from './template-weights.ts';

/** How many days of the past a proposal looks at, and how many it needs. */
export const HISTORY_DAYS: Readonly<Record<MissionPeriod, { most: number; least: number }>> = {
  daily: { most: 56, least: 10 },
  weekly: { most: 84, least: 14 },
  monthly: { most: 120, least: 21 },
};

/** A pause longer than this is taken for data that has not come, not for days without spending. */
const LONGEST_PAUSE_DAYS = 3;

const MOST: Readonly<Record<MissionPeriod, number>> = { daily: 5, weekly: 1, monthly: 1 };

export type Difficulty = 'easy' | 'medium' | 'hard';

/** A mission to be offered, with what the user's own past says about it; null figures where there is no past. */
export interface Proposal {
  rule: MissionRule;
  isDefault: boolean;
  difficulty: Difficulty;
  points: number;
  successShare: number | null;
  savingMinor: number | null;
  baselineMinor: number | null;
  pastPeriods: number;
  score: Score | null;
}

export interface ProposalInput extends RankingFrame {
  rollMinute: number;
  /** Currency of the purchases. */
  currency: string;
  /** Day of the offer: the first of the period, or a later one when nobody asked before. */
  issuedOn: CalendarDay;
  /** What the user spent, after refunds; the day of the offer and what follows are not looked at. */
  purchases: readonly NetPurchase[];
  /** Whether a mission can still be won: its window is not over, and nothing has broken the rule yet. */
  isOpen(rule: MissionRule): boolean;
}

const BASE_POINTS: Readonly<Record<MissionPeriod, number>> = { daily: 10, weekly: 30, monthly: 100 };
const TENTHS: Readonly<Record<Difficulty, number>> = { easy: 10, medium: 15, hard: 20 };

/**
 * How hard a mission is for this user.
 * @param successShare thousandths of past periods that kept the rule; null when unknown
 */
export const difficultyOf = (successShare: number | null): Difficulty => {
  if (successShare === null || successShare >= 600) {
    return 'easy';
  }
  return successShare >= 500 ? 'medium' : 'hard';
};

/**
 * Points for keeping a mission.
 * @param period kind of period
 * @param difficulty for this user
 */
export const pointsOf = (period: MissionPeriod, difficulty: Difficulty): number =>
  (BASE_POINTS[period] * TENTHS[difficulty]) / 10;

// The days of the past that a proposal rests on: up to the day before the offer, or to the last day with spending when
// data seem to be missing since.
const historyBefore = ({ period, issuedOn, purchases, currency }: ProposalInput): History | undefined => {
  const start = dayNumber(issuedOn);
  let first = Infinity;
  let last = -Infinity;
  for (const { dayNumber: day } of purchases) {
    if (day < start) {
      first = Math.min(first, day);
      last = Math.max(last, day);
    }
  }
  const toDay = start - 1 - last > LONGEST_PAUSE_DAYS ? last : start - 1;
  const { most, least } = HISTORY_DAYS[period];
  const fromDay = Math.max(first, toDay - most + 1);
  return toDay - fromDay + 1 < least ? undefined : { currency, fromDay, toDay, purchases };
};

const spentSoFar = ({ periodStart, issuedOn, purchases }: ProposalInput): Map<number, SpentSoFar> => {
  const [from, to] = [dayNumber(periodStart), dayNumber(issuedOn)];
  const soFar = new Map<number, SpentSoFar>();
  for (const { dayNumber: day, sub, spentMinor } of purchases) {
    if (day >= from && day < to) {
      const known = soFar.get(sub) ?? { spentMinor: 0, purchases: 0 };
      soFar.set(sub, {
        spentMinor: Math.max(0, known.spentMinor + spentMinor),
        purchases: known.purchases + (spentMinor > 0 ? 1 : 0),
      });
    }
  }
  return soFar;
};

/** How candidates are sought: within a band, or as a tenth less than usual. */
type Search = Band | 'steady';

const candidatesOf = (input: ProposalInput, history: History, search: Search): Candidate[] => {
  const band = search === 'steady' ? WIDE_BAND : search;
  const frame = {
    currency: history.currency,
    band,
    fromDay: history.fromDay,
    remainingDays: diffDays(input.issuedOn, periodEndOf(input.period, input.periodStart)) + 1,
    soFar: spentSoFar(input),
  };
  const { year, month } = dayParts(input.periodStart);
  const all: Candidate[] = [];
  for (const [sub, subHistory] of splitBySub(history, input.rollMinute)) {
    if (!mayBeAsked(sub)) {
      continue;
    }
    const { period } = input;
    if (period === 'monthly') {
      all.push(...monthlyCandidates(subHistory, frame, daysInMonth(year, month)));
    } else if (search === 'steady') {
      all.push(...steadyCandidates(subHistory, frame, period));
    } else {
      all.push(...(period === 'daily' ? dailyCandidates : weeklyCandidates)(subHistory, frame));
    }
  }
  return all.filter(({ rule }) => input.isOpen(rule));
};

const defaultsOf = ({ period, currency }: ProposalInput): Proposal[] =>
  defaultRules(period, currency).map((rule) => ({
    rule,
    isDefault: true,
    difficulty: 'easy',
    points: pointsOf(period, 'easy'),
    successShare: null,
    savingMinor: null,
    baselineMinor: null,
    pastPeriods: 0,
    score: null,
  }));

/**
 * The missions to offer a user for a period: up to five for a day, one for a week or month. Pure and repeatable: the
 * same user, period, purchases and answers give the same missions. A user whose days are all alike is asked for a tenth
 * less. Without enough history, or without anything to save on, the default missions stand in, marked as such.
 * @param input user, period, history, segment and earlier answers
 */
export const proposeMissions = (input: ProposalInput): Proposal[] => {
  const history = historyBefore(input);
  if (history === undefined) {
    return defaultsOf(input);
  }
  for (const search of [BAND, WIDE_BAND, 'steady'] as const) {
    const picked = pickVaried(
      rankCandidates(candidatesOf(input, history, search), input),
      MOST[input.period],
    );
    if (picked.length > 0) {
      return picked.map((candidate) => {
        const difficulty = difficultyOf(candidate.successShare);
        return {
          ...candidate,
          isDefault: false,
          difficulty,
          points: pointsOf(input.period, difficulty),
        };
      });
    }
  }
  return defaultsOf(input);
};
