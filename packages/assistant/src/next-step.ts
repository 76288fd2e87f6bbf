import { addDays, addMonths, lastMonths, periodContaining, type CalendarDay } from '@orrery/calendar';
import { formatDecimal } from '@orrery/money';
import type { Period } from './periods.ts';
import { phraseFailure, phraseForeign, phraseResult, phraseWithoutTool } from './phrase-answer.ts';
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

type About = {
  category?: string;
  merchant?: string;
  parts?: { category?: string; merchant?: string }[];
  except?: { category?: string; merchant?: string }[];
};

const subject = ({ category, merchant }: Reading): { category?: string; merchant?: string } => ({
  ...(category === undefined ? {} : { category }),
  ...(merchant === undefined ? {} : { merchant }),
});

const without = ({ except }: Reading): Pick<About, 'except'> =>
  except.length === 0 ? {} : { except: except.slice(0, 3).map((each) => ({ ...each })) };

/** What spending is asked about. */
const about = (reading: Reading): About =>
  reading.parts.length > 1
    ? { parts: reading.parts.slice(0, 5).map((part) => ({ ...part })), ...without(reading) }
    : { ...subject(reading), ...without(reading) };

const against = ({ against: other }: Reading): { compareFrom?: string; compareTo?: string } =>
  other === undefined ? {} : { compareFrom: other.from, compareTo: other.to };

/** A period up to the day that is asked on. */
const untilToday = ({ from, to }: Period, today: CalendarDay): Period => ({
  from,
  to: to > today ? today : to,
});

/** Whole months only, if there are any: the present one is not over, and would pull an average down. */
const wholeMonths = ({ from, to }: Period, today: CalendarDay): Period => {
  const lastWhole = addDays(periodContaining('month', today).from, -1);
  return to > lastWhole && from <= lastWhole ? { from, to: lastWhole } : untilToday({ from, to }, today);
};

const decimalOf = ({ amount }: Reading): string | undefined =>
  amount === undefined ? undefined : formatDecimal(amount.amountMinor, amount.currency);

/** An amount goes along with its currency, so that no tool takes it for as much of another one. */
const named = (reading: Reading, key: 'minAmount' | 'maxAmount' | 'price' | 'extra') => {
  const decimal = decimalOf(reading);
  return decimal === undefined ? {} : { [key]: decimal, currency: reading.amount?.currency };
};

/** A budget may be in any currency; figures are compared with amounts of the user's own only. */
const isForeign = ({ amount, topic }: Reading, { currency }: QuestionContext): boolean =>
  amount !== undefined &&
  amount.currency !== currency &&
  topic !== 'set-budget' &&
  PLANS[topic] !== undefined;

type Planner = (reading: Reading, context: QuestionContext) => ToolCall | undefined;

const search =
  (defaults: { sort: 'newest' | 'largest'; limit: number; direction?: 'out' }): Planner =>
  (reading, { today }) => {
    const amount = reading.topic === 'list' ? decimalOf(reading) : undefined;
    const direction = reading.direction ?? (amount === undefined ? defaults.direction : 'out');
    const period = reading.period ?? (reading.topic === 'largest' ? month(today) : undefined);
    return {
      name: 'search_transactions',
      arguments: {
        ...period,
        ...subject(reading),
        ...without(reading),
        ...(amount === undefined ? {} : named(reading, reading.isCeiling ? 'maxAmount' : 'minAmount')),
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

/** Month by month it is told of whole months, as the present one would look too small. */
const income: Planner = (reading, context) => {
  const { period, groupBy } = reading;
  return period === undefined && groupBy === 'month'
    ? { name: 'get_income_and_spending', arguments: lastMonths(addMonths(context.today, -1), 3) }
    : incomeAndSpending(reading, context);
};

const PLANS: Partial<Record<Reading['topic'], Planner>> = {
  spending: (reading, { today }) => ({
    name: 'get_spending',
    arguments: { ...(reading.period ?? month(today)), ...about(reading), ...against(reading) },
  }),
  breakdown: (reading, { today }) => ({
    name: 'get_spending',
    arguments: {
      ...(reading.period ?? (reading.groupBy === 'month' ? lastMonths(today, 6) : month(today))),
      ...about(reading),
      ...(reading.except.length > 0 ? {} : { groupBy: reading.groupBy ?? 'category' }),
    },
  }),
  average: (reading, { today }) => {
    const asked = reading.period ?? lastMonths(addMonths(today, -1), 3);
    const period = reading.per === 'month' ? wholeMonths(asked, today) : untilToday(asked, today);
    return { name: 'get_spending', arguments: { ...period, ...about(reading), averagePer: reading.per } };
  },
  share: (reading, { today }) => ({
    name: 'get_spending',
    arguments: { ...(reading.period ?? month(today)), ...about(reading), share: true },
  }),
  peak: (reading, { today }) => {
    const asked = reading.period ?? lastMonths(today, 12);
    // The cheapest month is not the one that has only begun.
    const period = reading.extreme === 'least' ? wholeMonths(asked, today) : untilToday(asked, today);
    return { name: 'get_spending', arguments: { ...period, ...about(reading), groupBy: 'month' } };
  },
  price: (reading) => ({ name: 'get_recurring', arguments: { kind: 'payments', ...subject(reading) } }),
  payday: () => ({ name: 'get_recurring', arguments: { kind: 'income' } }),
  goals: () => ({ name: 'get_savings_goals', arguments: {} }),
  savings: () => ({ name: 'find_savings', arguments: {} }),
  compare: (reading, { today }) => {
    const period = reading.period ?? month(today);
    const other = reading.against ?? month(addMonths(period.from, -1));
    return {
      name: 'get_spending',
      arguments: { ...period, ...about(reading), compareFrom: other.from, compareTo: other.to },
    };
  },
  largest: search({ sort: 'largest', limit: 1, direction: 'out' }),
  latest: search({ sort: 'newest', limit: 1 }),
  list: search({ sort: 'newest', limit: 10 }),
  income,
  net: incomeAndSpending,
  balances: () => ({ name: 'get_balances', arguments: {} }),
  budgets: ({ category, name }) => ({
    name: 'get_budgets',
    arguments: {
      ...(category === undefined ? {} : { category }),
      ...(name === undefined ? {} : { name }),
    },
  }),
  recurring: ({ merchant, direction, isAboutSubscriptions }) => ({
    name: 'get_recurring',
    arguments: {
      kind: direction === 'in' ? 'income' : isAboutSubscriptions ? 'subscriptions' : 'payments',
      ...(merchant === undefined ? {} : { merchant }),
    },
  }),
  forecast: (reading) => ({ name: 'get_forecast', arguments: named(reading, 'price') }),
  missions: () => ({ name: 'get_missions', arguments: {} }),
  debts: (reading) => ({ name: 'get_debt_plan', arguments: named(reading, 'extra') }),
  profile: () => ({ name: 'get_spending_profile', arguments: {} }),
  'set-budget': (reading) => {
    const amount = decimalOf(reading);
    return amount === undefined
      ? undefined
      : {
          name: 'propose_budget',
          arguments: {
            category: reading.category ?? 'total',
            amount,
            currency: reading.amount?.currency,
          },
        };
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

/** A price that is no regular payment is what was spent: the second call of a question about a price. */
const priceFallback = (
  reading: Reading,
  name: ToolName,
  result: unknown,
  { today }: QuestionContext,
): ToolCall | undefined => {
  if (reading.topic !== 'price' || name !== 'get_recurring') {
    return undefined;
  }
  const parsed = TOOLS.get_recurring.result.safeParse(result);
  return parsed.success && parsed.data.payments.length === 0
    ? { name: 'get_spending', arguments: { ...month(today), ...about(reading) } }
    : undefined;
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
 * What the rules do next about one question.
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
    if (isForeign(reading, context)) {
      return { kind: 'say', text: phraseForeign(reading, context.currency) };
    }
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
  const fallback = priceFallback(reading, last.name, last.result, context);
  return fallback === undefined
    ? { kind: 'say', text: sayResult(reading, last.name, last.result) }
    : { kind: 'call', call: fallback };
}

/**
 * What the rules do next about a message that asks one or several things, one after the other.
 * @param readings its questions
 * @param text the message
 * @param called the tools that were asked for it, in order
 * @param context the user's day, currency and merchants
 */
export function nextStepOf(
  readings: readonly Reading[],
  text: string,
  called: readonly CalledTool[],
  context: QuestionContext,
): NextStep {
  const said: string[] = [];
  let rest = called;
  for (const reading of readings) {
    let used = 0;
    let step = nextStep(reading, text, [], context);
    while (step.kind === 'call') {
      if (used === rest.length) {
        return step;
      }
      used += 1;
      step = nextStep(reading, text, rest.slice(0, used), context);
    }
    said.push(step.text);
    rest = rest.slice(used);
  }
  return { kind: 'say', text: [...new Set(said)].join('\n') };
}

/**
 * The tools that fit a message best, the most fitting first: what the rules would call, then the common ones.
 * @param readings its questions
 * @param context the user's day, currency and merchants
 */
export function fittingTools(readings: readonly Reading[], context: QuestionContext): ToolName[] {
  const acts: Partial<Record<Reading['topic'], ToolName>> = {
    'set-budget': 'propose_budget',
    'accept-mission': 'propose_mission',
    'set-category': 'propose_category',
  };
  const first = readings.flatMap((reading) => [
    PLANS[reading.topic]?.(reading, context)?.name,
    acts[reading.topic],
  ]);
  return [...new Set([...first, ...COMMON].filter((name) => name !== undefined))];
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
