import type { SpendingGroup } from '../financial-records.ts';
import { withoutCopies, type FinancialSummary } from '../financial-summary.ts';
import { percentOf } from '../percent-of.ts';
import { count, joined, money, monthName, name, percent, phrase, type Phrase } from '../phrase.ts';
import { greatestWant } from './expense-groups.ts';
import type { DraftInsight, DraftReport } from './report.ts';

/** Elizabeth Warren and Amelia Warren Tyagi, "All Your Worth" (2005): half for needs, 30 % wants, 20 % savings. */
const RULE: Readonly<Record<SpendingGroup, number>> = { needs: 50, wants: 30, savings: 20 };

/** Amounts by what they are for, minor units. */
export type Split = Record<SpendingGroup, number>;

/**
 * What really went out this month: expenses, debt payments as needs, and monthly targets of savings goals.
 * @param summary the user's month
 */
export const actualSplit = ({
  byGroup,
  debtPaymentsMinor,
  savingGoalMonthlyMinor,
}: FinancialSummary): Split => ({
  needs: byGroup.needs + debtPaymentsMinor,
  wants: byGroup.wants,
  savings: byGroup.savings + savingGoalMonthlyMinor,
});

/**
 * What the user's own budgets planned for this month, with debt payments and savings goals beside them.
 * @param summary the user's month
 */
export const plannedSplit = (summary: FinancialSummary): Split => {
  const split = { needs: summary.debtPaymentsMinor, wants: 0, savings: summary.savingGoalMonthlyMinor };
  for (const { group, amountMinor } of withoutCopies(summary.plan)) {
    split[group] += amountMinor;
  }
  return split;
};

const sharesOf = (split: Split, incomeMinor: number): Split | null =>
  incomeMinor <= 0
    ? null
    : {
        needs: percentOf(split.needs, incomeMinor) ?? 0,
        wants: percentOf(split.wants, incomeMinor) ?? 0,
        savings: percentOf(split.savings, incomeMinor) ?? 0,
      };

const sharesText = ({ needs, wants, savings }: Split): Phrase =>
  phrase`${percent(needs)} for needs, ${percent(wants)} for wants and ${percent(savings)} for savings`;

const RULE_NAME = phrase`${count(RULE.needs)}/${count(RULE.wants)}/${count(RULE.savings)} rule`;

const RULE_TEXT = phrase`The ${RULE_NAME} gives ${percent(RULE.needs)} of your income to needs, ${percent(RULE.wants)} to wants and ${percent(RULE.savings)} to savings.`;

const summaryOf = (summary: FinancialSummary, shares: Split | null): Phrase => {
  const income = money(summary.incomeMinor, summary.currency);
  if (shares === null) {
    return phrase`${RULE_TEXT} No income is recorded for ${monthName(summary.month)} yet, so your shares cannot be told.`;
  }
  return phrase`${RULE_TEXT} Of your own income of ${income} in ${monthName(summary.month)} you use ${sharesText(shares)}.`;
};

const categorise = (summary: FinancialSummary, actual: Split): DraftInsight => {
  const { currency, debtPaymentsMinor, savingGoalMonthlyMinor } = summary;
  const debts =
    debtPaymentsMinor > 0
      ? phrase` (debt payments of ${money(debtPaymentsMinor, currency)} included)`
      : phrase``;
  const goals =
    savingGoalMonthlyMinor > 0
      ? phrase` (monthly targets of ${money(savingGoalMonthlyMinor, currency)} included)`
      : phrase``;
  return {
    category: 'Categorise',
    insight: phrase`You: ${money(actual.needs, currency)} for needs${debts}, ${money(actual.wants, currency)} for wants, ${money(actual.savings, currency)} for savings${goals} this month.`,
    suggestion: phrase`Give every expense a category, so that none is counted as a want by mistake.`,
  };
};

const compare = (summary: FinancialSummary, shares: Split | null): DraftInsight => {
  const planned = sharesOf(plannedSplit(summary), summary.incomeMinor);
  const category = 'Compare';
  if (shares === null || planned === null) {
    return {
      category,
      insight: phrase`Without an income this month there is nothing to compare with.`,
      suggestion: phrase`Record your income of ${monthName(summary.month)}.`,
    };
  }
  const actualText = phrase`You: your spending takes ${sharesText(shares)}, of your own income`;
  return {
    category,
    insight:
      summary.plan.length === 0
        ? phrase`${actualText}. You have no budgets this month to compare it with.`
        : phrase`${actualText}; your own budgets plan ${sharesText(planned)}.`,
    suggestion:
      summary.plan.length === 0
        ? phrase`Set a budget for your largest expenses first.`
        : phrase`Where the two differ, change the budget or the spending, so that the plan tells the truth.`,
  };
};

const GROUP_NAMES: Readonly<Record<SpendingGroup, Phrase>> = {
  needs: phrase`Needs`,
  wants: phrase`Wants`,
  savings: phrase`Savings`,
};

const PHASES = phrase`Phase one: stop new commitments. Phase two: cut wants to what you decided on beforehand. Phase three: look for cheaper contracts for your needs, one a month.`;

const problems = (summary: FinancialSummary, shares: Split | null): DraftInsight => {
  const category = 'Problem Areas';
  if (shares === null) {
    return {
      category,
      insight: phrase`Money goes out and no income is recorded this month.`,
      suggestion: phrase`Record your income first; the rest follows from it.`,
    };
  }
  const found: Phrase[] = [
    ...(['needs', 'wants'] as const)
      .filter((group) => shares[group] > RULE[group])
      .map(
        (group) =>
          phrase`${GROUP_NAMES[group]} take ${percent(shares[group])} instead of at most ${percent(RULE[group])}.`,
      ),
    ...(shares.savings < RULE.savings
      ? [phrase`Savings get ${percent(shares.savings)} instead of ${percent(RULE.savings)}.`]
      : []),
    ...(summary.afterDebtsMinor < 0
      ? [
          phrase`Expenses and debt payments are ${money(-summary.afterDebtsMinor, summary.currency)} more than your income.`,
        ]
      : []),
  ];
  const isFarOff = summary.afterDebtsMinor < 0 || shares.needs + shares.wants > 100;
  return {
    category,
    insight:
      found.length === 0 ? phrase`Your own spending keeps to the ${RULE_NAME} this month.` : joined(found),
    suggestion: isFarOff
      ? PHASES
      : found.length === 0
        ? phrase`Keep going, and look again next month.`
        : phrase`Move a little each month rather than all at once, and begin with the first point.`,
  };
};

const steps = (summary: FinancialSummary, shares: Split | null): DraftInsight => {
  const want = greatestWant(summary.expenses);
  const [dearest] = [...summary.debts].sort((left, right) => right.ratePercent - left.ratePercent);
  const first =
    want === undefined
      ? phrase`list the regular bills and compare one of them`
      : phrase`decide on a limit for ${name(want.name)}, at ${money(want.amountMinor, summary.currency)} this month`;
  const second =
    dearest === undefined
      ? phrase`move the savings on the day your income arrives`
      : dearest.ratePercent === 0
        ? phrase`pay ${name(dearest.name)} on time`
        : phrase`pay ${name(dearest.name)} on time, at ${percent(dearest.ratePercent)} a year the dearest you owe`;
  const third =
    shares !== null && summary.afterDebtsMinor > summary.savingGoalMonthlyMinor
      ? phrase`give the ${money(summary.afterDebtsMinor - summary.savingGoalMonthlyMinor, summary.currency)} that has no task yet one: a goal, a debt or a reserve`
      : phrase`write down what comes in and goes out for the rest of the month`;
  return {
    category: 'Action Steps',
    insight: phrase`Three steps for the rest of ${monthName(summary.month)}.`,
    suggestion: phrase`First, ${first}. Second, ${second}. Third, ${third}.`,
  };
};

/** Only amounts: the partner's costs are never set against one person's income, and the partner's income is not shown. */
const household = (summary: FinancialSummary): DraftInsight[] => {
  if (summary.household === null) {
    return [];
  }
  const { currency } = summary;
  const { ownMinor, partnerMinor } = summary.household;
  const total = ownMinor + partnerMinor;
  const ownShare = percentOf(ownMinor, total);
  const share =
    ownShare === null ? phrase`` : phrase` Your part of the shared budgets is ${percent(ownShare)}.`;
  return [
    {
      category: 'Household',
      insight: phrase`Household (you and your partner): shared budgets of ${money(total, currency)} this month, ${money(ownMinor, currency)} of them yours and ${money(partnerMinor, currency)} your partner's.${share}`,
      suggestion: phrase`Look at the shared budgets together once a month; your own figures above leave your partner's out.`,
    },
  ];
};

/**
 * The budget report by the 50/30/20 rule, from what was really spent, with the plan beside it and the household apart.
 * @param summary the user's month
 */
export const draftBudgetReport = (summary: FinancialSummary): DraftReport => {
  const actual = actualSplit(summary);
  const isEmpty = summary.incomeMinor === 0 && summary.expenses.length === 0 && summary.plan.length === 0;
  if (isEmpty) {
    return {
      summary: phrase`There is no income, expense or budget in ${monthName(summary.month)} yet. Add them, and this report will compare them with the ${RULE_NAME}.`,
      insights: [],
    };
  }
  const shares = sharesOf(actual, summary.incomeMinor);
  return {
    summary: summaryOf(summary, shares),
    insights: [
      categorise(summary, actual),
      compare(summary, shares),
      problems(summary, shares),
      steps(summary, shares),
      ...household(summary),
    ],
  };
};
