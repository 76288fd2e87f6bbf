import { divideRounded } from '@orrery/money';
import { byRateDescending } from '../debts/annual-rate.ts';
import { planDebts, type DebtPlan } from '../debts/debt-plan.ts';
import type { PayoffDebt } from '../debts/simulate-payoff.ts';
import type { FinancialSummary } from '../financial-summary.ts';
import { count, money, name, percent, phrase, type Phrase } from '../phrase.ts';
import type { DraftInsight, DraftReport } from './report.ts';

type SummaryDebt = FinancialSummary['debts'][number];

/**
 * The user's own debts as the simulation takes them.
 * @param summary the user's month
 */
export const payoffDebtsOf = ({ debts }: FinancialSummary): PayoffDebt[] =>
  debts.map((debt) => ({
    name: debt.name,
    balanceMinor: debt.balanceMinor,
    minimumMinor: debt.paymentMinor,
    rate: debt.rate,
  }));

/**
 * What the debts cost on average, weighted by what is owed, in percent a year with two decimals.
 * @param debts at least one with a balance
 */
export const averageRate = (debts: readonly SummaryDebt[]): number => {
  const weighted = debts.reduce(
    (sum, { balanceMinor, ratePercent }) =>
      sum + BigInt(balanceMinor) * BigInt(Math.round(ratePercent * 100)),
    0n,
  );
  const total = debts.reduce((sum, { balanceMinor }) => sum + BigInt(balanceMinor), 0n);
  return Number(divideRounded(weighted, total)) / 100;
};

const summaryOf = (summary: FinancialSummary): Phrase => {
  const { currency, debts, debtTotalMinor, debtPaymentsMinor, debtSharePercent, afterDebtsMinor } = summary;
  const owed = phrase`You owe ${money(debtTotalMinor, currency)} on ${count(debts.length, 'debt')} and pay ${money(debtPaymentsMinor, currency)} a month`;
  if (debtSharePercent === null) {
    return phrase`${owed}. No income is recorded for this month, so its share cannot be told.`;
  }
  const share = phrase`${owed}, ${percent(debtSharePercent)} of your income`;
  return afterDebtsMinor < 0
    ? phrase`${share}. Expenses and debt payments together are ${money(-afterDebtsMinor, currency)} more than your income this month.`
    : phrase`${share}. After expenses and debt payments ${money(afterDebtsMinor, currency)} remains this month.`;
};

/** Nobody has more debts than this to plan month by month; a longer list is a mistake or an attack on our time. */
const MOST_PLANNED = 100;

const outcomeOf = (
  method: 'avalanche' | 'snowball',
  plan: DebtPlan | undefined,
  currency: string,
): Phrase => {
  if (plan === undefined) {
    return phrase`There are too many debts to say how long it takes.`;
  }
  const payoff = plan[method];
  const passedOn =
    payoff.order.length > 1 ? phrase`, and each freed payment passed on to the next debt,` : phrase`,`;
  return payoff.isFeasible
    ? phrase`With the payments you make now${passedOn} everything is paid off in ${count(payoff.months, 'month')} and costs ${money(payoff.totalInterestMinor, currency)} in interest (money lost).`
    : phrase`With the payments you make now the debts are never paid off; it takes at least ${money(plan.leastBudgetMinor ?? 0, currency)} a month in all.`;
};

const methods = (summary: FinancialSummary, plan: DebtPlan | undefined): DraftInsight[] => {
  const { currency, debts } = summary;
  const [dearest] = [...debts].sort(
    (left, right) => byRateDescending(left.rate, right.rate) || left.balanceMinor - right.balanceMinor,
  );
  const [smallest] = [...debts].sort(
    (left, right) => left.balanceMinor - right.balanceMinor || byRateDescending(left.rate, right.rate),
  );
  if (dearest === undefined || smallest === undefined) {
    return [];
  }
  const isOnlyOne = debts.length === 1;
  const avalancheTitle = 'Debt Avalanche Method';
  const snowballTitle = 'Debt Snowball Method';
  return [
    {
      category: 'Strategy',
      title: avalancheTitle,
      insight: phrase`Debt Avalanche Method: pay ${name(dearest.name)} first, ${isOnlyOne ? phrase`your only debt` : phrase`the dearest of your debts`} at ${percent(dearest.ratePercent)} a year. ${outcomeOf('avalanche', plan, currency)}`,
      suggestion: isOnlyOne
        ? phrase`Put whatever you can spare towards ${name(dearest.name)}; every pound paid early saves its interest.`
        : phrase`Keep every other debt at its usual payment and put whatever you can spare towards ${name(dearest.name)}. This method loses the least money.`,
    },
    {
      category: 'Strategy',
      title: snowballTitle,
      insight: phrase`Debt Snowball Method: pay ${name(smallest.name)} first, ${isOnlyOne ? phrase`your only debt` : phrase`the smallest of your debts`} at ${money(smallest.balanceMinor, currency)}. ${outcomeOf('snowball', plan, currency)}`,
      suggestion: isOnlyOne
        ? phrase`With a single debt both methods are the same: clear ${name(smallest.name)} as soon as you can.`
        : phrase`Keep every other debt at its usual payment and clear ${name(smallest.name)} for an early success. Choose this one if seeing debts disappear keeps you going.`,
    },
  ];
};

const consolidation = ({ debts }: FinancialSummary): DraftInsight[] =>
  debts.length < 2
    ? []
    : [
        {
          category: 'Strategy',
          title: 'Consolidation or Refinancing',
          insight: phrase`Consolidation or Refinancing: your debts cost ${percent(averageRate(debts))} a year on average, weighted by what you owe. One loan makes sense only below that.`,
          suggestion: phrase`Compare the whole cost, fees included, over the same time, and do not lengthen the term just for a smaller payment. This is information, not financial advice.`,
        },
      ];

const action = (summary: FinancialSummary): DraftInsight => {
  const { currency, afterDebtsMinor, savingGoalMonthlyMinor } = summary;
  const spareMinor = afterDebtsMinor - savingGoalMonthlyMinor;
  if (afterDebtsMinor < 0) {
    return {
      category: 'Action',
      insight: phrase`Before paying more than now, the gap of ${money(-afterDebtsMinor, currency)} this month has to close.`,
      suggestion: phrase`Talk to your lenders before a payment is missed, and to a free debt advice service such as StepChange or National Debtline.`,
    };
  }
  if (spareMinor <= 0 || summary.incomeMinor <= 0 || summary.debts.length > MOST_PLANNED) {
    return {
      category: 'Action',
      insight: phrase`There is little room for paying more than now this month.`,
      suggestion: phrase`Pay on time by direct debit; a missed payment costs more than any method gains.`,
    };
  }
  const faster = planDebts(payoffDebtsOf(summary), spareMinor).avalanche;
  return {
    category: 'Action',
    insight: faster.isFeasible
      ? phrase`${money(spareMinor, currency)} a month has no task yet, savings goals already counted. Put towards the debts by the avalanche method, everything is paid off in ${count(faster.months, 'month')} with ${money(faster.totalInterestMinor, currency)} of interest.`
      : phrase`${money(spareMinor, currency)} a month has no task yet, savings goals already counted.`,
    suggestion: phrase`Keep a reserve for surprises first, then decide how much of it goes to the debts.`,
  };
};

/**
 * The debt report: both methods with months and interest of the simulation at the present payments, and what to do.
 * @param summary the user's month
 */
export const draftDebtReport = (summary: FinancialSummary): DraftReport => {
  if (summary.debts.length === 0) {
    return {
      summary: phrase`You have no debts on record. If you owe money, add each debt with its balance and monthly payment, and this report will show the cheapest way to pay it off.`,
      insights: [],
    };
  }
  const plan = summary.debts.length > MOST_PLANNED ? undefined : planDebts(payoffDebtsOf(summary), 0);
  return {
    summary: summaryOf(summary),
    insights: [...methods(summary, plan), ...consolidation(summary), action(summary)],
  };
};
