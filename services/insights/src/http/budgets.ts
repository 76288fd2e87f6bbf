import {
  CalendarDate,
  categoryBySlug,
  defineRoute,
  LedgerDay,
  MoneyText,
  pageOf,
  ResourceId,
} from '@orrery/contracts';
import { formatDecimal, parseDecimal } from '@orrery/money';
import { AppError, handle, requireUserId } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import { BUDGET_PERIODS, BUDGET_STATES, BUDGET_TAXONOMIES } from '../domain/budget.ts';
import type { Budget, BudgetStanding } from '../domain/budget.ts';
import { UNCATEGORISED } from '../domain/types.ts';
import type { KeepBudgets } from '../use-cases/keep-budgets.ts';

const TOTAL = 'total';

const BudgetShown = z
  .object({
    id: ResourceId,
    category: z.string(),
    taxonomy: z.enum(BUDGET_TAXONOMIES),
    amount: MoneyText,
    period: z.enum(BUDGET_PERIODS),
    start: CalendarDate,
    rollover: z.boolean(),
  })
  .meta({ id: 'Budget' });

const StandingShown = BudgetShown.extend({
  from: CalendarDate,
  to: CalendarDate,
  carriedOver: MoneyText,
  limit: MoneyText,
  spent: MoneyText,
  remaining: MoneyText,
  percent: z.number(),
  status: z.enum(BUDGET_STATES),
  projected: MoneyText,
}).meta({ id: 'BudgetStanding' });

const ListBudgets = defineRoute({
  method: 'get',
  path: '/v1/budgets',
  operationId: 'listBudgets',
  summary: 'The budgets of the caller and how they stand in the period of a day',
  tag: 'Budgets',
  audience: 'user',
  query: z.object({ day: LedgerDay.optional() }),
  responses: { 200: pageOf(StandingShown) },
});

const SetBudget = defineRoute({
  method: 'post',
  path: '/v1/budgets',
  operationId: 'setBudget',
  summary: 'Set the budget of a category and period; setting it again replaces it',
  tag: 'Budgets',
  audience: 'user',
  idempotent: true,
  body: z.object({
    /** A slug, `uncategorised` or `total`. */
    category: z.string().min(1).max(64),
    amount: MoneyText,
    period: z.enum(BUDGET_PERIODS).default('monthly'),
    start: LedgerDay.optional(),
    rollover: z.boolean().default(false),
  }),
  responses: { 201: BudgetShown },
});

const RemoveBudget = defineRoute({
  method: 'delete',
  path: '/v1/budgets/{budgetId}',
  operationId: 'removeBudget',
  summary: 'Remove a budget',
  tag: 'Budgets',
  audience: 'user',
  params: z.object({ budgetId: ResourceId }),
  responses: { 204: z.undefined() },
  problems: ['not-found'],
});

const shown = ({ id, category, taxonomy, amountMinor, currency, period, start, rollover }: Budget) => ({
  id,
  category,
  taxonomy,
  amount: { amount: formatDecimal(amountMinor, currency), currency },
  period,
  start,
  rollover,
});

const standingShown = (standing: BudgetStanding) => {
  const { currency } = standing.budget;
  const money = (minor: number) => ({ amount: formatDecimal(minor, currency), currency });
  return {
    ...shown(standing.budget),
    from: standing.from,
    to: standing.to,
    carriedOver: money(standing.carriedMinor),
    limit: money(standing.limitMinor),
    spent: money(standing.spentMinor),
    remaining: money(standing.remainingMinor),
    percent: standing.percent,
    status: standing.state,
    projected: money(standing.projectedMinor),
  };
};

const invalid = (field: string, message: string): AppError =>
  new AppError('validation-failed', { fields: [{ field, message }] });

const positiveMinor = ({ amount, currency }: MoneyText): number => {
  let minor: number;
  try {
    minor = parseDecimal(amount, currency);
  } catch (error) {
    throw error instanceof Error && 'code' in error
      ? invalid('amount.amount', `must have the digits of ${currency}`)
      : error;
  }
  if (minor <= 0) {
    throw invalid('amount.amount', 'must be above 0');
  }
  return minor;
};

/**
 * `GET`, `POST /v1/budgets` and `DELETE /v1/budgets/{budgetId}`.
 * @param budgets the use case
 */
export const budgetRoutes = (budgets: KeepBudgets): MountedRoute[] => [
  handle(ListBudgets, async ({ query, identity }) => ({
    status: 200,
    body: {
      data: (await budgets.list(requireUserId(identity), query.day)).map(standingShown),
      page: { nextCursor: null },
    },
  })),
  handle(SetBudget, async ({ body, identity }) => {
    const { category, amount, period, start, rollover } = body;
    if (category !== TOTAL && category !== UNCATEGORISED && categoryBySlug(category) === undefined) {
      throw invalid('category', 'is not a category');
    }
    const minor = positiveMinor(amount);
    const budget = await budgets.set(requireUserId(identity), {
      scope: { taxonomy: category === TOTAL ? 'total' : 'orrery', category },
      period,
      start,
      rollover,
      currency: amount.currency,
      amountIn: () => minor,
    });
    return { status: 201, body: shown(budget) };
  }),
  handle(RemoveBudget, async ({ params, identity }) => {
    if (!(await budgets.remove(requireUserId(identity), params.budgetId))) {
      throw new AppError('not-found');
    }
    return { status: 204, body: undefined };
  }),
];
