import { categoryByPocketcSub, Currency, POCKETC_SUBS } from '@orrery/contracts';
import { formatDecimal } from '@orrery/money';
import { z } from 'zod';

/** How long a mission lasts. */
export const PERIODS = ['daily', 'weekly', 'monthly'] as const;
export type MissionPeriod = (typeof PERIODS)[number];

/** The kinds of missions, by the names that clients of PocketC know. */
export const TEMPLATES = [
  'CATEGORY_BAN_DAILY',
  'SPEND_CAP_DAILY',
  'PER_TXN_DAILY',
  'COUNT_CAP_DAILY',
  'TIME_BAN_DAILY',
  'DAY_BAN_WEEKLY',
  'SPEND_CAP_WEEKLY',
  'COUNT_CAP_WEEKLY',
  'SPEND_CAP_MONTHLY',
  'COUNT_CAP_MONTHLY',
] as const;
export type MissionTemplate = (typeof TEMPLATES)[number];

/** Monday first, as ISO 8601 counts. */
export const WEEKDAYS = [
  'MONDAY',
  'TUESDAY',
  'WEDNESDAY',
  'THURSDAY',
  'FRIDAY',
  'SATURDAY',
  'SUNDAY',
] as const;
export type Weekday = (typeof WEEKDAYS)[number];

const WallTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be HH:MM');

/** Part of the local day; an end before the start lies on the next day. */
export const TimeSpan = z.object({ start: WallTime, end: WallTime });
export type TimeSpan = z.output<typeof TimeSpan>;

const knownSubs: ReadonlySet<number> = new Set(POCKETC_SUBS.map(({ id }) => id));

/**
 * What a mission asks for, readable by machines and kept as JSON (`dsl` on the routes of PocketC). `value` is a number
 * of purchases, or money in major units for clients that read it so; `value_minor` with `currency` is the same money
 * exactly, and what the evaluator uses.
 */
export const MissionRule = z
  .object({
    template: z.enum(TEMPLATES),
    sub_id: z.int().refine((sub) => knownSubs.has(sub), 'must be a subcategory of PocketC'),
    type: z.enum(['count', 'total_spend', 'per_txn_max']),
    comparator: z.enum(['<=', '==']),
    value: z.number().min(0),
    currency: Currency.optional(),
    value_minor: z.int().min(0).optional(),
    time_of_day: z.array(TimeSpan).length(1).optional(),
    day_of_week: z.enum(WEEKDAYS).optional(),
  })
  .refine(
    ({ type, currency, value_minor: minor }) =>
      type === 'count' || (currency !== undefined && minor !== undefined),
    'a rule about money needs currency and value_minor',
  )
  .meta({ id: 'MissionRule' });
export type MissionRule = z.output<typeof MissionRule>;

/**
 * The period of a template.
 * @param template kind of mission
 */
export const periodOfTemplate = (template: MissionTemplate): MissionPeriod => {
  if (template.endsWith('_DAILY')) {
    return 'daily';
  }
  return template.endsWith('_WEEKLY') ? 'weekly' : 'monthly';
};

/**
 * The limit that the evaluator compares with: purchases, or minor units.
 * @param rule what a mission asks for
 */
export const limitOf = (rule: MissionRule): number =>
  rule.type === 'count' ? rule.value : (rule.value_minor ?? 0);

/**
 * A rule that forbids purchases, at a time of day or on a weekday where that is given.
 * @param template one of the bans
 * @param sub subcategory of PocketC
 * @param when part of the day, or weekday
 */
export const banRule = (
  template: MissionTemplate,
  sub: number,
  when: Pick<MissionRule, 'time_of_day' | 'day_of_week'> = {},
): MissionRule => ({ template, sub_id: sub, type: 'count', comparator: '==', value: 0, ...when });

/**
 * A rule that allows a number of purchases.
 * @param template one of the count caps
 * @param sub subcategory of PocketC
 * @param count most purchases
 */
export const countRule = (template: MissionTemplate, sub: number, count: number): MissionRule => ({
  template,
  sub_id: sub,
  type: 'count',
  comparator: '<=',
  value: count,
});

/**
 * A rule that allows an amount in all, or for each purchase.
 * @param template one of the caps on money
 * @param sub subcategory of PocketC
 * @param limit minor units and their currency
 */
export const moneyRule = (
  template: MissionTemplate,
  sub: number,
  limit: { amountMinor: number; currency: string },
): MissionRule => ({
  template,
  sub_id: sub,
  type: template === 'PER_TXN_DAILY' ? 'per_txn_max' : 'total_spend',
  comparator: '<=',
  value: Number(formatDecimal(limit.amountMinor, limit.currency)),
  currency: limit.currency,
  value_minor: limit.amountMinor,
});

/**
 * The name of a subcategory exactly as clients of PocketC look it up.
 * @param sub its id
 */
export const subName = (sub: number): string => POCKETC_SUBS.find(({ id }) => id === sub)?.name ?? '';

/**
 * The category of the taxonomy that stands for a subcategory of PocketC.
 * @param sub its id
 * @throws RangeError for an id that PocketC never had
 */
export const categoryOfSub = (sub: number) => {
  const category = categoryByPocketcSub(sub);
  if (category === undefined) {
    throw new RangeError('there is no such subcategory');
  }
  return category;
};
