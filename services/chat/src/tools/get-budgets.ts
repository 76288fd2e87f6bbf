import { categoryName, type ToolArguments, type ToolResult } from '@orrery/assistant';
import type { Language } from '@orrery/contracts';
import { categoryBySlug } from '@orrery/contracts';
import { ListBudgets } from '../clients/routes.ts';
import { findCategory } from './find-category.ts';
import type { RunTool } from './tool-access.ts';

const ALL: Readonly<Record<Language, string>> = { en: 'Everything', fr: 'Tout', ko: '전체' };
const MAX_BUDGETS = 50;

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
  return {
    asOf: access.today,
    category: category ?? null,
    budgets: wanted
      .slice(0, MAX_BUDGETS)
      .map(({ category: of, from, to, limit, spent, remaining, percent }) => ({
        name: of === 'total' ? ALL[access.language] : categoryName(of, access.language),
        from,
        to,
        limit,
        spent,
        remaining,
        percent,
      })),
  };
};
