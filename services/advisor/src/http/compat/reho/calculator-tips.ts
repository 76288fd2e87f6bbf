import { defineRoute } from '@orrery/contracts';
import { handle, type MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import { calculatorTips, type CalculatorInputs } from '../../../domain/tips/calculator-tips.ts';
import type { ReadMonth } from '../../../use-cases/read-month.ts';
import { requireRehoUser } from './reho-user.ts';

const common = { method: 'get', tag: 'Reho', audience: 'user', errorShape: 'detail' } as const;

const ReadTips = defineRoute({
  ...common,
  path: '/calculator/tips',
  operationId: 'readCalculatorTips',
  summary: 'One tip for the latest run of each calculator',
  responses: {
    200: z.object({
      savingsTip: z.string(),
      loanTip: z.string(),
      futureValueTip: z.string(),
      historicalTip: z.string(),
    }),
  },
});

const ReadSavingsTip = defineRoute({
  ...common,
  path: '/calculator/savings-tip',
  operationId: 'readSavingsTip',
  summary: 'The tip for the latest savings calculation',
  responses: { 200: z.object({ tip: z.string() }) },
});

export interface TipParts {
  months: ReadMonth;
  /** Latest calculator runs; without a main back end nobody has any. */
  calculations: (userId: string) => Promise<CalculatorInputs>;
}

/**
 * `GET /calculator/tips` and `GET /calculator/savings-tip`: computed for each request, so that a new calculation shows
 * at once whatever was stored before.
 * @param parts the caller's month and calculator runs
 */
export const calculatorRoutes = ({ months, calculations }: TipParts): MountedRoute[] => {
  const tipsOf = async (userId: string, signal: AbortSignal) => {
    const [month, inputs] = await Promise.all([months.one(userId, { signal }), calculations(userId)]);
    return calculatorTips(month.summary, month.userName, inputs);
  };
  return [
    handle(ReadTips, async ({ identity, signal }) => ({
      status: 200,
      body: await tipsOf(requireRehoUser(identity), signal),
    })),
    handle(ReadSavingsTip, async ({ identity, signal }) => ({
      status: 200,
      body: { tip: (await tipsOf(requireRehoUser(identity), signal)).savingsTip },
    })),
  ];
};
