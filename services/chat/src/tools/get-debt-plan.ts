import type { ToolArguments, ToolResult } from '@orrery/assistant';
import type { MoneyText } from '@orrery/contracts';
import { safeMinor } from '@orrery/money';
import { PlanDebts, ReadSummary } from '../clients/routes.ts';
import { minorOf, moneyOf } from '../domain/money-math.ts';
import { requireCurrency, type RunTool } from './tool-access.ts';

interface Payoff {
  months: number | null;
  totalInterest: MoneyText | null;
  order: string[];
}

/** A way of paying off that comes to an end. */
const payoffOf = (payoff: Payoff | undefined) =>
  payoff === undefined || payoff.months === null || payoff.totalInterest === null
    ? null
    : { months: payoff.months, totalInterest: payoff.totalInterest, order: payoff.order };

/** Debts and the two ways of paying them off. */
export const getDebtPlan: RunTool<ToolArguments<'get_debt_plan'>, ToolResult<'get_debt_plan'>> = async (
  args,
  access,
) => {
  const { body: summary } = await access.call('advisor', ReadSummary, {});
  const { currency } = summary;
  if (args.extra !== undefined) {
    requireCurrency(args.currency, currency, access.language);
  }
  const debts = summary.debts.items.map(({ name, balance, apr }) => ({ name, balance, apr }));
  const extra = args.extra === undefined ? null : { amount: args.extra, currency };
  if (debts.length === 0) {
    return {
      asOf: access.today,
      hasDebts: false,
      feasible: true,
      extra,
      leastBudget: null,
      debts,
      total: null,
      avalanche: null,
      snowball: null,
    };
  }
  const { body: plan } = await access.call('advisor', PlanDebts, {
    body: args.extra === undefined ? {} : { extra: args.extra },
  });
  const total = debts.reduce((sum, { balance }) => safeMinor(sum + minorOf(balance)), 0);
  return {
    asOf: access.today,
    hasDebts: true,
    feasible: plan.feasible ?? true,
    extra,
    leastBudget: plan.leastBudget ?? null,
    debts,
    total: moneyOf(total, currency),
    avalanche: payoffOf(plan.avalanche),
    snowball: payoffOf(plan.snowball),
  };
};
