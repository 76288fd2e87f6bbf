import type { ToolArguments, ToolResult } from '@orrery/assistant';
import { ReadSpending } from '@orrery/contracts';
import type { RunTool } from './tool-access.ts';

/** Income against spending of a period. */
export const getIncomeAndSpending: RunTool<
  ToolArguments<'get_income_and_spending'>,
  ToolResult<'get_income_and_spending'>
> = async (args, access) => {
  const [from, to] = args.from <= args.to ? [args.from, args.to] : [args.to, args.from];
  const { body } = await access.call('insights', ReadSpending, { query: { from, to } });
  const main = body.data.find(({ currency }) => currency === body.currency) ?? body.data[0];
  return {
    asOf: access.today,
    from,
    to,
    totals: body.data.map(({ currency, income, expenses, net }) => ({
      currency,
      income,
      spending: expenses,
      net,
    })),
    months: (main?.byMonth ?? []).map(({ month, income, expenses, net }) => ({
      month,
      income,
      spending: expenses,
      net,
    })),
  };
};
