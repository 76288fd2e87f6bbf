import { multiplyByRatio, safeMinor } from '@orrery/money';

/** Digits with which a growth factor is applied to an amount. */
const FACTOR_DIGITS = 12;

/** An amount times a growth factor, to the nearest minor unit. The factor is a plain ratio; the amount stays an integer. */
const times = (amountMinor: number, factor: number): number => {
  const digits = Math.max(
    0,
    FACTOR_DIGITS - Math.max(0, Math.ceil(Math.log10(Math.max(1, Math.abs(factor))))),
  );
  return multiplyByRatio(amountMinor, Math.round(factor * 10 ** digits), 10 ** digits);
};

/** Whether a factor is a number that amounts can be multiplied by. */
const isUsable = (factor: number): boolean => Number.isFinite(factor) && Math.abs(factor) < 1e9;

export interface SavingInput {
  depositMinor: number;
  frequency: 'monthly' | 'yearly';
  returnPercent: number;
  years: number;
  inflationPercent: number;
  taxPercent: number;
}

export interface SavingOutcome {
  contributedMinor: number;
  beforeTaxMinor: number;
  taxMinor: number;
  afterTaxMinor: number;
  /** In today's money. */
  adjustedMinor: number;
  netGainMinor: number;
}

/**
 * Value of regular deposits by the main back end's formula, tax on the interest only; at 0 % the deposits themselves.
 * @param input deposit in minor units, rates in percent a year
 * @returns undefined for inputs without a finite result
 */
export const futureSavings = (input: SavingInput): SavingOutcome | undefined => {
  const { depositMinor, returnPercent, years, inflationPercent, taxPercent } = input;
  const perYear = input.frequency === 'monthly' ? 12 : 1;
  const rate = returnPercent / 100 / perYear;
  const periods = years * perYear;
  const growth = rate === 0 ? periods : ((1 + rate) ** periods - 1) / rate;
  const inflation = (1 + inflationPercent / 100) ** years;
  if (!(periods > 0) || !isUsable(growth) || !isUsable(inflation) || inflation <= 0) {
    return undefined;
  }
  const contributedMinor = times(depositMinor, periods);
  const beforeTaxMinor = times(depositMinor, growth);
  // The penny is rounded once, at the end of each figure, as the main back end does.
  const taxed = growth - ((growth - periods) * taxPercent) / 100;
  const afterTaxMinor = times(depositMinor, taxed);
  const adjustedMinor = times(depositMinor, taxed / inflation);
  return {
    contributedMinor,
    beforeTaxMinor,
    taxMinor: safeMinor(beforeTaxMinor - afterTaxMinor),
    afterTaxMinor,
    adjustedMinor,
    netGainMinor: safeMinor(adjustedMinor - contributedMinor),
  };
};

/**
 * Monthly payment and cost of an annuity loan; at 0 % the principal in equal parts.
 * @param input principal in minor units, rate in percent a year
 * @returns undefined for inputs without a finite result
 */
export const loanRepayment = (input: {
  principalMinor: number;
  ratePercent: number;
  years: number;
}): { paymentMinor: number; totalMinor: number; interestMinor: number } | undefined => {
  const { principalMinor, ratePercent, years } = input;
  const months = years * 12;
  const rate = ratePercent / 100 / 12;
  const share = rate === 0 ? 1 / months : rate / (1 - (1 + rate) ** -months);
  if (!(months > 0) || !isUsable(share) || !isUsable(share * months)) {
    return undefined;
  }
  const totalMinor = times(principalMinor, share * months);
  return {
    paymentMinor: times(principalMinor, share),
    totalMinor,
    interestMinor: safeMinor(totalMinor - principalMinor),
  };
};

/**
 * What something costs after years of inflation.
 * @param input amount in minor units, rate in percent a year
 * @returns undefined for inputs without a finite result
 */
export const futureCost = (input: {
  initialMinor: number;
  ratePercent: number;
  years: number;
}): number | undefined => {
  const factor = (1 + input.ratePercent / 100) ** input.years;
  return isUsable(factor) ? times(input.initialMinor, factor) : undefined;
};
