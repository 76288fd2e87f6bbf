import { diffDays } from '@orrery/calendar';
import { BAND } from './achievable-limit.ts';
import type { Candidate } from './candidates.ts';
import type { MissionPeriod, MissionTemplate } from './mission-rule.ts';
import { fitOf } from './template-weights.ts';

/** What a user did with a mission of an earlier period of the same kind. */
export interface PastAnswer {
  template: MissionTemplate;
  sub: number;
  periodStart: string;
  answer: 'taken' | 'refused';
}

/** Parts of a score, so that a ranking can be explained; each in thousandths of its own weight. */
export interface Score {
  /** How much it would save, against the most that any candidate would. */
  saving: number;
  /** How near its odds are to the aim. */
  odds: number;
  /** How fitting its kind is for the category. */
  fit: number;
  /** Whether people of the user's segment spend more than others here. */
  segment: number;
  /** Whether it was not taken lately. */
  fresh: number;
  /** Lot drawn from user, period and mission, so that equals differ from person to person and day to day. */
  lot: number;
  total: number;
}

export interface RankedCandidate extends Candidate {
  score: Score;
}

/** What a ranking depends on beside the candidates. */
export interface RankingFrame {
  userId: string;
  period: MissionPeriod;
  periodStart: string;
  /** Subcategories in which the user's segment spends more than others. */
  segmentSubs: readonly number[];
  answers: readonly PastAnswer[];
}

const DAILY_WEIGHTS = { saving: 300, odds: 150, fit: 250, segment: 120, fresh: 180, lot: 200 };

// There is only one mission of a week or month, so chance has to see to it that it is not the same kind every time.
const LONG_WEIGHTS = { saving: 150, odds: 100, fit: 150, segment: 120, fresh: 180, lot: 500 };

const WEIGHTS: Readonly<Record<MissionPeriod, typeof DAILY_WEIGHTS>> = {
  daily: DAILY_WEIGHTS,
  weekly: LONG_WEIGHTS,
  monthly: LONG_WEIGHTS,
};

/** After this many days a mission that was taken is as fresh as any, and one that was refused may be offered again. */
const MEMORY_DAYS: Readonly<Record<MissionPeriod, number>> = { daily: 7, weekly: 28, monthly: 92 };

/** Periods whose missions count as just done. */
const JUST_DONE_DAYS: Readonly<Record<MissionPeriod, number>> = { daily: 1, weekly: 7, monthly: 31 };

/** Most missions about one subcategory in a period. */
const MOST_PER_SUB = 2;

/** What a second mission about the same subcategory, or of the same kind, loses. */
const SAME_SUB_LOSS = 250;
const SAME_KIND_LOSS = 120;

// FNV-1a with a final mix: a lot needs to be even and quick, not secret.
const lotOf = (text: string): number => {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return ((hash ^ (hash >>> 13)) >>> 0) % 1000;
};

const daysSince = (answers: readonly PastAnswer[], frame: RankingFrame): number =>
  Math.min(...answers.map(({ periodStart }) => diffDays(periodStart, frame.periodStart)), Infinity);

const answersTo = (candidate: Candidate, frame: RankingFrame, answer: PastAnswer['answer']): PastAnswer[] =>
  frame.answers.filter(
    (past) =>
      past.answer === answer &&
      past.template === candidate.rule.template &&
      past.sub === candidate.rule.sub_id &&
      past.periodStart < frame.periodStart,
  );

const weighted = (parts: Omit<Score, 'total'>, weights: typeof DAILY_WEIGHTS): number =>
  Math.round(
    (parts.saving * weights.saving +
      parts.odds * weights.odds +
      parts.fit * weights.fit +
      parts.segment * weights.segment +
      parts.fresh * weights.fresh +
      parts.lot * weights.lot) /
      1000,
  );

const scoreOf = (candidate: Candidate, mostSaved: number, frame: RankingFrame): Score => {
  const { template, sub_id: sub } = candidate.rule;
  const memory = MEMORY_DAYS[frame.period];
  const sinceTaken = daysSince(answersTo(candidate, frame, 'taken'), frame);
  const parts = {
    saving: mostSaved === 0 ? 0 : Math.round((1000 * candidate.savingMinor) / mostSaved),
    odds: Math.max(0, 1000 - Math.round((1000 * Math.abs(candidate.successShare - BAND.aim)) / 300)),
    fit: fitOf(template, sub),
    segment: frame.segmentSubs.includes(sub) ? 1000 : 0,
    fresh: sinceTaken >= memory ? 1000 : Math.round((1000 * sinceTaken) / memory),
    lot: lotOf(`${frame.userId}|${frame.periodStart}|${template}|${String(sub)}`),
  };
  return { ...parts, total: weighted(parts, WEIGHTS[frame.period]) };
};

const byScore = (left: RankedCandidate, right: RankedCandidate): number =>
  right.score.total - left.score.total ||
  left.rule.sub_id - right.rule.sub_id ||
  (left.rule.template < right.rule.template ? -1 : 1);

/**
 * Orders candidates, best first. The same user, period, history and answers give the same order; what was refused
 * lately, or done in the period before, is left out.
 * @param candidates what could be asked
 * @param frame user, period, segment and earlier answers
 */
export const rankCandidates = (candidates: readonly Candidate[], frame: RankingFrame): RankedCandidate[] => {
  const allowed = candidates.filter((candidate) => {
    const sinceRefused = daysSince(answersTo(candidate, frame, 'refused'), frame);
    const sinceTaken = daysSince(answersTo(candidate, frame, 'taken'), frame);
    return sinceRefused > 2 * MEMORY_DAYS[frame.period] && sinceTaken > JUST_DONE_DAYS[frame.period];
  });
  const mostSaved = Math.max(0, ...allowed.map(({ savingMinor }) => savingMinor));
  return allowed
    .map((candidate) => ({ ...candidate, score: scoreOf(candidate, mostSaved, frame) }))
    .sort(byScore);
};

/**
 * Takes the best of a ranking one by one; each makes others about the same subcategory or of the same kind less
 * welcome, so that a day's missions differ.
 * @param ranked best first
 * @param most how many to take
 */
export const pickVaried = (ranked: readonly RankedCandidate[], most: number): RankedCandidate[] => {
  const picked: RankedCandidate[] = [];
  let rest = [...ranked];
  const welcome = ({ rule, score }: RankedCandidate): number => {
    const sameSub = picked.filter((other) => other.rule.sub_id === rule.sub_id).length;
    const sameKind = picked.filter((other) => other.rule.template === rule.template).length;
    return sameSub >= MOST_PER_SUB
      ? -Infinity
      : score.total - sameSub * SAME_SUB_LOSS - sameKind * SAME_KIND_LOSS;
  };
  while (picked.length < most) {
    let best: RankedCandidate | undefined;
    let bestWelcome = -Infinity;
    for (const candidate of rest) {
      const value = welcome(candidate);
      if (value > bestWelcome) {
        best = candidate;
        bestWelcome = value;
      }
    }
    if (best === undefined) {
      break;
    }
    const taken = best;
    picked.push(taken);
    rest = rest.filter((candidate) => candidate !== taken);
  }
  return picked;
};
