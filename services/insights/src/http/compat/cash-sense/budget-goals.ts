import { Currency, defineRoute } from '@orrery/contracts';
import { formatDecimal, fromFloat } from '@orrery/money';
import { chooseLanguage, AppError, handle, requireUserId } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import { BUDGET_PERIODS, BUDGET_STATES } from '../../../domain/budget.ts';
import type { BudgetStanding } from '../../../domain/budget.ts';
import type { KeepBudgets } from '../../../use-cases/keep-budgets.ts';
import type { ReadUserDay } from '../../../use-cases/user-calendar.ts';
import { CASH_SENSE_CATEGORIES, cashSenseName } from '../../../domain/cash-sense-category.ts';

const TOTAL = 'total';

const Month = z.string().regex(/^(19|2\d)\d{2}-(0[1-9]|1[0-2])$/, 'must be a month such as 2025-06');

const SetBudgetGoal = defineRoute({
  method: 'post',
  path: '/api/set_budget_goal',
  operationId: 'cashSenseSetBudgetGoal',
  summary: 'Set a spending goal for a category or for everything; setting it again replaces it',
  tag: 'Cash Sense',
  audience: 'user',
  errorShape: 'error',
  body: z.object({
    category: z.enum([...CASH_SENSE_CATEGORIES, TOTAL]),
    amount: z.number().positive('must be above 0').max(1e12),
    period: z.enum(BUDGET_PERIODS).default('monthly'),
    start: Month.optional(),
    rollover: z.boolean().default(false),
    currency: Currency.optional(),
  }),
  responses: {
    200: z.object({
      success: z.literal(true),
      goal: z.object({
        id: z.string(),
        category: z.string(),
        amount: z.number(),
        currency: z.string(),
        period: z.enum(BUDGET_PERIODS),
        start: z.string(),
        rollover: z.boolean(),
      }),
    }),
  },
});

const Figures = z.object({
  budget: z.number(),
  spent: z.number(),
  remaining: z.number(),
  percent: z.number(),
});

const BudgetSummary = defineRoute({
  method: 'get',
  path: '/api/budget_summary',
  operationId: 'cashSenseBudgetSummary',
  summary: 'How the goals of a month stand',
  tag: 'Cash Sense',
  audience: 'user',
  errorShape: 'error',
  query: z.object({ month: Month.optional(), currency: Currency.optional() }),
  responses: {
    200: z.object({
      month: z.string(),
      currency: z.string(),
      total: Figures,
      categories: z.array(
        Figures.extend({
          category: z.string(),
          name: z.string(),
          status: z.enum(BUDGET_STATES),
          projected: z.number(),
        }),
      ),
    }),
  },
});

const decimal = (minor: number, currency: string): number => Number(formatDecimal(minor, currency));

/**
 * `POST /api/set_budget_goal`.
 * @param budgets the use case
 */
export const setBudgetGoal = (budgets: KeepBudgets): MountedRoute =>
  handle(SetBudgetGoal, async ({ body, identity }) => {
    const { category, amount, period, start, rollover, currency } = body;
    const goal = await budgets.set(requireUserId(identity), {
      scope: { taxonomy: category === TOTAL ? 'total' : 'cash-sense', category },
      period,
      rollover,
      currency,
      start: start === undefined ? undefined : `${start}-01`,
      amountIn: (used) => {
        const minor = fromFloat(amount, used);
        if (minor <= 0) {
          throw new AppError('validation-failed', {
            fields: [{ field: 'amount', message: `is less than the smallest amount of ${used}` }],
          });
        }
        return minor;
      },
    });
    return {
      status: 200,
      body: {
        success: true as const,
        goal: {
          id: goal.id,
          category: goal.category,
          amount: decimal(goal.amountMinor, goal.currency),
          currency: goal.currency,
          period: goal.period,
          start: goal.start.slice(0, 7),
          rollover: goal.rollover,
        },
      },
    };
  });

const figuresOf = ({ limitMinor, spentMinor, percent, budget }: BudgetStanding) => ({
  budget: decimal(limitMinor, budget.currency),
  spent: decimal(spentMinor, budget.currency),
  remaining: decimal(limitMinor - spentMinor, budget.currency),
  percent,
});

const sumOf = (standings: readonly BudgetStanding[], currency: string) => {
  const limit = standings.reduce((sum, { limitMinor }) => sum + limitMinor, 0);
  const spent = standings.reduce((sum, { spentMinor }) => sum + spentMinor, 0);
  return {
    budget: decimal(limit, currency),
    spent: decimal(spent, currency),
    remaining: decimal(limit - spent, currency),
    percent: limit === 0 ? 0 : Math.round((spent / limit) * 1000) / 10,
  };
};

/**
 * `GET /api/budget_summary`: the total is the goal for everything, or without one the sum of the categories.
 * @param budgets the use case
 * @param readUserDay tells the user's language
 */
export const budgetSummary = (budgets: KeepBudgets, readUserDay: ReadUserDay): MountedRoute =>
  handle(BudgetSummary, async ({ query, identity, request }) => {
    const userId = requireUserId(identity);
    const [{ settings }, { month, currency, total, categories }] = await Promise.all([
      readUserDay(userId),
      budgets.summarise(userId, query.month, query.currency),
    ]);
    const language = chooseLanguage(request.headers['accept-language'], 'fr', settings.language);
    return {
      status: 200,
      body: {
        month,
        currency,
        total: total === undefined ? sumOf(categories, currency) : figuresOf(total),
        categories: categories.map((standing) => ({
          category: standing.budget.category,
          name: cashSenseName(standing.budget.category, language),
          ...figuresOf(standing),
          status: standing.state,
          projected: decimal(standing.projectedMinor, currency),
        })),
      },
    };
  });
