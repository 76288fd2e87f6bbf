import { describe, expect, it } from '@jest/globals';
import { futureCost, futureSavings, loanRepayment } from './calculator-formulas.ts';

const plan = {
  depositMinor: 20_000,
  frequency: 'monthly' as const,
  returnPercent: 5,
  years: 10,
  inflationPercent: 2.5,
  taxPercent: 20,
};

describe('the formulas of the calculators', () => {
  it('value regular deposits, tax the interest only and bring it to the money of today', () => {
    expect(futureSavings(plan)).toEqual({
      contributedMinor: 2_400_000,
      beforeTaxMinor: 3_105_646,
      taxMinor: 141_130,
      afterTaxMinor: 2_964_516,
      adjustedMinor: 2_315_876,
      netGainMinor: -84_124,
    });
  });

  it('value deposits at 0 % as what was paid in, where the textbook formula divides by zero', () => {
    expect(futureSavings({ ...plan, returnPercent: 0, inflationPercent: 0 })).toMatchObject({
      beforeTaxMinor: 2_400_000,
      netGainMinor: 0,
    });
  });

  it('repay a loan in equal payments, also without interest', () => {
    expect(loanRepayment({ principalMinor: 1_000_000, ratePercent: 6, years: 5 })).toEqual({
      paymentMinor: 19_333,
      totalMinor: 1_159_968,
      interestMinor: 159_968,
    });
    expect(loanRepayment({ principalMinor: 250_000, ratePercent: 0, years: 2 })).toEqual({
      paymentMinor: 10_417,
      totalMinor: 250_000,
      interestMinor: 0,
    });
  });

  it('raise a price by inflation', () => {
    expect(futureCost({ initialMinor: 100_000, ratePercent: 3, years: 5 })).toBe(115_927);
  });

  it('have no result for inputs that lead nowhere', () => {
    expect(futureSavings({ ...plan, years: 0 })).toBeUndefined();
    expect(futureSavings({ ...plan, returnPercent: 1e6, years: 1e4 })).toBeUndefined();
    expect(loanRepayment({ principalMinor: 1, ratePercent: 5, years: 0 })).toBeUndefined();
    expect(futureCost({ initialMinor: 1, ratePercent: 1e9, years: 99 })).toBeUndefined();
  });
});
