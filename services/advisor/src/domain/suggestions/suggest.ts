import { addDays } from '@orrery/calendar';
import type { Language } from '@orrery/contracts';
import { isActiveGoal, type FinancialSummary } from '../financial-summary.ts';
import { percentOf } from '../percent-of.ts';
import { categories, dayName, money, name, percent, wordFact, type Fact } from './fact.ts';
import { duplicatesOf, greatestWant, subscriptionsOf, sumByName } from '../reports/expense-groups.ts';
import type { Signal } from './signal.ts';
import { TEMPLATES, type PhraseBook, type SuggestionCategory, type SuggestionKind } from './templates.ts';

/** A suggestion before it is worded. */
export interface Candidate {
  kind: SuggestionKind;
  /** Money at stake in a month, minor units; the order of advice. */
  stakeMinor: number;
  slots: Record<string, Fact>;
}

/** A suggestion as it is kept: in English, and with its facts for other languages. */
export interface Suggestion extends Pick<Candidate, 'kind' | 'slots'> {
  category: SuggestionCategory;
  text: string;
}

/** How many a user gets a day. */
export const SUGGESTIONS_A_DAY = 3;

const WANTS_TARGET_PERCENT = 30;
/** Lenders and advisers call debts above this share of income a heavy burden; the admin alert uses the same limit. */
const HEAVY_DEBT_PERCENT = 40;
const DUE_SOON_DAYS = 7;

const debtCandidates = (summary: FinancialSummary): Candidate[] => {
  const { debts, debtSharePercent, debtPaymentsMinor, currency, today } = summary;
  const [dearest] = [...debts].sort((left, right) => right.ratePercent - left.ratePercent);
  const soon = addDays(today, DUE_SOON_DAYS);
  const due = debts
    .filter(
      ({ dueOn, paymentMinor }) => dueOn !== null && dueOn >= today && dueOn <= soon && paymentMinor > 0,
    )
    .sort((left, right) => ((left.dueOn ?? '') < (right.dueOn ?? '') ? -1 : 1))[0];
  return [
    ...(debtSharePercent !== null && debtSharePercent > HEAVY_DEBT_PERCENT
      ? [
          {
            kind: 'debt-share' as const,
            stakeMinor: debtPaymentsMinor,
            slots: { share: percent(debtSharePercent) },
          },
        ]
      : []),
    ...(dearest !== undefined && dearest.ratePercent > 0
      ? [
          {
            kind: 'dearest-debt' as const,
            stakeMinor: dearest.interestMinor,
            slots: { name: name(dearest.name), rate: percent(dearest.ratePercent) },
          },
        ]
      : []),
    ...(due !== undefined
      ? [
          {
            kind: 'debt-due' as const,
            stakeMinor: due.paymentMinor,
            slots: {
              name: name(due.name),
              day: dayName(due.dueOn ?? ''),
              payment: money(due.paymentMinor, currency),
            },
          },
        ]
      : []),
  ];
};

const spendingCandidates = (summary: FinancialSummary): Candidate[] => {
  const { expenses, byGroup, incomeMinor, currency, expensesMinor, previous } = summary;
  const wantsShare = percentOf(byGroup.wants, incomeMinor);
  const want = greatestWant(expenses);
  const [duplicate] = duplicatesOf(expenses);
  const subscriptionsMinor = subscriptionsOf(expenses).reduce((sum, { amountMinor }) => sum + amountMinor, 0);
  const targetMinor = Math.floor((incomeMinor * WANTS_TARGET_PERCENT) / 100);
  return [
    ...(want !== undefined && wantsShare !== null && wantsShare > WANTS_TARGET_PERCENT
      ? [
          {
            kind: 'wants-above-target' as const,
            stakeMinor: byGroup.wants - targetMinor,
            slots: {
              share: percent(wantsShare),
              target: percent(WANTS_TARGET_PERCENT),
              name: name(want.name),
            },
          },
        ]
      : []),
    ...(want !== undefined
      ? [
          {
            kind: 'greatest-want' as const,
            stakeMinor: Math.floor(want.amountMinor / 2),
            slots: { name: name(want.name), amount: money(want.amountMinor, currency) },
          },
        ]
      : []),
    ...(duplicate !== undefined
      ? [
          {
            kind: 'duplicate' as const,
            stakeMinor: Math.floor(duplicate.amountMinor / duplicate.count),
            slots: { name: name(duplicate.name), amount: money(duplicate.amountMinor, currency) },
          },
        ]
      : []),
    ...(subscriptionsMinor > 0
      ? [
          {
            kind: 'subscriptions' as const,
            stakeMinor: Math.floor(subscriptionsMinor / 2),
            slots: { amount: money(subscriptionsMinor, currency) },
          },
        ]
      : []),
    ...(previous.expensesMinor > 0 && expensesMinor > previous.expensesMinor
      ? [
          {
            kind: 'spending-grew' as const,
            // Part of the growth is only that more was recorded, so it counts for a tenth.
            stakeMinor: Math.floor((expensesMinor - previous.expensesMinor) / 10),
            slots: {
              current: money(expensesMinor, currency),
              previous: money(previous.expensesMinor, currency),
            },
          },
        ]
      : []),
    { kind: 'compare-bills', stakeMinor: 0, slots: {} },
  ];
};

const budgetCandidates = (summary: FinancialSummary): Candidate[] => {
  const { afterDebtsMinor, incomeMinor, expensesMinor, budgetMinor, currency, household } = summary;
  const planned = new Set(summary.plan.map((line) => line.name.trim().toLowerCase()));
  const unplanned = sumByName(
    summary.expenses.filter((expense) => !planned.has(expense.name.trim().toLowerCase())),
  );
  const unplannedMinor = unplanned.reduce((sum, { amountMinor }) => sum + amountMinor, 0);
  return [
    ...(incomeMinor > 0 && afterDebtsMinor < 0
      ? [
          {
            kind: 'close-gap' as const,
            stakeMinor: -afterDebtsMinor,
            slots: { gap: money(-afterDebtsMinor, currency) },
          },
        ]
      : []),
    ...(incomeMinor === 0 ? [{ kind: 'record-income' as const, stakeMinor: expensesMinor, slots: {} }] : []),
    ...(incomeMinor > 0 && budgetMinor > incomeMinor
      ? [
          {
            kind: 'budgets-above-income' as const,
            stakeMinor: budgetMinor - incomeMinor,
            slots: { budgets: money(budgetMinor, currency), income: money(incomeMinor, currency) },
          },
        ]
      : []),
    ...(unplanned[0] !== undefined
      ? [
          {
            kind: 'unplanned' as const,
            stakeMinor: Math.floor(unplannedMinor / 10),
            slots: { amount: money(unplannedMinor, currency), name: name(unplanned[0].name) },
          },
        ]
      : []),
    ...(household !== null && household.partnerMinor > 0
      ? [
          {
            kind: 'household' as const,
            stakeMinor: Math.floor((household.ownMinor + household.partnerMinor) / 100),
            slots: { amount: money(household.ownMinor + household.partnerMinor, currency) },
          },
        ]
      : []),
    { kind: 'plan-next-month', stakeMinor: 0, slots: {} },
  ];
};

const savingsCandidates = (summary: FinancialSummary): Candidate[] => {
  const { goals, today, currency, afterDebtsMinor, savingGoalMonthlyMinor, incomeMinor } = summary;
  if (incomeMinor > 0 && afterDebtsMinor < 0) {
    // Whoever is short has nothing to set aside; advice to save would be wrong.
    return [];
  }
  const overdue = goals.find(
    (goal) => !goal.isCompleted && !isActiveGoal(goal, today) && goal.savedMinor < goal.totalMinor,
  );
  const [next] = goals
    .filter((goal) => isActiveGoal(goal, today) && goal.monthlyMinor > 0)
    .sort((left, right) => right.monthlyMinor - left.monthlyMinor);
  const spareMinor = afterDebtsMinor - savingGoalMonthlyMinor;
  return [
    ...(overdue !== undefined && overdue.completesOn !== null
      ? [
          {
            kind: 'goal-overdue' as const,
            stakeMinor: overdue.monthlyMinor,
            slots: {
              name: name(overdue.name),
              day: dayName(overdue.completesOn),
              missing: money(overdue.totalMinor - overdue.savedMinor, currency),
            },
          },
        ]
      : []),
    ...(next !== undefined && next.completesOn !== null
      ? [
          {
            kind: 'goal-next-step' as const,
            stakeMinor: next.monthlyMinor,
            slots: {
              name: name(next.name),
              day: dayName(next.completesOn),
              amount: money(next.monthlyMinor, currency),
            },
          },
        ]
      : []),
    ...(next === undefined && afterDebtsMinor > 0
      ? [
          {
            kind: 'start-goal' as const,
            stakeMinor: Math.floor(afterDebtsMinor / 2),
            slots: { amount: money(afterDebtsMinor, currency) },
          },
        ]
      : []),
    ...(next !== undefined && spareMinor > 0
      ? [
          {
            kind: 'spare-money' as const,
            stakeMinor: Math.floor(spareMinor / 2),
            slots: { amount: money(spareMinor, currency) },
          },
        ]
      : []),
    { kind: 'save-first', stakeMinor: 0, slots: {} },
  ];
};

// What was expected for a day that has passed is no warning any more.
const isTimely = (signal: Signal, today: string): boolean =>
  signal.kind !== 'shortfall-ahead' || signal.day >= today;

const fromSignal = (signal: Signal): Candidate => {
  switch (signal.kind) {
    case 'budget-nearly-used':
      return {
        kind: signal.kind,
        stakeMinor: signal.spentMinor,
        slots: {
          spent: money(signal.spentMinor, signal.currency),
          limit: money(signal.limitMinor, signal.currency),
          name: categories([signal.category]),
        },
      };
    case 'shortfall-ahead':
      return {
        kind: signal.kind,
        stakeMinor: Math.abs(signal.lowestMinor),
        slots: { lowest: money(signal.lowestMinor, signal.currency), day: dayName(signal.day) },
      };
    case 'price-rose':
      return {
        kind: signal.kind,
        stakeMinor: signal.amountMinor - signal.previousMinor,
        slots: {
          name: name(signal.merchant),
          previous: money(signal.previousMinor, signal.currency),
          amount: money(signal.amountMinor, signal.currency),
        },
      };
    case 'unusual-payment':
      return {
        kind: signal.kind,
        stakeMinor: signal.amountMinor,
        slots: {
          name: name(signal.merchant),
          day: dayName(signal.day),
          amount: money(signal.amountMinor, signal.currency),
        },
      };
    case 'segment-habit':
      return {
        kind: signal.kind,
        stakeMinor: 0,
        slots: {
          segment: name(signal.segment),
          categories: categories(signal.categories),
        },
      };
  }
};

/**
 * Everything worth saying to a user, most money first; equal ones in a fixed order.
 * @param summary the user's month
 * @param signals what other services told lately
 */
export const candidatesFor = (summary: FinancialSummary, signals: readonly Signal[]): Candidate[] =>
  [
    ...signals.filter((signal) => isTimely(signal, summary.today)).map(fromSignal),
    ...debtCandidates(summary),
    ...spendingCandidates(summary),
    ...budgetCandidates(summary),
    ...savingsCandidates(summary),
  ].sort((left, right) => right.stakeMinor - left.stakeMinor);

/**
 * The suggestions of a day: the greatest of each category first, so that they are not three ways of saying one thing,
 * then the greatest of the rest.
 * @param candidates most money first
 */
export const chooseSuggestions = (candidates: readonly Candidate[]): Candidate[] => {
  const firstOfCategory = candidates.filter(
    ({ kind }, index) =>
      candidates.findIndex((other) => TEMPLATES[other.kind].category === TEMPLATES[kind].category) === index,
  );
  const rest = candidates.filter((candidate) => !firstOfCategory.includes(candidate));
  return [...firstOfCategory, ...rest].slice(0, SUGGESTIONS_A_DAY);
};

const fill = (template: string, slots: Readonly<Record<string, Fact>>, language: Language): string =>
  template.replace(/\{([a-z]+)\}/g, (hole, key: string) => {
    const fact = slots[key];
    return fact === undefined ? hole : wordFact(fact, language).text;
  });

/**
 * Words a suggestion in a language.
 * @param candidate what to say
 * @param language which language
 */
export const wordIn = ({ kind, slots }: Pick<Candidate, 'kind' | 'slots'>, language: Language): string =>
  fill(TEMPLATES[kind].texts[language], slots, language);

/**
 * Words a suggestion as it is kept.
 * @param candidate what to say
 * @param book English wordings of a model that were found usable
 */
export const wordSuggestion = ({ kind, slots }: Candidate, book: PhraseBook = new Map()): Suggestion => ({
  kind,
  slots,
  category: TEMPLATES[kind].category,
  text: fill(book.get(kind) ?? TEMPLATES[kind].texts.en, slots, 'en'),
});
