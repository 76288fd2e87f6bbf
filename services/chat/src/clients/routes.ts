import { defineRoute, MoneyText, pageOf } from '@orrery/contracts';
import { z } from 'zod';

/**
 * Routes of other services as far as the assistant needs them. A field that is not named here is not read, so the
 * services are free to add some.
 */
const asUser = { tag: 'Assistant', audience: 'user' } as const;
const NullableMoney = z.object({ amount: z.string(), currency: z.string() }).nullable();

export const ListTransactions = defineRoute({
  ...asUser,
  method: 'get',
  path: '/v1/transactions',
  operationId: 'listTransactions',
  summary: 'Transactions of the caller, newest first',
  query: z.object({
    from: z.string().optional(),
    to: z.string().optional(),
    category: z.string().optional(),
    q: z.string().optional(),
    limit: z.int(),
    cursor: z.string().optional(),
  }),
  responses: {
    200: pageOf(
      z.object({
        id: z.string(),
        date: z.string(),
        description: z.string(),
        merchant: z.string().nullable(),
        amount: MoneyText,
        category: z.object({ slug: z.string(), name: z.string() }).nullable(),
      }),
    ),
  },
});

export const TotalTransactions = defineRoute({
  ...asUser,
  method: 'get',
  path: '/v1/transactions/totals',
  operationId: 'totalTransactions',
  summary: 'Sums of the transactions of a filter, per currency',
  query: z.object({
    from: z.string().optional(),
    to: z.string().optional(),
    category: z.string().optional(),
    q: z.string().optional(),
  }),
  responses: {
    200: z.object({
      totals: z.array(
        z.object({
          currency: z.string(),
          count: z.int(),
          moneyIn: MoneyText,
          moneyOut: MoneyText,
          net: MoneyText,
        }),
      ),
      complete: z.boolean(),
    }),
  },
});

export const ListBudgets = defineRoute({
  ...asUser,
  method: 'get',
  path: '/v1/budgets',
  operationId: 'listBudgets',
  summary: 'Budgets of the caller and how they stand',
  responses: {
    200: pageOf(
      z.object({
        id: z.string(),
        category: z.string(),
        from: z.string(),
        to: z.string(),
        limit: MoneyText,
        spent: MoneyText,
        remaining: MoneyText,
        percent: z.number(),
      }),
    ),
  },
});

export const SetBudget = defineRoute({
  ...asUser,
  method: 'post',
  path: '/v1/budgets',
  operationId: 'setBudget',
  summary: 'Set a budget',
  body: z.object({
    category: z.string(),
    amount: MoneyText,
    period: z.enum(['weekly', 'monthly', 'yearly']),
  }),
  responses: { 201: z.object({ id: z.string() }) },
});

export const ListRecurring = defineRoute({
  ...asUser,
  method: 'get',
  path: '/v1/recurring',
  operationId: 'listRecurring',
  summary: 'Recurring payments and income of the caller',
  responses: {
    200: pageOf(
      z.object({
        name: z.string(),
        merchant: z.string(),
        period: z.string(),
        state: z.string(),
        category: z.string().nullable(),
        averageAmount: MoneyText,
        lastAmount: MoneyText,
        nextDate: z.string().nullable(),
      }),
    ),
  },
});

export const CashFlowForecast = defineRoute({
  ...asUser,
  method: 'get',
  path: '/api/cash_flow_forecast',
  operationId: 'cashSenseCashFlowForecast',
  summary: 'The balance of the next days',
  query: z.object({ days: z.int(), balance: z.string().optional(), currency: z.string().optional() }),
  responses: {
    200: z.object({
      currency: z.string(),
      balanceKnown: z.boolean(),
      days: z.array(z.object({ date: z.string() })),
      lowest: z.object({ date: z.string(), balance: z.number() }),
      probabilityBelowZero: z.number(),
      safeToSpend: z.number(),
    }),
    400: z.object({ code: z.string() }),
    422: z.object({ code: z.string() }),
  },
});

export const FindSavings = defineRoute({
  ...asUser,
  method: 'get',
  path: '/api/savings_opportunities',
  operationId: 'cashSenseSavingsOpportunities',
  summary: 'Ways to spend less',
  responses: {
    200: z.object({
      currency: z.string(),
      opportunities: z.array(
        z.object({
          type: z.enum(['duplicate_subscription', 'recurring', 'fees', 'over_budget', 'above_usual']),
          category: z.string(),
          merchant: z.string().nullable(),
          current_monthly: z.number(),
          suggested_monthly: z.number(),
          estimated_saving: z.number(),
        }),
      ),
      total_estimated_saving: z.number(),
    }),
  },
});

export const ListAccounts = defineRoute({
  ...asUser,
  method: 'get',
  path: '/v1/accounts',
  operationId: 'listAccounts',
  summary: 'Accounts of the caller',
  responses: {
    200: pageOf(
      z.object({
        name: z.string(),
        type: z.string().nullable(),
        subtype: z.string().nullable(),
        mask: z.string().nullable(),
        balances: z.object({ available: NullableMoney, current: NullableMoney }).nullable(),
      }),
    ),
  },
});

export const ListMissions = defineRoute({
  ...asUser,
  method: 'get',
  path: '/v1/missions',
  operationId: 'listMissions',
  summary: 'Missions of the caller',
  responses: {
    200: pageOf(
      z.object({
        id: z.string(),
        period: z.string(),
        text: z.string(),
        state: z.string(),
        progress: z.object({ current: z.number(), target: z.number() }),
        validTo: z.string(),
        expectedSaving: NullableMoney.optional().catch(null),
      }),
    ),
  },
});

export const AcceptMission = defineRoute({
  ...asUser,
  method: 'post',
  path: '/v1/missions/{missionId}/accept',
  operationId: 'acceptMission',
  summary: 'Accept a mission',
  params: z.object({ missionId: z.string() }),
  responses: { 200: z.unknown() },
});

export const CorrectCategory = defineRoute({
  ...asUser,
  method: 'put',
  path: '/v1/transactions/{transactionId}/category',
  operationId: 'correctCategory',
  summary: 'Set the category of a transaction',
  params: z.object({ transactionId: z.string() }),
  body: z.object({ category: z.string(), applyToMerchant: z.boolean() }),
  responses: { 200: z.unknown() },
});

export const ReadOwnSegment = defineRoute({
  ...asUser,
  method: 'get',
  path: '/v1/segments/me',
  operationId: 'readOwnSegment',
  summary: 'The segment of the caller',
  responses: {
    200: z.object({
      segment: z
        .object({ name: z.string(), description: z.string(), topCategories: z.array(z.unknown()) })
        .nullable(),
    }),
  },
});

const Payoff = z.object({
  months: z.int().nullable(),
  totalInterest: MoneyText.nullable(),
  order: z.array(z.string()),
});

export const PlanDebts = defineRoute({
  ...asUser,
  method: 'post',
  path: '/v1/debt-plan',
  operationId: 'planDebts',
  summary: 'How the debts of the caller can be paid off',
  body: z.object({ extra: z.string().optional() }),
  responses: {
    200: z.looseObject({
      feasible: z.boolean().optional(),
      leastBudget: NullableMoney.optional(),
      avalanche: Payoff.optional(),
      snowball: Payoff.optional(),
    }),
  },
});

export const ReadSummary = defineRoute({
  ...asUser,
  method: 'get',
  path: '/v1/summary',
  operationId: 'readSummary',
  summary: 'The financial summary of the caller',
  responses: {
    200: z.object({
      /** `main-backend` for users who keep their plan there, else the ledger. */
      source: z.string(),
      month: z.string(),
      currency: z.string(),
      income: MoneyText,
      expenses: MoneyText,
      disposal: MoneyText,
      debtPayments: MoneyText,
      afterDebts: MoneyText,
      budgets: MoneyText,
      debts: z.object({
        items: z.array(z.object({ name: z.string(), balance: MoneyText, apr: z.number().nullable() })),
      }),
    }),
  },
});

/** The same summary, as far as savings goals and single budgets need it. */
export const ReadPlan = defineRoute({
  ...asUser,
  method: 'get',
  path: '/v1/summary',
  operationId: 'readSummary',
  summary: 'The plan of the caller: budgets by name and savings goals',
  responses: {
    200: z.object({
      source: z.string(),
      month: z.string(),
      expenses: MoneyText,
      budgets: MoneyText,
      savings: z.object({
        saved: MoneyText,
        monthlyTarget: MoneyText,
        completion: z.number(),
        goals: z.array(
          z.object({
            name: z.string(),
            target: MoneyText,
            saved: MoneyText,
            monthly: MoneyText,
            completion: z.number(),
            completesOn: z.string().nullable(),
            completed: z.boolean(),
          }),
        ),
      }),
      plan: z.array(z.object({ name: z.string(), category: z.string(), limit: MoneyText, spent: MoneyText })),
    }),
  },
});
