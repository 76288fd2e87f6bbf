import type { FinancialSummary } from '../financial-summary.ts';
import { isActiveGoal } from '../financial-summary.ts';
import { divideRounded } from '@orrery/money';
import { percentOf } from '../percent-of.ts';
import { count, joined, money, name, percent, phrase, year, type Phrase } from '../phrase.ts';
import { futureCost, futureSavings, loanRepayment, type SavingInput } from './calculator-formulas.ts';

/** Inputs of the latest run of each calculator. */
export interface CalculatorInputs {
  saving: SavingInput | undefined;
  loan: { principalMinor: number; ratePercent: number; years: number } | undefined;
  inflation: { initialMinor: number; ratePercent: number; years: number } | undefined;
  historical: { fromYear: number; toYear: number; amountMinor: number; equivalentMinor: number } | undefined;
}

export interface CalculatorTips {
  savingsTip: string;
  loanTip: string;
  futureValueTip: string;
  historicalTip: string;
}

const NOT_ADVICE = phrase`This is general information, not financial advice.`;

const lines = (first: Phrase, bullets: readonly Phrase[], closing: readonly Phrase[]): Phrase =>
  joined([first, ...bullets.map((bullet) => phrase`- ${bullet}`), ...closing], '\n');

const savingsTip = (summary: FinancialSummary, userName: string, input: SavingInput | undefined): Phrase => {
  const outcome = input === undefined ? undefined : futureSavings(input);
  if (input === undefined || outcome === undefined) {
    return phrase`Please run a Savings calculation first, and a tip about your own plan will appear here.`;
  }
  const { currency, debtPaymentsMinor, incomeMinor, afterDebtsMinor } = summary;
  const rhythm = input.frequency === 'monthly' ? phrase`a month` : phrase`a year`;
  const debts =
    debtPaymentsMinor > 0
      ? [
          phrase`Your debt payments are ${money(debtPaymentsMinor, currency)} a month. The interest in them is a Capital Loss: clearing the dearest debt first often gains more than saving.`,
          afterDebtsMinor < 0
            ? phrase`This month expenses and debt payments are ${money(-afterDebtsMinor, currency)} more than your income of ${money(incomeMinor, currency)}, so close that gap before saving more.`
            : phrase`Of your income of ${money(incomeMinor, currency)} this month, ${money(afterDebtsMinor, currency)} remains after expenses and debt payments.`,
        ]
      : [
          phrase`You pay nothing towards debts, so every deposit works for you. Raising it by ${percent(3)} each year keeps it ahead of rising prices.`,
        ];
  return lines(
    phrase`Your savings plan, ${userName === '' ? phrase`there` : name(userName)}:`,
    [
      phrase`Deposit: ${money(input.depositMinor, currency)} ${rhythm} for ${count(input.years, 'year')}, ${money(outcome.contributedMinor, currency)} in all`,
      phrase`Return: ${percent(input.returnPercent)} a year; tax on the interest: ${percent(input.taxPercent)}; inflation: ${percent(input.inflationPercent)} a year`,
      phrase`Value at the end: ${money(outcome.beforeTaxMinor, currency)} before tax, ${money(outcome.afterTaxMinor, currency)} after tax`,
      phrase`In today's money: ${money(outcome.adjustedMinor, currency)}, which is ${money(Math.abs(outcome.netGainMinor), currency)} ${outcome.netGainMinor < 0 ? phrase`less` : phrase`more`} than you paid in`,
    ],
    [...debts, NOT_ADVICE],
  );
};

const loanTip = (summary: FinancialSummary, loan: CalculatorInputs['loan']): Phrase => {
  const outcome = loan === undefined ? undefined : loanRepayment(loan);
  if (loan === undefined || outcome === undefined) {
    return phrase`Please run a Loan Repayment calculation first, and a tip about that loan will appear here.`;
  }
  const { currency, debtPaymentsMinor, incomeMinor, afterDebtsMinor, debtTotalMinor } = summary;
  const left = afterDebtsMinor - outcome.paymentMinor;
  const share = percentOf(debtPaymentsMinor + outcome.paymentMinor, incomeMinor);
  const room =
    left < 0
      ? phrase`After expenses and all payments you would be ${money(-left, currency)} short this month`
      : phrase`After expenses and all payments ${money(left, currency)} would remain this month`;
  return lines(
    phrase`What this loan of ${money(loan.principalMinor, currency)} at ${percent(loan.ratePercent)} over ${count(loan.years, 'year')} means for you:`,
    [
      phrase`Payment: ${money(outcome.paymentMinor, currency)} a month`,
      phrase`Total interest (Capital Loss): ${money(outcome.interestMinor, currency)}`,
      phrase`New total debt: ${money(debtTotalMinor + loan.principalMinor, currency)}`,
      room,
      share === null
        ? phrase`No income is recorded this month, so the new debt-to-income ratio cannot be told`
        : phrase`New debt-to-income ratio: ${percent(Number(divideRounded(BigInt(Math.round(share * 100)), 10n)) / 10)}`,
    ],
    [
      phrase`Before borrowing, see whether your own surplus or help from family can cover part of it, because what is not borrowed loses nothing.`,
      NOT_ADVICE,
    ],
  );
};

const futureValueTip = (summary: FinancialSummary, inflation: CalculatorInputs['inflation']): Phrase => {
  const later = inflation === undefined ? undefined : futureCost(inflation);
  if (inflation === undefined || later === undefined) {
    return phrase`Please run a Future Value calculation first, and a tip about rising prices will appear here.`;
  }
  const { currency } = summary;
  const goal = summary.goals.find((candidate) => isActiveGoal(candidate, summary.today));
  return lines(
    phrase`What costs ${money(inflation.initialMinor, currency)} today will cost ${money(later, currency)} in ${count(inflation.years, 'year')}, if prices rise by ${percent(inflation.ratePercent)} a year.`,
    [
      ...(goal === undefined
        ? []
        : [
            phrase`Your goal ${name(goal.name)} of ${money(goal.totalMinor, currency)} grows dearer too, so look at its target once a year`,
          ]),
      phrase`Money that is kept for later should earn at least as much as prices rise`,
      phrase`Large purchases that you are sure about rarely become cheaper by waiting`,
    ],
    [phrase`Source: your own calculation.`],
  );
};

const historicalTip = (summary: FinancialSummary, run: CalculatorInputs['historical']): Phrase => {
  if (run === undefined) {
    return phrase`Please run a Historical Inflation calculation first, and a tip about purchasing power will appear here.`;
  }
  const { currency } = summary;
  const lostMinor = run.equivalentMinor - run.amountMinor;
  const lost = percentOf(lostMinor, run.equivalentMinor);
  return lines(
    phrase`What cost ${money(run.amountMinor, currency)} in ${year(run.fromYear)} cost ${money(run.equivalentMinor, currency)} in ${year(run.toYear)}.`,
    [
      lost === null
        ? phrase`Loss of purchasing power: ${money(lostMinor, currency)}`
        : phrase`Loss of purchasing power: ${money(lostMinor, currency)}, or ${percent(lost)}`,
      phrase`Cash that earns nothing loses value in the same way, year after year`,
      phrase`Keep a reserve for emergencies in cash, and let the rest earn interest`,
    ],
    [phrase`Source: consumer prices of the World Bank for the United Kingdom.`],
  );
};

/**
 * The four tips, always from the latest run of each calculator and from the present month.
 * @param summary the user's month
 * @param userName how to address the user; may be empty
 * @param inputs latest runs
 */
export const calculatorTips = (
  summary: FinancialSummary,
  userName: string,
  inputs: CalculatorInputs,
): CalculatorTips => ({
  savingsTip: savingsTip(summary, userName, inputs.saving).text,
  loanTip: loanTip(summary, inputs.loan).text,
  futureValueTip: futureValueTip(summary, inputs.inflation).text,
  historicalTip: historicalTip(summary, inputs.historical).text,
});
