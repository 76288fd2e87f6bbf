import { dayFromNumber, dayNumber } from '@orrery/calendar';
import type { CalendarDate } from '@orrery/contracts';
import { merchantKey } from '../detector-transaction.ts';
import type { DetectorTransaction } from '../detector-transaction.ts';
import { fitRhythm, worthOf } from './fit-rhythm.ts';
import type { Charge, Rhythm } from './fit-rhythm.ts';
import type { PeriodName } from './period.ts';

/** `early`: too few charges to be sure. `late`: the next one is overdue. `ended`: none for one and a half periods. */
export type StreamState = 'early' | 'mature' | 'late' | 'ended';

/** A recurring payment or income. */
export interface RecurringStream {
  merchant: string;
  currency: string;
  /** Oldest first. */
  transactionIds: string[];
  period: PeriodName;
  state: StreamState;
  /** Mean of the last charges at the present price, signed minor units. */
  averageMinor: number;
  lastDate: CalendarDate;
  /** Expected day of the next charge; null when the stream has ended. */
  nextDate: CalendarDate | null;
  /** 0 to 1. */
  confidence: number;
}

/** Set on the generator of the benchmark: below it false streams outnumber true ones. */
const MIN_CONFIDENCE = 0.5;

/** What is left of a merchant after a first stream must be surer, or fragments of it are reported again. */
const MIN_FURTHER = 0.6;

/** Amounts further apart than this belong to different prices (natural logarithm of the ratio). */
const PRICE_GAP = Math.log(1.08);

/** A stream may go on at another price within this ratio. */
const PRICE_CHANGE = { low: 0.6, high: 1.7 };

const MAX_STREAMS_PER_MERCHANT = 6;

const byDay = (left: Charge, right: Charge): number => left.day - right.day;

/** Charges grouped by price: sorted amounts are cut where the step is wider than the gap. */
const priceClusters = (charges: readonly Charge[]): Charge[][] => {
  const sorted = [...charges].sort((left, right) => left.size - right.size);
  const clusters: Charge[][] = [];
  let previous: Charge | undefined;
  for (const charge of sorted) {
    const current = clusters.at(-1);
    if (
      current === undefined ||
      previous === undefined ||
      Math.log(charge.size / previous.size) > PRICE_GAP
    ) {
      clusters.push([charge]);
    } else {
      current.push(charge);
    }
    previous = charge;
  }
  return clusters.map((cluster) => cluster.sort(byDay));
};

const without = (charges: readonly Charge[], used: readonly Charge[]): Charge[] => {
  const ids = new Set(used.map(({ id }) => id));
  return charges.filter(({ id }) => !ids.has(id));
};

const surest = (charges: readonly Charge[]): Rhythm | undefined => {
  const clusters = priceClusters(charges).filter(({ length }) => length >= 2 && length < charges.length);
  return [fitRhythm(charges, 1), ...clusters.map((cluster) => fitRhythm(cluster, clusters.length))].reduce(
    (best, rhythm) =>
      rhythm !== undefined &&
      (best === undefined || worthOf(rhythm, charges.length) > worthOf(best, charges.length))
        ? rhythm
        : best,
    undefined,
  );
};

/** Beats that a stream may pause and still be the same one. */
const MAX_PAUSE = 3;

/** Whether the second rhythm is the first one going on, at another price or after a pause. */
const continues = (first: Rhythm, second: Rhythm): boolean => {
  const [end, start] = [first.charges.at(-1), second.charges[0]];
  if (first.period !== second.period || end === undefined || start === undefined || start.day <= end.day) {
    return false;
  }
  const ratio = start.size / end.size;
  const beatsLater = Math.round((start.day - first.nextDay) / first.period.days);
  const offBeat = Math.abs(start.day - first.nextDay - beatsLater * first.period.days);
  return (
    ratio > PRICE_CHANGE.low &&
    ratio < PRICE_CHANGE.high &&
    beatsLater >= 0 &&
    beatsLater <= MAX_PAUSE &&
    offBeat <= first.period.toleranceDays + 1
  );
};

const joined = (rhythms: readonly Rhythm[]): Rhythm[] => {
  const ordered = [...rhythms].sort(
    (left, right) => (left.charges[0]?.day ?? 0) - (right.charges[0]?.day ?? 0),
  );
  const result: Rhythm[] = [];
  for (const rhythm of ordered) {
    const index = result.findIndex((earlier) => continues(earlier, rhythm));
    const earlier = result[index];
    if (earlier === undefined) {
      result.push(rhythm);
      continue;
    }
    result[index] = {
      ...rhythm,
      charges: [...earlier.charges, ...rhythm.charges],
      misses: earlier.misses + rhythm.misses,
      confidence: Math.max(earlier.confidence, rhythm.confidence),
    };
  }
  return result;
};

const streamsOf = (charges: readonly Charge[]): Rhythm[] => {
  const found: Rhythm[] = [];
  let rest = [...charges].sort(byDay);
  while (found.length < MAX_STREAMS_PER_MERCHANT) {
    const rhythm = surest(rest);
    if (rhythm === undefined || rhythm.confidence < (found.length === 0 ? MIN_CONFIDENCE : MIN_FURTHER)) {
      break;
    }
    found.push(rhythm);
    rest = without(rest, rhythm.charges);
  }
  return joined(found);
};

const stateOf = ({ period, charges, nextDay }: Rhythm, today: number): StreamState => {
  const sinceLast = today - (charges.at(-1)?.day ?? today);
  if (sinceLast > 1.5 * period.days + period.toleranceDays) {
    return 'ended';
  }
  if (today > nextDay + period.toleranceDays) {
    return 'late';
  }
  return charges.length < period.matureCharges ? 'early' : 'mature';
};

/** Mean of the latest charges that are near the latest price, so that an old price does not blur the new one. */
const presentAmount = (charges: readonly Charge[]): number => {
  const last = charges.at(-1);
  if (last === undefined) {
    return 0;
  }
  const recent = charges.slice(-6);
  const steady = recent.filter(({ size }) => Math.abs(Math.log(size / last.size)) <= 0.03);
  const used = steady.length * 2 >= recent.length || steady.length >= 2 ? steady : recent;
  return Math.round(used.reduce((sum, { size }) => sum + size, 0) / used.length);
};

/**
 * Finds recurring payments and income: charges are grouped by merchant, currency and direction, and a rhythm is
 * sought in the whole group and in each of its prices. Looks at the given transactions only and takes the last one's
 * day as today.
 * @param transactions of one user, in any order
 * @returns streams, surest first
 */
export const detectRecurring = (transactions: readonly DetectorTransaction[]): RecurringStream[] => {
  const today = Math.max(...transactions.map(({ date }) => dayNumber(date)), 0);
  const groups = Map.groupBy(
    transactions.filter(({ amountMinor }) => amountMinor !== 0),
    ({ merchant, currency, amountMinor }) =>
      `${merchantKey(merchant)}\n${currency}\n${amountMinor < 0 ? 'out' : 'in'}`,
  );
  return [...groups.values()]
    .flatMap((group) => {
      const sign = (group[0]?.amountMinor ?? 0) < 0 ? -1 : 1;
      const charges = group.map(({ id, date, amountMinor }) => ({
        id,
        day: dayNumber(date),
        size: Math.abs(amountMinor),
      }));
      return streamsOf(charges).map((rhythm): RecurringStream => {
        const state = stateOf(rhythm, today);
        return {
          merchant: group.at(-1)?.merchant ?? '',
          currency: group[0]?.currency ?? '',
          transactionIds: rhythm.charges.map(({ id }) => id),
          period: rhythm.period.name,
          state,
          averageMinor: sign * presentAmount(rhythm.charges),
          lastDate: dayFromNumber(rhythm.charges.at(-1)?.day ?? today),
          nextDate: state === 'ended' ? null : dayFromNumber(rhythm.expectedFrom(today)),
          confidence: Math.round(rhythm.confidence * 1000) / 1000,
        };
      });
    })
    .sort((left, right) => right.confidence - left.confidence);
};
