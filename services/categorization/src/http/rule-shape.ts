import { CategorySlug, ResourceId } from '@orrery/contracts';
import { AppError } from '@orrery/service-kit';
import { z } from 'zod';
import { compileRule, RuleNotUsable } from '../domain/rule-matching.ts';
import type { Rule, RuleConditions } from '../domain/rule-matching.ts';
import type { PlacedRule } from '../store/rule-store.ts';
import { requireLeaf } from '../use-cases/correct-category.ts';

const AMOUNT = z.string().regex(/^\d{1,13}(\.\d{1,2})?$/, 'must be a size such as 12.34, without a sign');

/** Conditions as callers write them. Amounts are sizes with up to two decimals, compared in the transaction's currency. */
export const ConditionsShape = z.object({
  text: z.string().min(1).max(200).optional(),
  regex: z.string().min(1).max(500).optional(),
  minAmount: AMOUNT.optional(),
  maxAmount: AMOUNT.optional(),
  direction: z.enum(['in', 'out']).optional(),
  account: ResourceId.optional(),
  mcc: z
    .string()
    .regex(/^\d{4}$/)
    .optional(),
});
export type ConditionsShape = z.output<typeof ConditionsShape>;

/** A rule as callers send it. */
export const RuleInput = z.object({
  name: z.string().trim().min(1).max(100),
  conditions: ConditionsShape,
  category: CategorySlug,
  position: z.int().min(0).max(10_000).optional(),
});
export type RuleInput = z.output<typeof RuleInput>;

/** A rule as it is answered. */
export const RuleShape = z
  .object({
    id: ResourceId,
    name: z.string(),
    conditions: ConditionsShape,
    category: CategorySlug,
    position: z.int(),
  })
  .meta({ id: 'Rule' });

const toHundredths = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : Math.round(Number(text) * 100);
const toText = (hundredths: number | undefined): string | undefined =>
  hundredths === undefined ? undefined : (hundredths / 100).toFixed(2);

const toConditions = ({ minAmount, maxAmount, ...rest }: ConditionsShape): RuleConditions => ({
  ...rest,
  minHundredths: toHundredths(minAmount),
  maxHundredths: toHundredths(maxAmount),
});

const withoutAbsent = <Shape extends object>(shape: Shape): Shape => {
  const kept = Object.entries(shape).filter(([, value]) => value !== undefined);
  return Object.fromEntries(kept) as Shape;
};

/**
 * Reads a rule and proves that it can be used.
 * @param id its id
 * @param input what the caller sent
 * @throws AppError `validation-failed` for an unknown category or unusable conditions
 */
export const readRule = (id: string, input: RuleInput): Rule => {
  requireLeaf(input.category);
  const rule: Rule = {
    id,
    name: input.name,
    category: input.category,
    conditions: withoutAbsent(toConditions(input.conditions)),
  };
  const { minHundredths = 0, maxHundredths = Infinity } = rule.conditions;
  if (minHundredths > maxHundredths) {
    throw new AppError('validation-failed', {
      fields: [{ field: 'conditions.maxAmount', message: 'must not be below minAmount' }],
    });
  }
  try {
    compileRule(rule);
  } catch (error) {
    if (error instanceof RuleNotUsable) {
      throw new AppError('validation-failed', { fields: [{ field: 'conditions', message: error.message }] });
    }
    throw error;
  }
  return rule;
};

/**
 * Conditions as they are answered.
 * @param conditions stored conditions
 */
export const shownConditions = ({ minHundredths, maxHundredths, ...rest }: RuleConditions): ConditionsShape =>
  withoutAbsent({ ...rest, minAmount: toText(minHundredths), maxAmount: toText(maxHundredths) });

/**
 * A stored rule as it is answered.
 * @param rule the rule
 */
export const shownRule = ({
  id,
  name,
  conditions,
  category,
  position,
}: PlacedRule): z.input<typeof RuleShape> => ({
  id,
  name,
  category,
  position,
  conditions: shownConditions(conditions),
});
