import type { ToolArguments, ToolResult } from '@orrery/assistant';
import { ReadPlan } from '../clients/routes.ts';
import { minorOf, moneyOf } from '../domain/money-math.ts';
import type { RunTool } from './tool-access.ts';

const MAX_GOALS = 20;

/** Savings goals, with the figures of the advisor's summary. */
export const getSavingsGoals: RunTool<
  ToolArguments<'get_savings_goals'>,
  ToolResult<'get_savings_goals'>
> = async (_args, access) => {
  const { body } = await access.call('advisor', ReadPlan, {});
  const { goals, saved, monthlyTarget, completion } = body.savings;
  return {
    asOf: access.today,
    goals: goals.slice(0, MAX_GOALS).map((goal) => ({
      name: goal.name,
      saved: goal.saved,
      target: goal.target,
      remaining: moneyOf(Math.max(0, minorOf(goal.target) - minorOf(goal.saved)), goal.target.currency),
      percent: goal.completion,
      monthly: goal.monthly,
      completesOn: goal.completesOn,
      isReached: goal.completed,
    })),
    saved: goals.length === 0 ? null : saved,
    completionPercent: completion,
    monthlyTarget: goals.length === 0 ? null : monthlyTarget,
  };
};
