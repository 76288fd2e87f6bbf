import { periodContaining } from '@orrery/calendar';
import { categoryName, namesMeant, type ToolArguments, type ToolResult } from '@orrery/assistant';
import { categoryBySlug, type Language, type MoneyText } from '@orrery/contracts';
import { ListBudgets, ReadPlan } from '../clients/routes.ts';
import { minorOf, minus, percentOf } from '../domain/money-math.ts';
import { findCategory } from './find-category.ts';
import type { RunTool, ToolAccess } from './tool-access.ts';

const ALL: Readonly<Record<Language, string>> = { en: 'Everything', fr: 'Tout', ko: '전체' };
const MAX_BUDGETS = 50;

type Budgets = ToolResult<'get_budgets'>['budgets'];

/** A budget of the main back end is found by its own name, or by the part of the plan that it belongs to. */
const isNamed = (line: { name: string; category: string }, words: readonly string[]): boolean =>
  words.some((word) => {
    const isMeant = namesMeant(word, [line.name, line.category]);
    return isMeant(line.name) || isMeant(line.category);
  });

/** Budgets that the user keeps in the main back end, each by its name, with the month's sum when all are asked for. */
const plannedBudgets = async (access: ToolAccess, words: readonly string[] | undefined): Promise<Budgets> => {
  const { body } = await access.call('advisor', ReadPlan, {});
  const { from, to } = periodContaining('month', `${body.month}-01`);
  const standing = (name: string, limit: MoneyText, spent: MoneyText): Budgets[number] => ({
    name,
    from,
    to,
    limit,
    spent,
    remaining: minus(limit, spent),
    percent: percentOf(minorOf(spent), minorOf(limit)),
  });
  const lines = body.plan
    .filter((line) => words === undefined || isNamed(line, words))
    .map(({ name, limit, spent }) => standing(name, limit, spent));
  const isWhole = words === undefined && body.source === 'main-backend' && minorOf(body.budgets) > 0;
  return isWhole ? [standing(ALL[access.language], body.budgets, body.expenses), ...lines] : lines;
};

/** Budgets and how they stand. */
export const getBudgets: RunTool<ToolArguments<'get_budgets'>, ToolResult<'get_budgets'>> = async (
  args,
  access,
) => {
  const category = findCategory(args.category, access.language);
  const parent = category === undefined ? undefined : categoryBySlug(category.slug)?.parent;
  const words =
    category === undefined && args.name === undefined
      ? undefined
      : [args.name, ...Object.values(categoryBySlug(category?.slug ?? '')?.names ?? {})].filter(
          (word) => word !== undefined,
        );
  const [{ body }, planned] = await Promise.all([
    access.call('insights', ListBudgets, {}),
    plannedBudgets(access, words),
  ]);
  const isWanted = (slug: string): boolean =>
    words === undefined ||
    (category !== undefined && (slug === category.slug || slug === parent)) ||
    (args.name !== undefined &&
      slug !== 'total' &&
      namesMeant(args.name, [categoryName(slug, access.language)])(categoryName(slug, access.language)));
  const own = body.data
    .filter(({ category: of }) => isWanted(of))
    .map(({ category: of, from, to, limit, spent, remaining, percent }) => ({
      name: of === 'total' ? ALL[access.language] : categoryName(of, access.language),
      from,
      to,
      limit,
      spent,
      remaining,
      percent,
    }));
  return {
    asOf: access.today,
    category: category ?? null,
    name: args.name ?? null,
    budgets: [...own, ...planned].slice(0, MAX_BUDGETS),
  };
};
