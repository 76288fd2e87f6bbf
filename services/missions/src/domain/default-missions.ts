import { countRule, moneyRule } from './mission-rule.ts';
import type { MissionPeriod, MissionRule } from './mission-rule.ts';

interface DefaultAmounts {
  each: number;
  day: number;
  month: number;
}

/**
 * Amounts of the default missions in minor units. PocketC's are in won; the others are what buys about the same. In any
 * other currency only the defaults that count purchases are given.
 */
const AMOUNTS: ReadonlyMap<string, DefaultAmounts> = new Map([
  ['KRW', { each: 8_000, day: 20_000, month: 50_000 }],
  ['JPY', { each: 900, day: 2_200, month: 5_500 }],
  ['USD', { each: 600, day: 1_500, month: 3_600 }],
  ['EUR', { each: 500, day: 1_300, month: 3_200 }],
  ['GBP', { each: 500, day: 1_200, month: 2_800 }],
]);

const COFFEE = 1;
const SNACK = 4;
const EATING_OUT = 6;
const OTHER = 39;

/** Currency of the defaults of a user about whom nothing is known, as PocketC gave them. */
export const DEFAULT_MISSION_CURRENCY = 'KRW';

/**
 * The missions of a user whose history says too little.
 * @param period kind of period
 * @param currency of the amounts
 */
export const defaultRules = (period: MissionPeriod, currency: string): MissionRule[] => {
  const amounts = AMOUNTS.get(currency);
  const money = (
    template: MissionRule['template'],
    sub: number,
    amountMinor: number | undefined,
  ): MissionRule[] =>
    amountMinor === undefined ? [] : [moneyRule(template, sub, { amountMinor, currency })];
  switch (period) {
    case 'daily':
      return [
        ...money('PER_TXN_DAILY', SNACK, amounts?.each),
        countRule('COUNT_CAP_DAILY', SNACK, 1),
        ...money('PER_TXN_DAILY', EATING_OUT, amounts?.each),
        ...money('SPEND_CAP_DAILY', EATING_OUT, amounts?.day),
        countRule('COUNT_CAP_DAILY', OTHER, 1),
      ];
    case 'weekly':
      return [countRule('COUNT_CAP_WEEKLY', COFFEE, 1)];
    case 'monthly':
      return amounts === undefined
        ? [countRule('COUNT_CAP_MONTHLY', COFFEE, 10)]
        : money('SPEND_CAP_MONTHLY', COFFEE, amounts.month);
  }
};
