import { addDays, daysInMonth, dayNumber, dayOfWeek, dayParts, type CalendarDay } from '@orrery/calendar';
import type { Habit, Standing } from './merchants.ts';
import type { Persona } from './personas.ts';
import { seededRandom, type SeededRandom } from './seeded-random.ts';

/** Something that happened on an account, before it has an identifier. */
export interface RowDraft {
  /** Names the happening within its item, so that a repeat gives the same identifiers. */
  key: string;
  accountKey: string;
  authorizedDay: CalendarDay;
  postedDay: CalendarDay;
  /** In currency units; positive is money out. */
  amount: number;
  currency: string;
  name: string;
  merchant: string | null;
  pfc: string;
  channel: 'online' | 'in store' | 'other';
  code: string | null;
  city: string | null;
  region: string | null;
  country: string | null;
}

const DAYS_PER_MONTH = 30.4;
// Saturdays see more shopping and Mondays less; the seven shares average 1. Monday first.
const WEEKDAY_SHARE = [0.8, 0.85, 0.9, 0.95, 1.15, 1.3, 1.05];
const DECEMBER_SHARE = 1.35;
const RISE_AFTER_DAYS = 365;
const LARGEST_REFUND_SHARE = 0.03;

const roundFor = (currency: string, amount: number): number =>
  currency === 'KRW' ? Math.round(amount / 100) * 100 : Math.round(amount * 100) / 100;

const printed = (text: string, random: SeededRandom): string =>
  text.replaceAll('#', () => String(random.between(0, 9)));

const fallsOn = (standing: Standing, day: CalendarDay): boolean => {
  if ('days' in standing.every) {
    return dayNumber(day) % standing.every.days === standing.every.offset;
  }
  const { year, month, dayOfMonth } = dayParts(day);
  const wanted = standing.every.dayOfMonth === 28 ? daysInMonth(year, month) : standing.every.dayOfMonth;
  return dayOfMonth === wanted;
};

const standingRow = (
  persona: Persona,
  standing: Standing,
  day: CalendarDay,
  risenFrom: CalendarDay,
  random: SeededRandom,
): RowDraft => {
  const risen = standing.rise !== undefined && day >= risenFrom ? 1 + standing.rise : 1;
  const varied = 1 + (standing.varies ?? 0) * (random.next() * 2 - 1);
  return {
    key: `standing:${standing.text}:${standing.account}:${day}`,
    accountKey: standing.account,
    authorizedDay: day,
    postedDay: day,
    amount: roundFor(persona.currency, standing.amount * risen * varied),
    currency: persona.currency,
    name: printed(standing.text, random),
    merchant: standing.merchant,
    pfc: standing.pfc,
    channel: standing.merchant === null ? 'other' : 'online',
    code: standing.code ?? null,
    city: null,
    region: null,
    country: null,
  };
};

const habitRow = (
  persona: Persona,
  habit: Habit,
  day: CalendarDay,
  ordinal: number,
  random: SeededRandom,
): RowDraft => {
  // Most purchases are nearer to the lower end.
  const amount = habit.from + (habit.to - habit.from) * random.next() ** 1.8;
  const isRefund = habit.channel === 'online' && random.next() < LARGEST_REFUND_SHARE;
  const inStore = habit.channel === 'in store';
  return {
    key: `habit:${habit.text}:${day}:${String(ordinal)}`,
    accountKey: habit.account ?? 'credit',
    authorizedDay: day,
    postedDay: addDays(day, random.between(1, 3)),
    amount: roundFor(persona.currency, isRefund ? -amount : amount),
    currency: persona.currency,
    name: printed(habit.text, random),
    merchant: habit.merchant,
    pfc: habit.pfc,
    channel: habit.channel,
    code: habit.pfc === 'TRANSFER_OUT_WITHDRAWAL' ? 'atm' : null,
    city: inStore ? persona.city : null,
    region: inStore ? persona.region : null,
    country: inStore ? persona.country : null,
  };
};

/**
 * What a persona does on one day. The same persona, seed and day always give the same rows.
 * @param persona who
 * @param seed of the sandbox
 * @param day which day
 * @param linkedDay day on which the bank was linked; prices rose a year before it
 */
export const rowsOfDay = (
  persona: Persona,
  seed: string,
  day: CalendarDay,
  linkedDay: CalendarDay,
): RowDraft[] => {
  const risenFrom = addDays(linkedDay, -RISE_AFTER_DAYS);
  const rows: RowDraft[] = [];
  for (const standing of persona.standing) {
    if (fallsOn(standing, day)) {
      // Both legs of a transfer vary alike: the seed knows the day and the category, not the account.
      rows.push(
        standingRow(
          persona,
          standing,
          day,
          risenFrom,
          seededRandom(`${seed}:${persona.username}:${standing.pfc.replace(/_(IN|OUT)_/u, '_')}:${day}`),
        ),
      );
    }
  }
  const random = seededRandom(`${seed}:${persona.username}:${day}`);
  const share = (WEEKDAY_SHARE[dayOfWeek(day) - 1] ?? 1) * (dayParts(day).month === 12 ? DECEMBER_SHARE : 1);
  for (const habit of persona.habits) {
    const expected = (habit.timesPerMonth / DAYS_PER_MONTH) * share;
    const count = Math.floor(expected) + (random.next() < expected % 1 ? 1 : 0);
    for (let ordinal = 0; ordinal < count; ordinal += 1) {
      rows.push(habitRow(persona, habit, day, ordinal, random));
    }
  }
  return rows;
};

/**
 * A purchase that a refresh of a dynamic user brings.
 * @param persona who
 * @param seed of the sandbox
 * @param day today
 * @param refresh how many refreshes there were
 * @param ordinal which of the purchases of this refresh
 */
export const refreshedRow = (
  persona: Persona,
  seed: string,
  day: CalendarDay,
  refresh: number,
  ordinal: number,
): RowDraft => {
  const name = `${seed}:${persona.username}:refresh:${String(refresh)}:${String(ordinal)}`;
  const random = seededRandom(name);
  const habit = persona.habits[random.between(0, persona.habits.length - 1)];
  if (habit === undefined) {
    throw new Error(`${persona.username} has no habits`);
  }
  return {
    ...habitRow(persona, habit, day, ordinal, random),
    key: `refresh:${String(refresh)}:${String(ordinal)}`,
    accountKey: 'checking',
  };
};

/**
 * Many rows for measuring: spread evenly over the two years before a day.
 * @param persona whose habits they follow
 * @param seed of the sandbox
 * @param lastDay newest day
 * @param count how many
 */
export const volumeRows = (
  persona: Persona,
  seed: string,
  lastDay: CalendarDay,
  count: number,
): RowDraft[] => {
  const random = seededRandom(`${seed}:volume`);
  return Array.from({ length: count }, (_, index) => {
    const day = addDays(lastDay, -3 - Math.floor(((count - 1 - index) / count) * 720));
    const habit = persona.habits[random.between(0, persona.habits.length - 1)];
    if (habit === undefined) {
      throw new Error(`${persona.username} has no habits`);
    }
    const row = habitRow(persona, habit, day, index, random);
    return { ...row, key: `volume:${String(index)}`, accountKey: 'checking', postedDay: day };
  });
};
