import { diffDays } from '@orrery/calendar';
import type { CategorizedTransaction } from '@orrery/contracts';
import type { DayBand, DayPlace } from './types.ts';

/**
 * Largest distance in days between the day a purchase happened and the day the bank posted it. A time stamp further
 * away is a fault of the source, and the posting day is used; stores rely on this bound to find a day's rows by the
 * index on posting days.
 */
export const MAX_POSTING_LAG_DAYS = 7;

const bandOfHour = (hour: number): DayBand => {
  if (hour < 6 || hour >= 22) {
    return 'night';
  }
  if (hour < 12) {
    return 'morning';
  }
  return hour < 19 ? 'afternoon' : 'evening';
};

/**
 * Makes the function that puts transactions on a user's calendar: the local day and part of the day of the purchase
 * when its instant is known and close to the posting day, else the posting day without a part.
 * @param zone IANA time zone of the user
 * @throws RangeError when the zone is unknown
 */
export const placeInZone = (
  zone: string,
): ((transaction: Pick<CategorizedTransaction, 'postedOn' | 'occurredAt'>) => DayPlace) => {
  // Built once per zone: making a formatter costs a thousand times more than using it.
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    hourCycle: 'h23',
  });

  return ({ postedOn, occurredAt }) => {
    if (occurredAt === undefined) {
      return { day: postedOn, band: null };
    }
    const parts = new Map(format.formatToParts(new Date(occurredAt)).map((part) => [part.type, part.value]));
    const day = `${parts.get('year') ?? ''}-${parts.get('month') ?? ''}-${parts.get('day') ?? ''}`;
    if (Math.abs(diffDays(postedOn, day)) > MAX_POSTING_LAG_DAYS) {
      return { day: postedOn, band: null };
    }
    return { day, band: bandOfHour(Number(parts.get('hour'))) };
  };
};
