import { categoryName, type ToolArguments, type ToolResult } from '@orrery/assistant';
import type { Language } from '@orrery/contracts';
import { periodContaining } from '@orrery/calendar';
import { categoryBySlug } from '@orrery/contracts';
import { ListBudgets, ReadSummary } from '../clients/routes.ts';
import { minorOf, minus, percentOf } from '../domain/money-math.ts';
import { findCategory } from './find-category.ts';
import type { RunTool, ToolAccess } from './tool-access.ts';

const ALL: Readonly<Record<Language, string>> = { en: 'Everything', fr: 'Tout', ko: '전체' };
const MAX_BUDGETS = 50;

type Budgets = ToolResult<'get_budgets'>['budgets'];

/** All budgets of the month together, for users who keep them in the main back end. */
const plannedBudgets = async (access: ToolAccess): Promise<Budgets> => {
  const { body } = await access.call('advisor', ReadSummary, {});
  const limit = body.budgets;
  if (body.source !== 'main-backend' || minorOf(limit) <= 0) {
    return [];
  }
  const { from, to } = periodContaining('month', `${body.month}-01`);
  const spent = body.expenses;
  return [
    {
      name: ALL[access.language],
      from,
      to,
      limit,
      spent,
      remaining: minus(limit, spent),
      percent: percentOf(minorOf(spent), minorOf(limit)),
    },
  ];
};

/** Budgets and how they stand. */
export const getBudgets: RunTool<ToolArguments<'get_budgets'>, ToolResult<'get_budgets'>> = async (
  args,
  access,
) => {
  const category = findCategory(args.category, access.language);
  const { body } = await access.call('insights', ListBudgets, {});
  const parent = category === undefined ? undefined : categoryBySlug(category.slug)?.parent;
  const wanted = body.data.filter(
    (budget) => category === undefined || budget.category === category.slug || budget.category === parent,
  );
  const budgets = wanted
    .slice(0, MAX_BUDGETS)
    .map(({ category: of, from, to, limit, spent, remaining, percent }) => ({
      name: of === 'total' ? ALL[access.language] : categoryName(of, access.language),
      from,
      to,
      limit,
      spent,
      remaining,
      percent,
    }));
  const isNoneOfAll = category === undefined && budgets.length === 0;
  return {
    asOf: access.today,
    category: category ?? null,
    budgets: isNoneOfAll ? await plannedBudgets(access) : budgets,
  };
};
