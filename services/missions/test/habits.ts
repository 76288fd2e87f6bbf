import { addDays, dayFromNumber, dayOfWeek, dayRange } from '@orrery/calendar';
import { categoryByPocketcSub } from '@orrery/contracts';
import type { CategorizedTransaction } from '@orrery/contracts';
import { aPurchase } from './open-missions.ts';
import { drawHabits, seededRandom, spendAsBefore } from './synthetic-user.ts';

const twoDigits = (value: number): string => String(value).padStart(2, '0');

/**
 * Thirty days of a synthetic user's purchases, as events tell them.
 * @param seed which user
 * @param lastDay last day with purchases
 * @param days how many
 */
export const monthOf = (seed: number, lastDay: string, days = 30): CategorizedTransaction[] => {
  const random = seededRandom(seed);
  const habits = drawHabits(random);
  return spendAsBefore(habits, { from: addDays(lastDay, 1 - days), to: lastDay }, random).map(
    ({ dayNumber, minute, sub, amountMinor, shop }) =>
      aPurchase({
        category: categoryByPocketcSub(sub)?.slug ?? null,
        won: -amountMinor,
        day: dayFromNumber(dayNumber),
        time: `${twoDigits(Math.floor(minute / 60))}:${twoDigits(minute % 60)}`,
        shop: `Shop ${String(shop)}`,
      }),
  );
};

/**
 * Coffee on every second day and on every Thursday, over 30 days.
 * @param lastDay last day of the history
 */
export const coffeeDrinker = (lastDay: string): CategorizedTransaction[] =>
  [...dayRange(addDays(lastDay, -29), lastDay)].flatMap((day, index) => {
    const isThursday = dayOfWeek(day) === 4;
    return index % 2 === 0 || isThursday
      ? [aPurchase({ category: 'coffee', won: 4500, day, time: '09:10', shop: 'Cafe' })]
      : [];
  });

/** Coffee on three Thursdays of four and now and then on other days, from 16 February to 15 March 2026. */
export const thursdayDrinker = (): CategorizedTransaction[] =>
  [
    '2026-02-16',
    '2026-02-19',
    '2026-02-24',
    '2026-02-26',
    '2026-02-28',
    '2026-03-05',
    '2026-03-06',
    '2026-03-11',
    '2026-03-13',
  ].map((day) => aPurchase({ category: 'coffee', won: 4500, day, time: '09:10', shop: 'Cafe' }));
