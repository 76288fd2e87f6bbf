import { dayFromNumber } from '@orrery/calendar';
import { achievableLimit, isWithin, permille, roundedLimit, tenthLess } from './achievable-limit.ts';
import type { Band } from './achievable-limit.ts';
import { banRule, countRule, moneyRule, WEEKDAYS } from './mission-rule.ts';
import type { MissionRule } from './mission-rule.ts';
import { weekdayOf } from './mission-window.ts';
import { TIME_BANDS } from './sub-history.ts';
import type { SubHistory } from './sub-history.ts';
import { isSteady, MEAN_EXCESS, quantileNearMiddle, shareBelow, sumOfDays } from './sum-of-days.ts';

/** A mission that a user could be given, with what their own past says about it. */
export interface Candidate {
  rule: MissionRule;
  /** Thousandths of comparable past periods in which the rule was kept without knowing it. */
  successShare: number;
  /** What keeping the rule would have saved in a mean past period, in minor units. */
  savingMinor: number;
  /** Mean spending under the rule in a past period, in minor units: what a saving is measured against. */
  baselineMinor: number;
  /** Past periods behind these figures; overlapping ones count. */
  pastPeriods: number;
}

/** Where the limits come from: currency of the amounts, and the shares that count as achievable. */
export interface Frame {
  currency: string;
  band: Band;
  /** First day of the history, as a number. */
  fromDay: number;
  /** Days of the period that are still to come; all of them when it is offered at its start. */
  remainingDays: number;
  /** What was spent in the period before, by subcategory; absent without purchases. */
  soFar: ReadonlyMap<number, SpentSoFar>;
}

/** What a running period holds already. */
export interface SpentSoFar {
  /** Minor units, never negative. */
  spentMinor: number;
  purchases: number;
}

/** Fewer purchases say too little about a habit. */
const MIN_PURCHASES = 4;

/** A part of the day can be forbidden when this share of purchases, in thousandths, tells its time. */
const MIN_TIMED_SHARE = 800;

const WEEK = 7;

/** Weight, in days, of the user's other weekdays in the estimate for one weekday. */
const WEEKDAY_PRIOR_DAYS = 8;

/** With so few days left of a month, limits move in leaps; whatever is left is asked, and its odds are told. */
const LAST_DAYS = 7;

/** Least share of free days, in thousandths, of a weekday that may be forbidden. */
const LOWEST_WEEKDAY_SHARE = 280;

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

const meanOf = (values: readonly number[]): number =>
  values.length === 0 ? 0 : Math.round(sumOf(values) / values.length);

const countOf = (values: readonly number[], isCounted: (value: number) => boolean): number =>
  values.reduce((count, value) => (isCounted(value) ? count + 1 : count), 0);

const meanExcess = (values: readonly number[], limit: number): number =>
  meanOf(values.map((value) => Math.max(0, value - limit)));

// What purchases beyond the allowed number cost, at the mean price of their day.
const meanCostBeyond = (counts: readonly number[], sums: readonly number[], allowed: number): number =>
  meanOf(
    counts.map((count, index) =>
      count > allowed ? Math.round(((sums[index] ?? 0) * (count - allowed)) / count) : 0,
    ),
  );

const present = (candidates: readonly (Candidate | undefined)[]): Candidate[] =>
  candidates.filter((candidate) => candidate !== undefined);

const banned = (
  rule: MissionRule,
  counts: readonly number[],
  sums: readonly number[],
  band: Band,
): Candidate | undefined => {
  const successShare = permille(
    countOf(counts, (count) => count === 0),
    counts.length,
  );
  const baselineMinor = meanOf(sums);
  return isWithin(successShare, band)
    ? { rule, successShare, savingMinor: baselineMinor, baselineMinor, pastPeriods: counts.length }
    : undefined;
};

/**
 * What could be asked of a user for one day.
 * @param history one subcategory, day by day
 * @param frame currency and band
 */
export const dailyCandidates = (history: SubHistory, { currency, band }: Frame): Candidate[] => {
  const { sub, counts, sums, largest } = history;
  if (history.purchases < MIN_PURCHASES) {
    return [];
  }
  const round = (value: number): number => roundedLimit(value, currency);
  const pastPeriods = counts.length;
  const baselineMinor = meanOf(sums);
  const spend = achievableLimit(sums, round, band);
  const each = achievableLimit(largest, round, band);
  const count = achievableLimit(counts, (value) => value, band);
  const [time] = TIME_BANDS.map((span, index) => ({
    span,
    counts: history.bands[index]?.counts ?? [],
    sums: history.bands[index]?.sums ?? [],
  })).sort((left, right) => sumOf(right.counts) - sumOf(left.counts));
  const tellsTime = permille(history.timed, history.purchases) >= MIN_TIMED_SHARE;
  return present([
    banned(banRule('CATEGORY_BAN_DAILY', sub), counts, sums, band),
    spend && {
      rule: moneyRule('SPEND_CAP_DAILY', sub, { amountMinor: spend.limit, currency }),
      successShare: spend.share,
      savingMinor: meanExcess(sums, spend.limit),
      baselineMinor,
      pastPeriods,
    },
    each && {
      rule: moneyRule('PER_TXN_DAILY', sub, { amountMinor: each.limit, currency }),
      successShare: each.share,
      savingMinor: meanExcess(largest, each.limit),
      baselineMinor,
      pastPeriods,
    },
    count && {
      rule: countRule('COUNT_CAP_DAILY', sub, count.limit),
      successShare: count.share,
      savingMinor: meanCostBeyond(counts, sums, count.limit),
      baselineMinor,
      pastPeriods,
    },
    time !== undefined && tellsTime && sumOf(time.counts) >= MIN_PURCHASES
      ? banned(
          banRule('TIME_BAN_DAILY', sub, {
            time_of_day: [{ start: time.span.start, end: time.span.end }],
          }),
          time.counts,
          time.sums,
          band,
        )
      : undefined,
  ]);
};

// Sums over every run of so many days, so that a few weeks give as many comparable periods as they can.
const runSums = (values: readonly number[], days: number): number[] => {
  const sums: number[] = [];
  let running = 0;
  for (const [index, value] of values.entries()) {
    running += value - (values[index - days] ?? 0);
    if (index >= days - 1) {
      sums.push(running);
    }
  }
  return sums;
};

const NOTHING_YET: SpentSoFar = { spentMinor: 0, purchases: 0 };

const weekdayBan = (history: SubHistory, { band, fromDay }: Frame): Candidate | undefined => {
  const { counts, sums, sub } = history;
  const firstWeekday = WEEKDAYS.indexOf(weekdayOf(dayFromNumber(fromDay)));
  const onWeekday = <Value>(values: readonly Value[], weekday: number): Value[] =>
    values.filter((_unused, index) => (firstWeekday + index) % WEEK === weekday);
  const totals = WEEKDAYS.map((_unused, weekday) => sumOf(onWeekday(counts, weekday)));
  const busiest = totals.indexOf(Math.max(...totals));
  const weekday = WEEKDAYS[busiest];
  if (weekday === undefined) {
    return undefined;
  }
  const onDay = onWeekday(counts, busiest);
  const freeShare = countOf(counts, (count) => count === 0) / counts.length;
  // The busiest weekday looks busier than it is, because it was picked for that: lean towards the other days.
  const successShare = Math.round(
    (1000 * (countOf(onDay, (count) => count === 0) + WEEKDAY_PRIOR_DAYS * freeShare)) /
      (onDay.length + WEEKDAY_PRIOR_DAYS),
  );
  const baselineMinor = meanOf(onWeekday(sums, busiest));
  // A whole week is left for what one day forbids, so a harder one is fair.
  return isWithin(successShare, { ...band, low: Math.min(band.low, LOWEST_WEEKDAY_SHARE) })
    ? {
        rule: banRule('DAY_BAN_WEEKLY', sub, { day_of_week: weekday }),
        successShare,
        savingMinor: baselineMinor,
        baselineMinor,
        pastPeriods: onDay.length,
      }
    : undefined;
};

/**
 * What could be asked of a user for one week. A weekday that is forbidden is the one with most purchases.
 * @param history one subcategory, day by day
 * @param frame currency, band, and where the days begin
 */
export const weeklyCandidates = (history: SubHistory, frame: Frame): Candidate[] => {
  const { currency, band } = frame;
  if (history.purchases < MIN_PURCHASES) {
    return [];
  }
  const { spentMinor, purchases } = frame.soFar.get(history.sub) ?? NOTHING_YET;
  const sums = runSums(history.sums, frame.remainingDays);
  const counts = runSums(history.counts, frame.remainingDays);
  const figures = {
    baselineMinor: meanOf(runSums(history.sums, WEEK)),
    pastPeriods: sums.length,
  };
  // What is left of the week is what can still be kept, so that is what the limit leaves room for.
  const spend = achievableLimit(
    sums,
    (value) => roundedLimit(spentMinor + value, currency) - spentMinor,
    band,
  );
  const count = achievableLimit(counts, (value) => value, band);
  return present([
    weekdayBan(history, frame),
    spend && {
      rule: moneyRule('SPEND_CAP_WEEKLY', history.sub, { amountMinor: spentMinor + spend.limit, currency }),
      successShare: spend.share,
      savingMinor: meanExcess(sums, spend.limit),
      ...figures,
    },
    count && {
      rule: countRule('COUNT_CAP_WEEKLY', history.sub, purchases + count.limit),
      successShare: count.share,
      savingMinor: meanCostBeyond(counts, sums, count.limit),
      ...figures,
    },
  ]);
};

/**
 * What could be asked of a user for a month. Few users have enough whole months behind them, so the month is built from
 * their days: mean, variance and skewness of a day, times the days of the month, with the uncertainty of the mean added.
 * The limit is where such a distribution has the aimed share below it; of a user whose months are all alike a tenth less
 * than usual is asked, whatever the odds. In a month that runs already, the limit is what was spent so far and as much as
 * the days to come leave room for.
 * @param history one subcategory, day by day
 * @param frame currency, band, and what is left of the month
 * @param monthDays days of the month
 */
export const monthlyCandidates = (
  history: SubHistory,
  { currency, band, remainingDays, soFar }: Frame,
  monthDays: number,
): Candidate[] => {
  const { sums, counts, sub } = history;
  if (history.purchases < MIN_PURCHASES) {
    return [];
  }
  const { spentMinor, purchases } = soFar.get(sub) ?? NOTHING_YET;
  const spend = sumOfDays(sums, remainingDays);
  const count = sumOfDays(counts, remainingDays);
  const spendLimit = isSteady(spend)
    ? spentMinor + tenthLess(spend.mean, currency)
    : roundedLimit(spentMinor + Math.max(1, Math.round(quantileNearMiddle(spend))), currency);
  // Half a purchase is the usual correction where a whole number stands for a range.
  const countRoom = isSteady(count)
    ? Math.floor(count.mean * 0.9)
    : Math.round(quantileNearMiddle(count) - 0.5);
  const countLimit = Math.max(1, purchases + Math.max(0, countRoom));
  const price = spend.mean / Math.max(count.mean, 1);
  const isLate = remainingDays <= LAST_DAYS;
  const figures = {
    baselineMinor: Math.round(sumOfDays(sums, monthDays).mean),
    pastPeriods: Math.floor(sums.length / monthDays),
  };
  const candidates = [
    {
      rule: moneyRule('SPEND_CAP_MONTHLY', sub, { amountMinor: spendLimit, currency }),
      successShare: shareBelow(spendLimit - spentMinor, spend),
      savingMinor: isSteady(spend)
        ? Math.max(0, Math.round(spend.mean) - (spendLimit - spentMinor))
        : Math.round(MEAN_EXCESS * spend.deviation),
      isAsked: isSteady(spend) || isLate,
      ...figures,
    },
    {
      rule: countRule('COUNT_CAP_MONTHLY', sub, countLimit),
      successShare: shareBelow(countLimit - purchases + 0.5, count),
      savingMinor: Math.round(
        price *
          (isSteady(count)
            ? Math.max(0, count.mean - (countLimit - purchases))
            : MEAN_EXCESS * count.deviation),
      ),
      isAsked: isSteady(count) || isLate,
      ...figures,
    },
  ];
  return candidates
    .filter(({ successShare, isAsked }) => isAsked || isWithin(successShare, band))
    .map(({ isAsked: _isAsked, ...candidate }) => candidate);
};

const shareKept = (values: readonly number[], limit: number): number =>
  permille(
    countOf(values, (value) => value <= limit),
    values.length,
  );

/**
 * What could be asked of a user who has nothing in any band, because their days or weeks are all alike or purchases
 * are rare: a tenth less than on a usual day or week with purchases, or none at all. The odds are told as they are.
 * @param history one subcategory, day by day
 * @param frame currency, and where the days begin
 * @param period `daily` or `weekly`
 */
export const steadyCandidates = (
  history: SubHistory,
  frame: Frame,
  period: 'daily' | 'weekly',
): Candidate[] => {
  if (history.purchases < MIN_PURCHASES) {
    return [];
  }
  const { sub } = history;
  const { currency } = frame;
  const anything = { low: 0, aim: frame.band.aim, high: 1000 };
  const sums = period === 'daily' ? history.sums : runSums(history.sums, WEEK);
  const counts = period === 'daily' ? history.counts : runSums(history.counts, WEEK);
  const usual = (values: readonly number[]): number => meanOf(values.filter((value) => value > 0));
  const spendLimit = tenthLess(usual(sums), currency);
  const countLimit = Math.floor(usual(counts) * 0.9);
  const figures = { baselineMinor: meanOf(sums), pastPeriods: sums.length };
  const [spendCap, countCap] =
    period === 'daily'
      ? (['SPEND_CAP_DAILY', 'COUNT_CAP_DAILY'] as const)
      : (['SPEND_CAP_WEEKLY', 'COUNT_CAP_WEEKLY'] as const);
  return present([
    period === 'daily'
      ? banned(banRule('CATEGORY_BAN_DAILY', sub), counts, sums, anything)
      : weekdayBan(history, { ...frame, band: anything }),
    {
      rule: moneyRule(spendCap, sub, { amountMinor: spendLimit, currency }),
      successShare: shareKept(sums, spendLimit),
      savingMinor: meanExcess(sums, spendLimit),
      ...figures,
    },
    countLimit < 1
      ? undefined
      : {
          rule: countRule(countCap, sub, countLimit),
          successShare: shareKept(counts, countLimit),
          savingMinor: meanCostBeyond(counts, sums, countLimit),
          ...figures,
        },
  ]);
};
