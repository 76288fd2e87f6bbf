import type { FinancialSummary } from '../financial-summary.ts';
import { percentOf } from '../percent-of.ts';
import { count, listed, money, monthName, name, percent, phrase, type Phrase } from '../phrase.ts';
import { duplicatesOf, greatestWant, subscriptionsOf, type NamedSum } from './expense-groups.ts';
import type { DraftInsight, DraftReport } from './report.ts';

/** Share of income that the 50/30/20 rule leaves for wants. */
const WANTS_TARGET_PERCENT = 30;
/** Names of an enumeration; more would be a list, not a sentence. */
const MOST_NAMES = 5;

const summaryOf = (summary: FinancialSummary): Phrase => {
  const { currency, expensesMinor, incomeMinor, disposalMinor, debtPaymentsMinor, afterDebtsMinor } = summary;
  const spent = phrase`In ${monthName(summary.month)} your expenses come to ${money(expensesMinor, currency)}`;
  if (incomeMinor <= 0) {
    return phrase`${spent}. No income is recorded for this month yet, so add it to see how far it goes.`;
  }
  const against = phrase`${spent}, against an income of ${money(incomeMinor, currency)}`;
  const [first, rest] =
    disposalMinor < 0
      ? [phrase`${against}: ${money(-disposalMinor, currency)} more goes out than comes in`, 'short']
      : [phrase`${against}: ${money(disposalMinor, currency)} remains before debt payments`, 'left'];
  if (debtPaymentsMinor === 0) {
    return rest === 'left'
      ? phrase`${against}: ${money(disposalMinor, currency)} remains.`
      : phrase`${first}.`;
  }
  return afterDebtsMinor < 0
    ? phrase`${first}, and after debt payments of ${money(debtPaymentsMinor, currency)} you are ${money(-afterDebtsMinor, currency)} short.`
    : phrase`${first}, and ${money(afterDebtsMinor, currency)} after debt payments of ${money(debtPaymentsMinor, currency)}.`;
};

const named =
  (currency: string) =>
  (sum: NamedSum): Phrase =>
    sum.count > 1
      ? phrase`${name(sum.name)} x${count(sum.count)} (${money(sum.amountMinor, currency)})`
      : phrase`${name(sum.name)} (${money(sum.amountMinor, currency)})`;

const namesOf = (sums: readonly NamedSum[], currency: string): Phrase => {
  const shown = sums.slice(0, MOST_NAMES).map(named(currency));
  const others = sums.length - shown.length;
  return others === 0 ? listed(shown) : listed([...shown, phrase`${count(others)} more`]);
};

const totalOf = (sums: readonly NamedSum[]): number =>
  sums.reduce((sum, { amountMinor }) => sum + amountMinor, 0);

const subscriptions = ({ expenses, currency }: FinancialSummary): DraftInsight => {
  const found = subscriptionsOf(expenses);
  if (found.length === 0) {
    return {
      category: 'Subscriptions',
      insight: phrase`None of your expenses this month looks like a subscription.`,
      suggestion: phrase`Record subscriptions as expenses when you have any, so that a forgotten one shows up here.`,
    };
  }
  return {
    category: 'Subscriptions',
    insight: phrase`Your subscriptions cost ${money(totalOf(found), currency)} this month: ${namesOf(found, currency)}.`,
    suggestion: phrase`Keep those that you used in the last weeks and cancel the others before their next payment, starting with ${name(found[0]?.name ?? '')}.`,
  };
};

const duplicates = ({ expenses, currency }: FinancialSummary): DraftInsight => {
  const found = duplicatesOf(expenses);
  const [first] = found;
  if (first === undefined) {
    return {
      category: 'Duplicates',
      insight: phrase`No expense appears twice this month, apart from weekly ones.`,
      suggestion: phrase`Look through your bank statement once a month for payments that were taken twice.`,
    };
  }
  return {
    category: 'Duplicates',
    insight: phrase`${count(found.length, 'name')} ${found.length === 1 ? phrase`appears` : phrase`appear`} more than once this month: ${namesOf(found, currency)}.`,
    suggestion: phrase`Check whether ${name(first.name)} was paid twice by mistake, and ask for a refund or end one of the two if so.`,
  };
};

const discretionary = (summary: FinancialSummary): DraftInsight => {
  const { currency, byGroup, incomeMinor } = summary;
  const share = percentOf(byGroup.wants, incomeMinor);
  const spent = phrase`Discretionary spending is ${money(byGroup.wants, currency)} this month`;
  const target = percent(WANTS_TARGET_PERCENT);
  if (share === null) {
    return {
      category: 'Discretionary',
      insight: phrase`${spent}; without a recorded income its share cannot be told.`,
      suggestion: phrase`Record your income, then aim for at most ${target} of it on things you want rather than need.`,
    };
  }
  return {
    category: 'Discretionary',
    insight: phrase`${spent}, which is ${percent(share)} of your income; the usual target is at most ${target}.`,
    suggestion:
      share > WANTS_TARGET_PERCENT
        ? phrase`Set yourself a weekly limit for non-essential spending until it is back at ${target} of your income.`
        : phrase`You are within the target; keep it that way by deciding on larger purchases a day later.`,
  };
};

const priority = ({ expenses, currency }: FinancialSummary): DraftInsight => {
  const greatest = greatestWant(expenses);
  if (greatest === undefined) {
    return {
      category: 'Priority Expenses',
      insight: phrase`Everything you spent this month is essential or for housing.`,
      suggestion: phrase`Compare the prices of your regular bills once a year; that is where savings are left to find.`,
    };
  }
  return {
    category: 'Priority Expenses',
    insight: phrase`Your highest expense outside essentials and housing is ${named(currency)(greatest)}.`,
    suggestion: phrase`If you want to cut one thing, begin with ${name(greatest.name)}: it makes the most difference this month.`,
  };
};

/**
 * The expense report: what goes out this month, and four insights in the contract's order.
 * @param summary the user's month
 */
export const draftExpenseReport = (summary: FinancialSummary): DraftReport =>
  summary.expenses.length === 0
    ? {
        summary: phrase`There are no expenses in ${monthName(summary.month)} yet. Add what you spend, and this report will show where it goes.`,
        insights: [],
      }
    : {
        summary: summaryOf(summary),
        insights: [subscriptions(summary), duplicates(summary), discretionary(summary), priority(summary)],
      };
