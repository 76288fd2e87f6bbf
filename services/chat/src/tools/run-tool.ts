import {
  isToolName,
  TOOLS,
  type ToolArguments,
  type ToolFailure,
  type ToolName,
  type ToolResult,
} from '@orrery/assistant';
import type { Logger } from 'pino';
import { z } from 'zod';
import { tidy } from '../domain/tidy.ts';
import { findSavings } from './find-savings.ts';
import { getBalances } from './get-balances.ts';
import { getBudgets } from './get-budgets.ts';
import { getDebtPlan } from './get-debt-plan.ts';
import { getForecast } from './get-forecast.ts';
import { getIncomeAndSpending } from './get-income-and-spending.ts';
import { getMissions } from './get-missions.ts';
import { getRecurring } from './get-recurring.ts';
import { getSavingsGoals } from './get-savings-goals.ts';
import { getSpending } from './get-spending.ts';
import { getSpendingProfile } from './get-spending-profile.ts';
import { proposeBudget, proposeCategory, proposeMission } from './propose-acts.ts';
import { searchTransactions } from './search-transactions.ts';
import { failureOf, type RunTool, type ToolAccess } from './tool-access.ts';

const RUNNERS: { [Name in ToolName]: RunTool<ToolArguments<Name>, ToolResult<Name>> } = {
  get_spending: getSpending,
  search_transactions: searchTransactions,
  get_income_and_spending: getIncomeAndSpending,
  get_balances: getBalances,
  get_budgets: getBudgets,
  get_savings_goals: getSavingsGoals,
  find_savings: findSavings,
  get_recurring: getRecurring,
  get_forecast: getForecast,
  get_missions: getMissions,
  get_debt_plan: getDebtPlan,
  get_spending_profile: getSpendingProfile,
  propose_budget: proposeBudget,
  propose_mission: proposeMission,
  propose_category: proposeCategory,
};

/** How a call ended, for the metrics. */
export type ToolOutcome = 'ok' | 'unlisted' | 'invalid' | 'failed';

const parsedJson = (text: string): unknown => {
  try {
    return text.trim() === '' ? {} : JSON.parse(text);
  } catch {
    // A model that writes broken JSON is told so by the check of its arguments.
    return undefined;
  }
};

const run = async <Name extends ToolName>(
  name: Name,
  args: unknown,
  access: ToolAccess,
): Promise<{ outcome: ToolOutcome; result: unknown }> => {
  const parsed = TOOLS[name].arguments.safeParse(args);
  if (!parsed.success) {
    const failure: ToolFailure = { error: 'invalid-arguments', message: z.prettifyError(parsed.error) };
    return { outcome: 'invalid', result: failure };
  }
  // The arguments were parsed by the schema of the same name: this is the parse boundary.
  return { outcome: 'ok', result: await RUNNERS[name](parsed.data as ToolArguments<Name>, access) };
};

/**
 * Runs a tool that a model or the rules ask for. It never throws: what goes wrong is the result.
 * @param call name and arguments, unchecked
 * @param offered the tools of this turn; no other can be called, whatever a text says
 * @param access bound to the user
 * @param logger for faults of ours
 * @returns the outcome, and the result with every text made harmless
 */
export async function runTool(
  call: { name: string; argumentsText: string },
  offered: readonly ToolName[],
  access: ToolAccess,
  logger: Logger,
): Promise<{ outcome: ToolOutcome; result: unknown }> {
  const { name } = call;
  if (!isToolName(name) || !offered.includes(name)) {
    const failure: ToolFailure = { error: 'unknown-tool', message: 'There is no such tool.' };
    return { outcome: 'unlisted', result: failure };
  }
  try {
    const { outcome, result } = await run(name, parsedJson(call.argumentsText), access);
    return { outcome, result: tidy(result) };
  } catch (error) {
    const known = failureOf(error, access.language);
    if (known === undefined) {
      logger.error({ err: error, tool: name }, 'a tool failed');
    }
    const failure = known ?? { error: 'unavailable', message: 'This tool does not work right now.' };
    return { outcome: 'failed', result: tidy(failure) };
  }
}
