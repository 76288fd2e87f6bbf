import { nextBeat, onAnchor, PERIODS, placeInMonth } from './period.ts';
import type { Beat, PeriodRule } from './period.ts';

/** One charge of a merchant; `day` counts from 1970-01-01 and `size` is the amount without its sign. */
export interface Charge {
  id: string;
  day: number;
  size: number;
}

/** A rhythm found in charges. */
export interface Rhythm {
  period: PeriodRule;
  charges: readonly Charge[];
  /** Expected days between the first and last charge on which none came. */
  misses: number;
  /** Day on which the next charge is expected. */
  nextDay: number;
  /** First expected day that a charge can still come in time for on a day, for streams whose last charge is missing. */
  expectedFrom(day: number): number;
  /** 0 to 1. */
  confidence: number;
}

interface Walk {
  used: Charge[];
  misses: number;
  /** Days from the expected to the real day, one per charge. */
  residuals: number[];
  /** Beats from the first charge, one per charge. */
  slots: number[];
  /** The last beat on which a charge came. */
  beat: Beat;
}

/** The first charge itself may lie beside its beat by as many days. */
const PHASE_REACH = 3;

/** Charges that tell how far a rhythm of weeks now lies beside its beats. */
const LATEST = 14;

const MOVED_BY = 0.2;

/** An expected day is right when the charge comes within as many days of it; later than that, the next one is due. */
const IN_TIME_DAYS = 3;

/** Days by which the expected day may differ from the anchor that the charges were followed by. */
const SETTLES_WITHIN = 4;

/** Consecutive beats without a charge after which a stream counts as over. */
const MAX_GAP = 2;

const isCalendarPeriod = ({ name }: PeriodRule): boolean =>
  name === 'monthly' || name === 'quarterly' || name === 'annual' || name === 'semimonthly';

const meanOf = (numbers: readonly number[]): number =>
  numbers.reduce((sum, value) => sum + value, 0) / Math.max(1, numbers.length);

/** Follows a rhythm from one charge on, taking the nearest charge at each beat. */
const walk = (
  charges: readonly Charge[],
  start: number,
  period: PeriodRule,
  anchors: readonly number[],
  offset = 0,
): Walk => {
  const first = charges[start];
  const last = charges.at(-1);
  const from = (first?.day ?? 0) + offset;
  const origin: Beat = { day: from, month: anchors.length === 0 ? 0 : placeInMonth(from).month, anchors };
  const result: Walk = {
    used: first === undefined ? [] : [first],
    misses: 0,
    residuals: [-offset],
    slots: [0],
    beat: origin,
  };
  let beat = origin;
  let position = start + 1;
  let gap = 0;
  let slot = 0;
  while (last !== undefined && gap <= MAX_GAP) {
    beat = nextBeat(period.name, beat);
    slot += 1;
    const expected = beat.day;
    if (expected - period.toleranceDays > last.day) {
      break;
    }
    while ((charges[position]?.day ?? Infinity) < expected - period.toleranceDays) {
      position += 1;
    }
    let nearest = -1;
    for (
      let index = position;
      (charges[index]?.day ?? Infinity) <= expected + period.toleranceDays;
      index += 1
    ) {
      const distance = Math.abs((charges[index]?.day ?? 0) - expected);
      if (nearest < 0 || distance < Math.abs((charges[nearest]?.day ?? 0) - expected)) {
        nearest = index;
      }
    }
    const charge = charges[nearest];
    if (charge === undefined) {
      gap += 1;
      continue;
    }
    const residual = charge.day - expected;
    result.used.push(charge);
    result.residuals.push(residual);
    result.slots.push(slot);
    result.misses += gap;
    gap = 0;
    position = nearest + 1;
    if (!isCalendarPeriod(period)) {
      // A rhythm of weeks may drift; one of months stands on its anchor day.
      beat = { ...beat, day: expected + Math.round(MOVED_BY * residual) };
    }
    result.beat = beat;
  }
  return result;
};

const anchorsFrom = (day: number, { name }: PeriodRule): number[][] => {
  const { dayOfMonth } = placeInMonth(day);
  if (name === 'semimonthly') {
    const other = dayOfMonth > 15 ? dayOfMonth - 15 : dayOfMonth + 15;
    return [[dayOfMonth, other]];
  }
  // A first charge after a short month may stand for a later anchor.
  return dayOfMonth >= 28 ? [[dayOfMonth], [31]] : [[dayOfMonth]];
};

const shifted = (anchors: readonly number[], { residuals, used }: Walk): number[] => {
  if (anchors.length === 1) {
    const [anchor = 1] = anchors;
    return [Math.min(31, Math.max(1, Math.round(anchor + meanOf(residuals))))];
  }
  return anchors.map((anchor) => {
    const near = used.flatMap(({ day }) => {
      const { dayOfMonth } = placeInMonth(day);
      const offset = ((((dayOfMonth - anchor + 15) % 30) + 30) % 30) - 15;
      return Math.abs(offset) <= 6 ? [offset] : [];
    });
    return Math.min(31, Math.max(1, Math.round(anchor + meanOf(near))));
  });
};

/**
 * How alike the amounts are, 0 to 1: fixed prices with a few steps are surest, bills that vary within bounds less so.
 * @param sizes amounts in order of time
 */
const amountFit = (sizes: readonly number[]): number => {
  const logs = sizes.map((size) => Math.log(Math.max(1, size)));
  const steps = logs.slice(1).map((value, index) => Math.abs(value - (logs[index] ?? value)));
  const steady = steps.filter((step) => step <= 0.03).length / Math.max(1, steps.length);
  if (steady >= 0.6) {
    return 1;
  }
  const centre = meanOf(logs);
  const spread = meanOf(logs.map((value) => Math.abs(value - centre)));
  return Math.max(0.3, 0.95 - 1.2 * spread);
};

/** Confidence that charges keep a rhythm and did not fall on its beats by chance. */
const rate = (found: Walk, charges: readonly Charge[], period: PeriodRule, readings: number): number => {
  const { used, misses, residuals } = found;
  const [first, last] = [used[0], used.at(-1)];
  if (first === undefined || last === undefined) {
    return 0;
  }
  const inSpan = charges.filter(
    ({ day }) => day >= first.day - period.toleranceDays && day <= last.day + period.toleranceDays,
  ).length;
  const hitRate = used.length / (used.length + misses);
  const purity = used.length / inSpan;
  const dateFit = 1 - meanOf(residuals.map(Math.abs)) / (period.toleranceDays + 1);
  const perDay = inSpan / (last.day - first.day + 1);
  const byChance = Math.min(0.95, 1 - Math.exp(-perDay * (2 * period.toleranceDays + 1)));
  const evidence =
    (used.length - 1) * Math.log(1 / byChance) + misses * Math.log(0.1 / Math.max(0.1, 1 - byChance));
  const fit = amountFit(used.map(({ size }) => size));
  if (used.length === 2 && fit < 1) {
    return 0;
  }
  // Equal amounts are evidence of their own: chance does not repeat a price to the cent.
  // Trying many readings finds coincidences, so each further one costs some of the evidence.
  const withPrice = evidence + (fit === 1 ? 1.5 : 0) - Math.log(readings);
  return (
    hitRate * purity ** 1.2 * dateFit ** 0.4 * fit ** 0.6 * (1 - Math.exp(-Math.max(0, withPrice) / 1.6))
  );
};

/** Distance from a day to the nearest day of the month on which an anchor falls. */
const besideAnchor = (day: number, anchor: number): number => {
  const { month } = placeInMonth(day);
  return Math.min(...[month - 1, month, month + 1].map((each) => Math.abs(onAnchor(each, anchor) - day)));
};

/**
 * The candidate that most distances put within reach, or the nearest to all of them where several do. A mean would
 * follow every stray charge; what is asked of an expected day is to be within reach.
 */
const within = (candidates: readonly number[], distancesFrom: (candidate: number) => number[]): number => {
  let best = { candidate: candidates[0] ?? 0, reached: -1, squares: 0 };
  for (const candidate of candidates) {
    const distances = distancesFrom(candidate);
    const reached = distances.filter((distance) => distance <= IN_TIME_DAYS).length;
    const squares = distances.reduce((sum, distance) => sum + distance ** 2, 0);
    if (reached > best.reached || (reached === best.reached && squares < best.squares)) {
      best = { candidate, reached, squares };
    }
  }
  return best.candidate;
};

const DAYS_OF_MONTH = Array.from({ length: 31 }, (_unused, index) => index + 1);

const settled = ({ used, beat }: Walk): number[] => {
  const near = (anchor: number): number[] =>
    used
      .map(({ day }) => day)
      .filter(
        (day) =>
          besideAnchor(day, anchor) <= Math.min(...beat.anchors.map((other) => besideAnchor(day, other))),
      );
  return beat.anchors.map((anchor) => {
    const days = near(anchor);
    return within(
      [anchor, ...DAYS_OF_MONTH.filter((other) => Math.abs(other - anchor) <= SETTLES_WITHIN)],
      (other) => days.map((day) => besideAnchor(day, other)),
    );
  });
};

/** The first expected day from `from` on, by all charges together instead of by the last one alone. */
const expectedOn = (found: Walk, period: PeriodRule, from: number): number => {
  if (isCalendarPeriod(period)) {
    // From the old anchors to the next beat, or a beat that settles a few days later would be met again.
    const next = nextBeat(period.name, found.beat);
    const anchors = settled(found);
    const onSettled = (beat: Beat): Beat => {
      const index = beat.anchors.findIndex((anchor) => onAnchor(beat.month, anchor) === beat.day);
      return { ...beat, day: onAnchor(beat.month, anchors[Math.max(0, index)] ?? 1) };
    };
    let beat = next;
    while (onSettled(beat).day < from) {
      beat = nextBeat(period.name, beat);
    }
    return onSettled(beat).day;
  }
  const slots = found.slots.slice(-LATEST);
  const starts = found.used.slice(-LATEST).map(({ day }, index) => day - period.days * (slots[index] ?? 0));
  const middle = Math.round(meanOf(starts));
  const phase = within(
    [
      middle,
      ...Array.from({ length: 2 * SETTLES_WITHIN + 1 }, (_unused, index) => middle + index - SETTLES_WITHIN),
    ],
    (candidate) => starts.map((start) => Math.abs(start - candidate)),
  );
  const due = Math.max((slots.at(-1) ?? 0) + 1, Math.ceil((from - phase) / period.days));
  return phase + due * period.days;
};

/**
 * How good a reading of charges is: sure, and explaining many of them, or a stream falls into surer fragments.
 * @param rhythm the reading
 * @param all number of charges of the merchant
 */
export const worthOf = ({ confidence, charges }: Rhythm, all: number): number =>
  confidence * (0.4 + (0.6 * charges.length) / all);

/**
 * The best rhythm in charges, or undefined when none has enough charges.
 * @param charges charges of one merchant, oldest first
 * @param readings how many selections of the merchant's charges are tried
 */
export const fitRhythm = (charges: readonly Charge[], readings: number): Rhythm | undefined => {
  let best: Rhythm | undefined;
  const consider = (found: Walk, period: PeriodRule): void => {
    if (found.used.length < period.minCharges) {
      return;
    }
    const confidence = rate(found, charges, period, readings);
    const rhythm = {
      period,
      charges: found.used,
      misses: found.misses,
      nextDay: expectedOn(found, period, -Infinity),
      expectedFrom: (day: number) =>
        expectedOn(found, period, day - Math.min(IN_TIME_DAYS, period.toleranceDays)),
      confidence,
    };
    if (best === undefined || worthOf(rhythm, charges.length) > worthOf(best, charges.length)) {
      best = rhythm;
    }
  };
  const starts = Math.min(charges.length, 4);
  for (const period of PERIODS) {
    for (let start = 0; start < starts; start += 1) {
      const day = charges[start]?.day;
      if (day === undefined) {
        continue;
      }
      if (!isCalendarPeriod(period)) {
        for (let offset = -PHASE_REACH; offset <= PHASE_REACH; offset += 1) {
          consider(walk(charges, start, period, [], offset), period);
        }
        continue;
      }
      for (const anchors of anchorsFrom(day, period)) {
        const rough = walk(charges, start, period, anchors);
        const finer = walk(charges, start, period, shifted(anchors, rough));
        consider(rough, period);
        consider(finer, period);
        consider(walk(charges, start, period, shifted(anchors, finer)), period);
      }
    }
  }
  return best;
};
