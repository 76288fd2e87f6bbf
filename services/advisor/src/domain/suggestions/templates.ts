/** The four words that clients know. */
export type SuggestionCategory = 'Spending' | 'Budgeting' | 'Savings' | 'Debt';

/** A kind of advice: its category, and our own wording with a hole in braces for each fact. */
export interface SuggestionTemplate {
  category: SuggestionCategory;
  text: string;
}

/** Every kind of suggestion. One sentence each, in British English. */
export const TEMPLATES = {
  'close-gap': {
    category: 'Budgeting',
    text: 'Expenses and debt payments are {gap} more than your income this month; decide today which spending can wait.',
  },
  'budgets-above-income': {
    category: 'Budgeting',
    text: 'Your budgets add up to {budgets}, which is more than your income of {income}; lower the least important one.',
  },
  unplanned: {
    category: 'Budgeting',
    text: 'Spending of {amount} this month has no budget; set one for {name} first.',
  },
  household: {
    category: 'Budgeting',
    text: 'You and your partner share budgets of {amount} this month; look at them together before the month ends.',
  },
  'record-income': {
    category: 'Budgeting',
    text: 'No income is recorded for this month; add it, so that your plan can tell what remains.',
  },
  'plan-next-month': {
    category: 'Budgeting',
    text: 'Write down the budget of next month before it starts, while this month is still in your mind.',
  },
  'budget-nearly-used': {
    category: 'Budgeting',
    text: 'You have used {spent} of your {limit} budget for {name}; slow down there until the period ends.',
  },
  'shortfall-ahead': {
    category: 'Budgeting',
    text: 'Your balance may fall to {lowest} around {day}; move a payment or set money aside before then.',
  },
  'debt-share': {
    category: 'Debt',
    text: 'Debt payments take {share} of your income; talk to a free debt advice service before taking on anything new.',
  },
  'dearest-debt': {
    category: 'Debt',
    text: 'Put any spare money towards {name} first, because at {rate} a year it is the dearest debt you have.',
  },
  'debt-due': {
    category: 'Debt',
    text: 'Your payment for {name} is due on {day}; make sure that {payment} is on the account the day before.',
  },
  'wants-above-target': {
    category: 'Spending',
    text: 'Non-essential spending takes {share} of your income this month; bring it towards {target} by pausing {name}.',
  },
  duplicate: {
    category: 'Spending',
    text: '{name} was paid more than once this month, {amount} in all; check whether one of the payments is a mistake.',
  },
  subscriptions: {
    category: 'Spending',
    text: 'Your subscriptions cost {amount} this month; cancel those that you have not used lately.',
  },
  'greatest-want': {
    category: 'Spending',
    text: '{name} is your largest non-essential expense this month at {amount}; set yourself a limit for it.',
  },
  'spending-grew': {
    category: 'Spending',
    text: 'You spent {current} this month after {previous} in the month before; look at what changed.',
  },
  'price-rose': {
    category: 'Spending',
    text: '{name} went up from {previous} to {amount}; compare prices before the next payment.',
  },
  'unusual-payment': {
    category: 'Spending',
    text: 'The payment of {amount} to {name} on {day} is unusual for you; check that it was meant.',
  },
  'segment-habit': {
    category: 'Spending',
    text: 'You spend like the group {segment}, which puts most into {categories}; decide which of these matter to you.',
  },
  'compare-bills': {
    category: 'Spending',
    text: 'Compare the price of one regular bill this month and ask the provider for a better offer.',
  },
  'goal-overdue': {
    category: 'Savings',
    text: 'Your goal {name} was planned for {day} and {missing} is still missing; give it a new date or a smaller target.',
  },
  'goal-next-step': {
    category: 'Savings',
    text: 'Set aside {amount} for {name} this month to reach it by {day}.',
  },
  'start-goal': {
    category: 'Savings',
    text: 'After expenses and debt payments {amount} remains this month; start a savings goal with part of it.',
  },
  'spare-money': {
    category: 'Savings',
    text: 'After your savings goals {amount} has no task yet this month; give it to a goal, a debt or a reserve.',
  },
  'save-first': {
    category: 'Savings',
    text: 'Move a small fixed amount to savings on the day your income arrives, before anything is spent.',
  },
} as const satisfies Record<string, SuggestionTemplate>;

export type SuggestionKind = keyof typeof TEMPLATES;

/** Wordings of a model by kind; kinds without one keep ours. */
export type PhraseBook = ReadonlyMap<SuggestionKind, string>;

/**
 * The holes of a text, sorted.
 * @param text a template
 */
export const holesOf = (text: string): string[] =>
  [...text.matchAll(/\{([a-z]+)\}/g)].map(([, hole = '']) => hole).sort();

const LENGTH = { least: 30, most: 220 };
/** Figures, signs, number words and addresses have no place in a template: facts come in by the holes alone. */
const FORBIDDEN =
  /[\p{Nd}\p{Sc}%<>[\]\\`*_#\n\r]|https?:|www\.|@|(?<!\p{L})(?:hundred|thousand|million|half|third|quarter|double|twice|percent|per cent|pounds?|pence|guarantee\w*|promise\w*)(?!\p{L})/iu;

/**
 * Whether a model's wording may stand in for ours: the same holes, once each, nothing that states a fact, one sentence.
 * @param kind the kind of suggestion
 * @param text the model's wording
 */
export const isUsableTemplate = (kind: SuggestionKind, text: string): boolean => {
  const holes = holesOf(text);
  const words = text.replace(/\{[a-z]+\}/g, '');
  const isOneSentence = /^[^.!?]+[.!?]$/.test(words.trim());
  return (
    text.length >= LENGTH.least &&
    text.length <= LENGTH.most &&
    isOneSentence &&
    !/[{}]/.test(words) &&
    !FORBIDDEN.test(words) &&
    JSON.stringify(holes) === JSON.stringify(holesOf(TEMPLATES[kind].text))
  );
};
