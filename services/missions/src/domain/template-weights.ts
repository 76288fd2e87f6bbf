import { POCKETC_SUBS } from '@orrery/contracts';
import type { MissionTemplate } from './mission-rule.ts';

type Habit = 'ban' | 'count' | 'each' | 'spend' | 'time';

type Weights = Partial<Record<Habit, number>>;

const SMALL_TREATS: Weights = { count: 500, each: 300, ban: 200 };
const SHOPPING: Weights = { spend: 600, each: 300, count: 100 };
const PASTIMES: Weights = { spend: 450, each: 350, count: 200 };
const ANYTHING_ELSE: Weights = { spend: 500, each: 300, count: 200 };

/** How fitting each kind of mission is, in thousandths, by subcategory of PocketC. */
const WEIGHTS: ReadonlyMap<number, Weights> = new Map<number, Weights>([
  ...[1, 2, 4, 30].map((sub): [number, Weights] => [sub, SMALL_TREATS]),
  [5, { time: 600, spend: 250, each: 150 }],
  [6, { spend: 600, each: 400, count: 100 }],
  [9, { each: 500, spend: 400, count: 100 }],
  ...[15, 25, 26, 27, 29, 31].map((sub): [number, Weights] => [sub, SHOPPING]),
  ...[23, 28, 32, 39].map((sub): [number, Weights] => [sub, PASTIMES]),
]);

const HABITS: Readonly<Record<MissionTemplate, Habit>> = {
  CATEGORY_BAN_DAILY: 'ban',
  SPEND_CAP_DAILY: 'spend',
  PER_TXN_DAILY: 'each',
  COUNT_CAP_DAILY: 'count',
  TIME_BAN_DAILY: 'time',
  DAY_BAN_WEEKLY: 'ban',
  SPEND_CAP_WEEKLY: 'spend',
  COUNT_CAP_WEEKLY: 'count',
  SPEND_CAP_MONTHLY: 'spend',
  COUNT_CAP_MONTHLY: 'count',
};

/** Public transport, fuel, streaming and the pharmacy: not fixed, and still nothing to be talked out of. */
const NOT_TO_SAVE_ON: ReadonlySet<number> = new Set([8, 10, 18, 20]);

const neverAsked: ReadonlySet<number> = new Set(
  POCKETC_SUBS.filter(({ id, fixed }) => fixed || NOT_TO_SAVE_ON.has(id)).map(({ id }) => id),
);

/**
 * Whether missions may be about a subcategory: never about rent, bills, insurance, loans, savings, transfers, medical
 * care, courses, transport to work and the like.
 * @param sub its id
 */
export const mayBeAsked = (sub: number): boolean => !neverAsked.has(sub);

/**
 * How fitting a kind of mission is for a subcategory, in thousandths; 0 when it is not.
 * @param template kind of mission
 * @param sub subcategory of PocketC
 */
export const fitOf = (template: MissionTemplate, sub: number): number => {
  const weights = WEIGHTS.get(sub) ?? ANYTHING_ELSE;
  // Forbidding one weekday is mild, so it suits whatever may be capped by number.
  const habit = template === 'DAY_BAN_WEEKLY' ? 'count' : HABITS[template];
  return weights[habit] ?? 0;
};
