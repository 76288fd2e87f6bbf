import { MoneyText } from '@orrery/contracts';
import { z } from 'zod';

/** What the assistant can look up or prepare; one contract for whoever offers, calls or reads a tool. */

const Day = z.iso.date().describe('a day, YYYY-MM-DD');
const Category = z
  .string()
  .min(1)
  .max(64)
  .describe('a category by slug or name, for instance groceries, restaurants, transport');
const Currency = z
  .string()
  .regex(/^[A-Z]{3}$/)
  .describe('ISO 4217 code of the currency that the user wrote the amount in, if any');
const Merchant = z.string().min(1).max(80).describe('part of the name of a merchant');

const Total = z.object({ currency: z.string(), spent: MoneyText, count: z.int() });

/** Every result says until when it knows things, and whether anything was left out. */
const result = <Shape extends z.core.$ZodLooseShape>(shape: Shape) =>
  z.object({ asOf: z.string(), ...shape });

const CategoryRef = z.object({ slug: z.string(), name: z.string() }).nullable();

const SubjectArgument = z.object({ category: Category.optional(), merchant: Merchant.optional() });
const SubjectShown = z.object({ category: CategoryRef, merchant: z.string().nullable() });

/** A tool as a model sees it, and what it answers. */
export interface ToolContract<Arguments extends z.ZodType = z.ZodType, Result extends z.ZodType = z.ZodType> {
  description: string;
  /** The tool only prepares an act; the user has to confirm it. */
  isAct?: true;
  arguments: Arguments;
  result: Result;
}

const tool = <Arguments extends z.ZodType, Result extends z.ZodType>(
  contract: ToolContract<Arguments, Result>,
): ToolContract<Arguments, Result> => contract;

const Transaction = z.object({
  id: z.string(),
  date: z.string(),
  merchant: z.string(),
  amount: MoneyText,
  category: z.string().nullable(),
});

const Proposal = result({
  proposal: z.string(),
  amount: MoneyText.optional(),
  needsConfirmation: z.literal(true),
});

export const TOOLS = {
  get_spending: tool({
    description:
      'Money spent in a period, in all or for one category or merchant, or for several side by side (parts); optionally without some (except), by category, merchant or month, as an average, as a share of all spending, and against another period',
    arguments: z.object({
      from: Day,
      to: Day,
      category: Category.optional(),
      merchant: Merchant.optional(),
      groupBy: z.enum(['category', 'merchant', 'month']).optional(),
      compareFrom: Day.optional(),
      compareTo: Day.optional(),
      parts: z.array(SubjectArgument).min(2).max(5).optional(),
      except: z.array(SubjectArgument).min(1).max(3).optional(),
      averagePer: z.enum(['day', 'week', 'month', 'purchase']).optional(),
      share: z.boolean().optional().describe('also in percent of all spending of the period'),
    }),
    result: result({
      from: z.string(),
      to: z.string(),
      category: CategoryRef,
      merchant: z.string().nullable(),
      totals: z.array(Total),
      groups: z
        .array(z.object({ name: z.string(), spent: MoneyText, count: z.int(), percent: z.number() }))
        .optional(),
      parts: z.array(SubjectShown.extend({ totals: z.array(Total) })).optional(),
      /** Between the two parts. */
      difference: MoneyText.optional(),
      except: z.array(SubjectShown).optional(),
      /** Nothing was found because no transaction of any time is of a merchant with that name. */
      isUnknownMerchant: z.boolean().optional(),
      average: z
        .object({
          per: z.enum(['day', 'week', 'month', 'purchase']),
          amount: MoneyText,
          /** Days, months or purchases over which it was taken. */
          over: z.int(),
        })
        .optional(),
      share: z.object({ percent: z.number(), all: MoneyText }).optional(),
      comparison: z
        .object({
          from: z.string(),
          to: z.string(),
          /** Both periods together. */
          together: z.array(MoneyText),
          totals: z.array(Total.extend({ difference: MoneyText, percent: z.number().nullable() })),
        })
        .optional(),
      complete: z.boolean(),
    }),
  }),
  search_transactions: tool({
    description: 'Single transactions: the newest or the largest that match',
    arguments: z.object({
      from: Day.optional(),
      to: Day.optional(),
      category: Category.optional(),
      merchant: Merchant.optional(),
      direction: z.enum(['in', 'out']).optional(),
      minAmount: z
        .string()
        .regex(/^\d{1,12}(\.\d{1,3})?$/)
        .optional()
        .describe('least amount, a decimal'),
      maxAmount: z
        .string()
        .regex(/^\d{1,12}(\.\d{1,3})?$/)
        .optional()
        .describe('greatest amount, a decimal'),
      currency: Currency.optional(),
      except: z.array(SubjectArgument).min(1).max(3).optional(),
      sort: z.enum(['newest', 'largest']).optional(),
      limit: z.int().min(1).max(20).optional(),
    }),
    result: result({
      from: z.string().nullable(),
      to: z.string().nullable(),
      category: CategoryRef,
      merchant: z.string().nullable(),
      minAmount: MoneyText.nullable(),
      maxAmount: MoneyText.nullable(),
      except: z.array(SubjectShown),
      sort: z.enum(['newest', 'largest']),
      direction: z.enum(['in', 'out']).nullable(),
      transactions: z.array(Transaction),
      count: z.int(),
      complete: z.boolean(),
    }),
  }),
  get_income_and_spending: tool({
    description: 'Income, spending and what was left in a period, also by month',
    arguments: z.object({ from: Day, to: Day }),
    result: result({
      from: z.string(),
      to: z.string(),
      totals: z.array(
        z.object({ currency: z.string(), income: MoneyText, spending: MoneyText, net: MoneyText }),
      ),
      months: z.array(
        z.object({ month: z.string(), income: MoneyText, spending: MoneyText, net: MoneyText }),
      ),
    }),
  }),
  get_balances: tool({
    description: 'Balances of the linked accounts, with totals per currency',
    arguments: z.object({}),
    result: result({
      accounts: z.array(z.object({ name: z.string(), kind: z.string(), balance: MoneyText.nullable() })),
      totals: z.array(MoneyText),
    }),
  }),
  get_budgets: tool({
    description:
      'Budgets and how they stand: limit, spent, remaining; by category, or by a name the user gave one',
    arguments: z.object({
      category: Category.optional(),
      name: z.string().min(1).max(80).optional().describe('name of a budget'),
    }),
    result: result({
      category: CategoryRef,
      name: z.string().nullable(),
      budgets: z.array(
        z.object({
          name: z.string(),
          from: z.string(),
          to: z.string(),
          limit: MoneyText,
          spent: MoneyText,
          remaining: MoneyText,
          percent: z.number(),
        }),
      ),
    }),
  }),
  get_savings_goals: tool({
    description: 'Savings goals: what is saved, what is missing, the monthly target and when each is reached',
    arguments: z.object({}),
    result: result({
      goals: z.array(
        z.object({
          name: z.string(),
          saved: MoneyText,
          target: MoneyText,
          remaining: MoneyText,
          percent: z.number(),
          monthly: MoneyText,
          completesOn: z.string().nullable(),
          isReached: z.boolean(),
        }),
      ),
      saved: MoneyText.nullable(),
      completionPercent: z.number(),
      monthlyTarget: MoneyText.nullable(),
    }),
  }),
  find_savings: tool({
    description: 'Where money could be saved, found in the transactions; for "what can I save"',
    arguments: z.object({}),
    result: result({
      opportunities: z.array(
        z.object({
          kind: z.enum(['duplicate_subscription', 'recurring', 'fees', 'over_budget', 'above_usual']),
          name: z.string(),
          now: MoneyText,
          suggested: MoneyText,
          saving: MoneyText,
        }),
      ),
      total: MoneyText,
    }),
  }),
  get_recurring: tool({
    description: 'Subscriptions, bills and other regular payments or income, with totals per month',
    arguments: z.object({
      kind: z.enum(['payments', 'income', 'subscriptions']).optional(),
      merchant: Merchant.optional(),
      category: Category.optional(),
    }),
    result: result({
      kind: z.enum(['payments', 'income', 'subscriptions']),
      merchant: z.string().nullable(),
      category: CategoryRef,
      payments: z.array(
        z.object({
          name: z.string(),
          amount: MoneyText,
          period: z.string(),
          nextDate: z.string().nullable(),
        }),
      ),
      count: z.int(),
      perMonth: z.array(MoneyText),
    }),
  }),
  get_forecast: tool({
    description:
      'What is left and safe to spend this month, and whether the balance may fall below zero; for "how much can I spend" and "can I afford"',
    arguments: z.object({
      days: z.int().min(1).max(180).optional(),
      price: z
        .string()
        .regex(/^\d{1,12}(\.\d{1,3})?$/)
        .optional()
        .describe('a price to be judged, a decimal'),
      currency: Currency.optional(),
    }),
    result: result({
      month: z
        .object({
          from: z.string(),
          to: z.string(),
          income: MoneyText,
          spending: MoneyText,
          left: MoneyText,
          debtPayments: MoneyText.nullable(),
          leftAfterDebts: MoneyText.nullable(),
        })
        .nullable(),
      forecast: z
        .object({
          until: z.string(),
          balanceKnown: z.boolean(),
          lowest: z.object({ date: z.string(), balance: MoneyText }),
          probabilityBelowZeroPercent: z.number(),
          safeToSpend: MoneyText,
        })
        .nullable(),
      price: z.object({ price: MoneyText, leftAfter: MoneyText, isCovered: z.boolean() }).nullable(),
    }),
  }),
  get_missions: tool({
    description: 'Saving missions of the user: proposed, accepted, their progress',
    arguments: z.object({}),
    result: result({
      missions: z.array(
        z.object({
          id: z.string(),
          period: z.string(),
          text: z.string(),
          state: z.string(),
          current: z.number(),
          target: z.number(),
          validTo: z.string(),
          expectedSaving: MoneyText.nullable(),
        }),
      ),
    }),
  }),
  get_debt_plan: tool({
    description:
      'Debts of the user, and how long and what interest paying them off takes by the avalanche and the snowball method',
    arguments: z.object({
      extra: z
        .string()
        .regex(/^\d{1,9}(\.\d{1,2})?$/)
        .optional()
        .describe('extra payment a month, a decimal'),
      currency: Currency.optional(),
    }),
    result: result({
      hasDebts: z.boolean(),
      feasible: z.boolean(),
      extra: MoneyText.nullable(),
      leastBudget: MoneyText.nullable(),
      debts: z.array(z.object({ name: z.string(), balance: MoneyText, apr: z.number().nullable() })),
      total: MoneyText.nullable(),
      avalanche: z
        .object({ months: z.int(), totalInterest: MoneyText, order: z.array(z.string()) })
        .nullable(),
      snowball: z
        .object({ months: z.int(), totalInterest: MoneyText, order: z.array(z.string()) })
        .nullable(),
    }),
  }),
  get_spending_profile: tool({
    description: 'Which kind of spender the user is',
    arguments: z.object({}),
    result: result({
      segment: z
        .object({ name: z.string(), description: z.string(), topCategories: z.array(z.string()) })
        .nullable(),
    }),
  }),
  propose_budget: tool({
    description: 'Prepares a budget for a category; the user must confirm it before it is set',
    isAct: true,
    arguments: z.object({
      category: Category.describe('a category by slug or name, or total'),
      amount: z
        .string()
        .regex(/^\d{1,12}(\.\d{1,3})?$/)
        .describe('a decimal'),
      currency: Currency.optional(),
      period: z.enum(['weekly', 'monthly', 'yearly']).optional(),
    }),
    result: Proposal,
  }),
  propose_mission: tool({
    description: 'Prepares to accept a mission by its id; the user must confirm it',
    isAct: true,
    arguments: z.object({ missionId: z.string().min(1).max(64) }),
    result: Proposal,
  }),
  propose_category: tool({
    description:
      'Prepares another category for a transaction (by id), or for all of its merchant; the user must confirm it',
    isAct: true,
    arguments: z.object({
      transactionId: z.string().min(1).max(64),
      category: Category,
      wholeMerchant: z.boolean().optional(),
    }),
    result: Proposal,
  }),
} as const satisfies Record<string, ToolContract>;

export type ToolName = keyof typeof TOOLS;
export type ToolArguments<Name extends ToolName> = z.output<(typeof TOOLS)[Name]['arguments']>;
export type ToolResult<Name extends ToolName> = z.output<(typeof TOOLS)[Name]['result']>;

/** Why a tool has no result; the text is for the user. */
export const ToolFailure = z.object({
  error: z.enum([
    'unavailable',
    'invalid-arguments',
    'not-enough-data',
    'refused',
    'unknown-tool',
    'not-found',
  ]),
  message: z.string(),
});
export type ToolFailure = z.output<typeof ToolFailure>;

/**
 * Whether a text is the name of one of our tools.
 * @param name for instance what a model wants to call
 */
export const isToolName = (name: string): name is ToolName => Object.hasOwn(TOOLS, name);

/** A call that is to be made. */
export type ToolCall = {
  [Name in ToolName]: { name: Name; arguments: z.input<(typeof TOOLS)[Name]['arguments']> };
}[ToolName];

/** Tools offered at once; more confuse a model and cost tokens. */
export const MAX_OFFERED_TOOLS = 8;
