import { addMonths, lastMonths, periodContaining, type CalendarDay } from '@orrery/calendar';
import { formatDecimal } from '@orrery/money';
import type { Period } from './periods.ts';
import { phraseFailure, phraseResult, phraseWithoutTool } from './phrase-answer.ts';
import type { QuestionContext, Reading } from './read-question.ts';
import { fold } from './fold.ts';
import { isToolName, ToolFailure, TOOLS, type ToolCall, type ToolName, type ToolResult } from './tools.ts';

/** What a tool answered, as JSON that came over the wire. */
export interface CalledTool {
  name: string;
  result: unknown;
}

/** What to do next: ask a tool, or answer. */
export type NextStep = { kind: 'call'; call: ToolCall } | { kind: 'say'; text: string };

const month = (today: CalendarDay): Period => {
  const { from, to } = periodContaining('month', today);
  return { from, to };
};

const about = ({ category, merchant }: Reading): { category?: string; merchant?: string } => ({
  ...(category === undefined ? {} : { category }),
  ...(merchant === undefined ? {} : { merchant }),
});

const decimalOf = ({ amount }: Reading): string | undefined =>
  amount === undefined ? undefined : formatDecimal(amount.amountMinor, amount.currency);

type Planner = (reading: Reading, context: QuestionContext) => ToolCall | undefined;

const search =
  (defaults: { sort: 'newest' | 'largest'; limit: number; direction?: 'out' }): Planner =>
  (reading, { today }) => {
    const minAmount = reading.topic === 'list' ? decimalOf(reading) : undefined;
    const direction = reading.direction ?? defaults.direction;
    const period = reading.period ?? (reading.topic === 'largest' ? month(today) : undefined);
    return {
      name: 'search_transactions',
      arguments: {
        ...period,
        ...about(reading),
        ...(minAmount === undefined ? {} : { minAmount }),
        ...(direction === undefined ? {} : { direction }),
        sort: defaults.sort,
        limit: reading.limit ?? defaults.limit,
      },
    };
  };

const incomeAndSpending: Planner = ({ period }, { today }) => ({
  name: 'get_income_and_spending',
  arguments: period ?? month(today),
});

const PLANS: Partial<Record<Reading['topic'], Planner>> = {
  spending: (reading, { today }) => ({
    name: 'get_spending',
    arguments: { ...(reading.period ?? month(today)), ...about(reading) },
  }),
  breakdown: (reading, { today }) => ({
    name: 'get_spending',
    arguments: {
      ...(reading.period ?? (reading.groupBy === 'month' ? lastMonths(today, 6) : month(today))),
      ...about(reading),
      groupBy: reading.groupBy ?? 'category',
    },
  }),
  average: (reading, { today }) => ({
    name: 'get_spending',
    arguments: {
      // The present month is not over, so it would pull the average down.
      ...(reading.period ?? lastMonths(addMonths(today, -1), 3)),
      ...about(reading),
      groupBy: 'month',
    },
  }),
  compare: (reading, { today }) => {
    const period = reading.period ?? month(today);
    const against = reading.against ?? month(addMonths(period.from, -1));
    return {
      name: 'get_spending',
      arguments: { ...period, ...about(reading), compareFrom: against.from, compareTo: against.to },
    };
  },
  largest: search({ sort: 'largest', limit: 1, direction: 'out' }),
  latest: search({ sort: 'newest', limit: 1 }),
  list: search({ sort: 'newest', limit: 10 }),
  income: incomeAndSpending,
  net: incomeAndSpending,
  balances: () => ({ name: 'get_balances', arguments: {} }),
  budgets: ({ category }) => ({
    name: 'get_budgets',
    arguments: category === undefined ? {} : { category },
  }),
  recurring: ({ merchant, direction, isAboutSubscriptions }) => ({
    name: 'get_recurring',
    arguments: {
      kind: direction === 'in' ? 'income' : isAboutSubscriptions ? 'subscriptions' : 'payments',
      ...(merchant === undefined ? {} : { merchant }),
    },
  }),
  forecast: (reading) => {
    const price = decimalOf(reading);
    return { name: 'get_forecast', arguments: price === undefined ? {} : { price } };
  },
  missions: () => ({ name: 'get_missions', arguments: {} }),
  debts: (reading) => {
    const extra = decimalOf(reading);
    return { name: 'get_debt_plan', arguments: extra === undefined ? {} : { extra } };
  },
  profile: () => ({ name: 'get_spending_profile', arguments: {} }),
  'set-budget': (reading) => {
    const amount = decimalOf(reading);
    return amount === undefined
      ? undefined
      : { name: 'propose_budget', arguments: { category: reading.category ?? 'total', amount } };
  },
  'accept-mission': () => ({ name: 'get_missions', arguments: {} }),
  'set-category': (reading) =>
    reading.category === undefined || reading.merchant === undefined
      ? undefined
      : {
          name: 'search_transactions',
          arguments: { merchant: reading.merchant, sort: 'newest', limit: 1 },
        },
};

const ALL_OF_MERCHANT = /\b(?:all|every|always|toutes?|tous|toujours)\b|모두|전부|항상|앞으로/;

/** The second call of an act: what the first one found is prepared for the user to confirm. */
const actOn = (reading: Reading, name: ToolName, result: unknown, question: string): ToolCall | undefined => {
  if (reading.topic === 'accept-mission' && name === 'get_missions') {
    const { missions } = TOOLS.get_missions.result.parse(result);
    const proposed = missions.find(({ state }) => state === 'proposed');
    return proposed === undefined
      ? undefined
      : { name: 'propose_mission', arguments: { missionId: proposed.id } };
  }
  if (reading.topic === 'set-category' && name === 'search_transactions' && reading.category !== undefined) {
    const { transactions } = TOOLS.search_transactions.result.parse(result);
    const [latest] = transactions;
    return latest === undefined
      ? undefined
      : {
          name: 'propose_category',
          arguments: {
            transactionId: latest.id,
            category: reading.category,
            wholeMerchant: ALL_OF_MERCHANT.test(fold(question)),
          },
        };
  }
  return undefined;
};

const sayResult = (reading: Reading, name: ToolName, result: unknown): string => {
  const failure = ToolFailure.safeParse(result);
  if (failure.success) {
    return phraseFailure(reading, failure.data);
  }
  const parsed = TOOLS[name].result.safeParse(result);
  if (!parsed.success) {
    return phraseFailure(reading, { error: 'unavailable', message: '' });
  }
  // The result was parsed by the schema of the same name: this is the parse boundary.
  return phraseResult(reading, name, parsed.data as ToolResult<typeof name>);
};

/**
 * What the rules do next about a question.
 * @param reading the question
 * @param question its text
 * @param called the tools that were asked for it, in order
 * @param context the user's day, currency and merchants
 */
export function nextStep(
  reading: Reading,
  question: string,
  called: readonly CalledTool[],
  context: QuestionContext,
): NextStep {
  const last = called.at(-1);
  if (last === undefined) {
    const call = PLANS[reading.topic]?.(reading, context);
    return call === undefined ? { kind: 'say', text: phraseWithoutTool(reading) } : { kind: 'call', call };
  }
  if (!isToolName(last.name)) {
    return { kind: 'say', text: phraseWithoutTool(reading) };
  }
  const isFailure = ToolFailure.safeParse(last.result).success;
  const isFirstOfAct =
    (reading.topic === 'accept-mission' || reading.topic === 'set-category') &&
    TOOLS[last.name] !== TOOLS.propose_mission &&
    TOOLS[last.name] !== TOOLS.propose_category;
  if (isFirstOfAct && !isFailure) {
    const call = actOn(reading, last.name, last.result, question);
    return call === undefined ? { kind: 'say', text: phraseWithoutTool(reading) } : { kind: 'call', call };
  }
  return { kind: 'say', text: sayResult(reading, last.name, last.result) };
}

/**
 * The tools that fit a question best, the most fitting first: what the rules would call, then the common ones.
 * @param reading the question
 * @param context the user's day, currency and merchants
 */
export function fittingTools(reading: Reading, context: QuestionContext): ToolName[] {
  const first = PLANS[reading.topic]?.(reading, context)?.name;
  const act: Partial<Record<Reading['topic'], ToolName>> = {
    'set-budget': 'propose_budget',
    'accept-mission': 'propose_mission',
    'set-category': 'propose_category',
  };
  const wanted = [first, act[reading.topic], ...COMMON].filter((name) => name !== undefined);
  return [...new Set(wanted)];
}

const COMMON: readonly ToolName[] = [
  'get_spending',
  'search_transactions',
  'get_income_and_spending',
  'get_forecast',
  'get_recurring',
  'get_balances',
  'get_budgets',
  'get_debt_plan',
];
