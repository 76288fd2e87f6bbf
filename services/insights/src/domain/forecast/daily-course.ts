import { theta } from './members.ts';
import { isSeasonal, median, reseasonalise, trendOf } from './seasonality.ts';
import type { Seasonality } from './seasonality.ts';

const WEEK = 7;

/** Weeks after which a weekday's habit counts half. */
const HALF_LIFE_WEEKS = 13;

/** Fewer weeks than this tell no weekday from another. */
const MIN_WEEKS = 8;

/** Fewer days up to a day than this do not tell whether it is strange. */
const MIN_DAYS_BEFORE = 8;

/** With more empty days than this the middle value says little of the sum, which is what such series are asked for. */
const MAX_EMPTY_SHARE = 0.1;

/** A day counts as strange when it lies this many spreads from the middle of the four weeks up to it. */
const STRANGE = 1.5;

/** Turns a median absolute deviation into the standard deviation of a normal distribution. */
const SPREAD_OF_DEVIATION = 1.4826;

/** Days whose middle value says how large the series is now: the last month of weeks and the two before it together. */
const LEVEL_DAYS = [28, 56] as const;

/** A year of whole weeks, so that weekdays meet weekdays. */
const YEAR = 364;

/** Days around a day of last year, and around the day a year before the last one. */
const YEAR_REACH = { day: 7, base: 28 };

/** Shares of last year's and of the month's course that come back, as powers of the ratio. */
const YEAR_POWER = 0.6;
const MONTH_POWER = 0.7;

/** Last year's course is not believed beyond these ratios. */
const YEAR_RATIO = { low: 0.25, high: 4 };

/** Mean length of a month; the place in it needs no date, only a steady beat. */
const MONTH = 30.4375;

/** Days around a place in the month. */
const MONTH_REACH = 2;

/** Months that make a place in the month more than chance. */
const MIN_MONTHS = 6;

/** Days around a day whose middle value the course of the month is measured against. */
const MONTH_BASE_REACH = 21;

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

const around = (values: readonly number[], centre: number, reach: number): number[] =>
  values.slice(Math.max(0, centre - reach), Math.max(0, centre + reach + 1));

const weightedMedian = (points: readonly { value: number; weight: number }[]): number => {
  const sorted = [...points].sort((left, right) => left.value - right.value);
  const half = sorted.reduce((sum, { weight }) => sum + weight, 0) / 2;
  let passed = 0;
  for (const { value, weight } of sorted) {
    passed += weight;
    if (passed >= half) {
      return value;
    }
  }
  return 0;
};

/** The weekdays as they are now: medians in which older weeks fade. */
const weekdays = (values: readonly number[], kind: 'multiplicative' | 'additive'): Seasonality => {
  const isAdditive = kind === 'additive';
  const points: { value: number; weight: number }[][] = Array.from({ length: WEEK }, () => []);
  trendOf(values, WEEK).forEach((level, t) => {
    const value = values[t] ?? 0;
    if (level !== undefined && (isAdditive || level > 0)) {
      points[t % WEEK]?.push({
        value: isAdditive ? value - level : value / level,
        weight: 0.5 ** ((values.length - t) / WEEK / HALF_LIFE_WEEKS),
      });
    }
  });
  const raw = points.map(weightedMedian);
  const centre = mean(raw);
  const indices = raw.map((index) => (isAdditive ? index - centre : Math.max(0.01, index / centre)));
  return {
    kind,
    indices,
    adjusted: values.map((value, t) => {
      const index = indices[t % WEEK] ?? 0;
      return isAdditive ? value - index : value / index;
    }),
  };
};

/** Strange days moved to the edge of what was usual up to them. Looks back only, so that a part stays what it was. */
const withoutStrangeDays = (values: readonly number[]): number[] =>
  values.map((value, t) => {
    const before = values.slice(Math.max(0, t - LEVEL_DAYS[0]), t + 1);
    if (before.length < MIN_DAYS_BEFORE) {
      return value;
    }
    const middle = median(before);
    const reach = STRANGE * SPREAD_OF_DEVIATION * median(before.map((each) => Math.abs(each - middle)));
    return Math.min(middle + reach, Math.max(middle - reach, value));
  });

/** What last year did on the days ahead against a year before the last day. */
const yearRatio = (calm: readonly number[], step: number): number => {
  const n = calm.length;
  const base = n < YEAR + 2 * YEAR_REACH.base ? 0 : mean(around(calm, n - 1 - YEAR, YEAR_REACH.base));
  const day = n + step - YEAR;
  return base <= 0 || day + YEAR_REACH.day >= n
    ? 1
    : Math.min(YEAR_RATIO.high, Math.max(YEAR_RATIO.low, mean(around(calm, day, YEAR_REACH.day)) / base));
};

/** How large days at each place in the month are against the weeks around them; a function of the step ahead. */
const monthCourse = (values: readonly number[]): ((step: number) => number) => {
  const n = values.length;
  if (n < MIN_MONTHS * MONTH) {
    return () => 1;
  }
  const ratios = values.map((value, t) => {
    const level = median(around(values, t, MONTH_BASE_REACH));
    return level > 0 ? value / level : 1;
  });
  return (step) => {
    const place = (n + step) % MONTH;
    return median(
      ratios.filter((_ratio, t) => {
        const apart = Math.abs((t % MONTH) - place);
        return Math.min(apart, MONTH - apart) <= MONTH_REACH;
      }),
    );
  };
};

const projectReading = (season: Seasonality, horizon: number): { calm: number[]; projected: number[] } => {
  const calm = withoutStrangeDays(season.adjusted);
  const smoothed = theta(calm)(horizon);
  const middles = LEVEL_DAYS.map((days) => median(season.adjusted.slice(-days)));
  const inMonth = monthCourse(season.adjusted);
  return {
    calm,
    projected: smoothed.map((value, step) => {
      const level = mean([value, ...middles]) * yearRatio(calm, step) ** YEAR_POWER;
      return reseasonalise(Math.max(0, level * inMonth(step) ** MONTH_POWER), calm.length + step, season);
    }),
  };
};

/** A strange week hides the others from the test, and a single dear weekday is strange itself, so either will do. */
const repeatsByWeek = (values: readonly number[]): boolean =>
  isSeasonal(values, WEEK) || isSeasonal(withoutStrangeDays(values), WEEK);

/** How a daily series goes on; both lists without the weekdays of `season`. */
export interface DailyCourse {
  season: Seasonality;
  /** The series with strange days moved to the edge of the usual. */
  calm: number[];
  /** One per step ahead. */
  centre: number[];
}

/**
 * Projects daily amounts such as cash withdrawals or shopping: weekdays taken out once by factors and once by summands
 * whose older weeks fade, the level as the mean of Theta on the series without strange days and the middle values of
 * the last four and eight weeks, leaned towards the course of last year and of the month. The two readings are averaged.
 * @param values daily values, oldest first
 * @param horizon days ahead
 * @returns undefined for a series that is too short, has negative or many empty days, or does not repeat by week
 */
export const dailyCourse = (values: readonly number[], horizon: number): DailyCourse | undefined => {
  const empty = values.filter((value) => value === 0).length;
  if (
    values.length < MIN_WEEKS * WEEK ||
    values.some((value) => value < 0) ||
    empty > MAX_EMPTY_SHARE * values.length ||
    !repeatsByWeek(values)
  ) {
    return undefined;
  }
  const season = weekdays(values, 'multiplicative');
  const byFactors = projectReading(season, horizon);
  const bySummands = projectReading(weekdays(values, 'additive'), horizon);
  return {
    season,
    calm: byFactors.calm,
    centre: byFactors.projected.map((value, step) => {
      const both = (value + Math.max(0, bySummands.projected[step] ?? value)) / 2;
      return both / (season.indices[(values.length + step) % WEEK] ?? 1);
    }),
  };
};
