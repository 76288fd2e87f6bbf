import { z } from 'zod';
import { MoneyText } from '../amount.ts';
import { CalendarDate } from '../calendar-date.ts';
import { defineRoute } from '../define-route.ts';

const percentText = z.number().describe('In percent, two decimals');

/** Where a user's money stands this month. */
export const FinancialSummaryShown = z
  .object({
    source: z.enum(['main-backend', 'ledger']),
    /** `YYYY-MM`, a UTC month. */
    month: z.string().regex(/^\d{4}-\d{2}$/),
    currency: z.string(),
    income: MoneyText,
    expenses: MoneyText,
    /** Income minus expenses, before debt payments; negative when more goes out than comes in. */
    disposal: MoneyText,
    debtPayments: MoneyText,
    /** Income minus expenses minus debt payments. */
    afterDebts: MoneyText,
    budgets: MoneyText,
    debts: z.object({
      total: MoneyText,
      /** Of income; null without income. */
      shareOfIncome: percentText.nullable(),
      items: z.array(
        z.object({
          name: z.string(),
          balance: MoneyText,
          payment: MoneyText,
          /** Percent a year. */
          apr: z.number(),
          dueOn: CalendarDate.nullable(),
        }),
      ),
    }),
    savings: z.object({
      saved: MoneyText,
      monthlyTarget: MoneyText,
      completion: z.number().describe('In percent, weighted by the size of the goals'),
      goals: z.array(
        z.object({
          name: z.string(),
          target: MoneyText,
          saved: MoneyText,
          monthly: MoneyText,
          completion: percentText,
          completesOn: CalendarDate.nullable(),
          completed: z.boolean(),
        }),
      ),
    }),
    previousMonth: z.object({ month: z.string(), income: MoneyText, expenses: MoneyText }),
    /** Change of spending against the month before; null when nothing was spent then. */
    spendingGrowth: percentText.nullable(),
    byCategory: z.array(z.object({ category: z.string(), amount: MoneyText, share: percentText })),
    /** The caller's own budgets of the month by name, the largest first; spent is what stands under the same name. */
    plan: z.array(
      z.object({
        name: z.string(),
        category: z.string(),
        household: z.boolean(),
        limit: MoneyText,
        spent: MoneyText,
      }),
    ),
    /** Shared budgets, apart from everything above; null without a partner linked on both sides. */
    household: z.object({ ownBudgets: MoneyText, partnerBudgets: MoneyText }).nullable(),
  })
  .meta({ id: 'FinancialSummary' });

export const readSummary = defineRoute({
  method: 'get',
  path: '/v1/summary',
  operationId: 'readSummary',
  summary: "The caller's month: income, spending, debts, savings and what remains",
  tag: 'Advice',
  audience: 'user',
  responses: { 200: FinancialSummaryShown },
});

const amountIn = z
  .union([
    z.string().regex(/^\d{1,13}(\.\d{1,4})?$/, 'must be an amount such as 1234.50'),
    z.number().min(0).max(1e11),
    MoneyText,
  ])
  .describe('An amount of the plan: decimal text, a number, or money');

const aprIn = z.number().min(0).max(10_000).describe('Percent a year');

const PayoffShown = z
  .object({
    feasible: z.boolean(),
    /** Null when it is not feasible. */
    months: z.int().nullable(),
    totalInterest: MoneyText.nullable(),
    totalPaid: MoneyText.nullable(),
    /** Names in the order in which the method turns to them. */
    order: z.array(z.string()),
    schedule: z.array(
      z.object({
        month: z.int(),
        /** `YYYY-MM`; the first month is the next one. */
        date: z.string(),
        payment: MoneyText,
        interest: MoneyText,
        balance: MoneyText,
        debts: z.array(
          z.object({ name: z.string(), payment: MoneyText, interest: MoneyText, balance: MoneyText }),
        ),
      }),
    ),
  })
  .meta({ id: 'Payoff' });

export const planDebts = defineRoute({
  method: 'post',
  path: '/v1/debt-plan',
  operationId: 'planDebts',
  summary: 'Pay debts off by avalanche, by snowball and by minimum payments only, month by month',
  tag: 'Advice',
  audience: 'user',
  body: z.object({
    /** Default: the caller's own debts. */
    debts: z
      .array(
        z.object({
          name: z.string().min(1).max(120),
          balance: amountIn,
          apr: aprIn,
          minimum: amountIn,
          promo: z.object({ apr: aprIn, months: z.int().min(1).max(600) }).optional(),
        }),
      )
      .max(50)
      .optional(),
    /** Paid every month beside the minimum payments. */
    extra: amountIn.optional(),
    currency: z
      .string()
      .regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code such as GBP')
      .optional(),
  }),
  responses: {
    200: z
      .object({
        feasible: z.boolean(),
        currency: z.string(),
        /** Minimum payments and extra payment of the first month. */
        budget: MoneyText,
        /** The least monthly payment in all that settles everything; null when the present one does. */
        leastBudget: MoneyText.nullable(),
        avalanche: PayoffShown,
        snowball: PayoffShown,
        minimumOnly: PayoffShown,
        /** Balances at the end of each month, for drawing; 0 for the present. Null after a line has ended. */
        chart: z.array(
          z.object({
            month: z.int(),
            avalanche: MoneyText.nullable(),
            snowball: MoneyText.nullable(),
            minimumOnly: MoneyText.nullable(),
          }),
        ),
      })
      .meta({ id: 'DebtPlan' }),
  },
  problems: ['conflict'],
});
