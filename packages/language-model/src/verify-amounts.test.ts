import { describe, expect, it } from '@jest/globals';
import { formatMoney } from '@orrery/money';
import fc from 'fast-check';
import { verifyAmounts, type Facts } from './verify-amounts.ts';

const facts: Facts = {
  amounts: [
    { amountMinor: 123_450, currency: 'GBP' },
    { amountMinor: -28_387, currency: 'GBP' },
    { amountMinor: 123_450, currency: 'EUR' },
    { amountMinor: 12_000, currency: 'KRW' },
    { amountMinor: 125_000, currency: 'KRW' },
    { amountMinor: 120_000, currency: 'GBP' },
    { amountMinor: 50, currency: 'GBP' },
  ],
  percentages: [42.12, -3.5, 20],
  numbers: [32, 3],
  days: ['2026-11-15', '2027-02'],
  names: ['Disney 4K', 'Loan £7', '50'],
};
const unknownIn = (text: string): string[] => verifyAmounts(text, facts).unknown;

describe('verifyAmounts', () => {
  it.each([
    'Nothing to count here.',
    'You have £1,234.50 left.',
    'You have £ 1234.50 left.',
    'You have 1,234.50 GBP left.',
    'GBP 1234.5 is left.',
    'Il reste 1 234,50 €.',
    'Il reste 1\u202f234,50\u00a0€.',
    'Es bleiben 1.234,50 €.',
    "CHF aside, 1'234.50 € it is.",
    '₩12,000 남았습니다.',
    '12,000원을 아꼈습니다.',
    '1만 2천원을 아꼈습니다.',
    '12만 5천원입니다.',
    '12만5,000원입니다.',
    'About £1.2k goes out.',
    'About 1,2k € — no: £1.2K.'.replace('1,2k € — no: ', ''),
    'You are short by £283.87, that is -£283.87.',
    'A change of −£283.87 or £-283.87.',
    'Debts take 42.12% of income, or 42.1 %, or 42 per cent.',
    'Down 3.5 %, or -3.5%.',
    'Fully paid after 32 months; 3 cards.',
    'On 15 November 2026, November 15th, 2026, 2026-11-15, 15/11/2026 or 15 Nov.',
    'In February 2027 it ends.',
    'Le 15 novembre 2026.',
    '2026년 11월 15일에 끝납니다.',
    'It is due on the 15th.',
    'It ends in 2027.',
    'Only 50p a day.',
    'Only 50 pence a day.',
    'Disney 4K twice.',
    'Disney 4K이(가) 결제되었습니다.',
    'Your 50 group and Loan £7.',
    '1. First pay the card.\n2. Then the loan.',
    '- £1,234.50 saved\n- 3 cards',
    'Keep a 20% margin; £１，２３４．５０ is there.',
    'A step by step plan in 3 steps.',
    'Il reste 1 234,50 € sur le compte.',
    'Between 15 and 15 November 2026.',
    'There are several ways, and one of them is a hundredfold better.',
  ])('accepts %s', (text) => {
    expect(unknownIn(text)).toEqual([]);
  });

  it.each([
    ['You have £1,234.51 left.', '£1,234.51'],
    ['You have £1,235 left.', '£1,235'],
    ['You have $1,234.50 left.', '$1,234.50'],
    ['You have €283.87 left.', '€283.87'],
    ['You owe -£1,234.50.', '£1,234.50'],
    ['About £1.3k.', '£1.3k'],
    ['About £12.', '£12'],
    ['About £1.2m.', '£1.2m'],
    ['₩120,000', '₩120,000'],
    ['12만원', '12만원'],
    ['43% of income', '43%'],
    ['42.13 % of income', '42.13 %'],
    ['+42.2 per cent', '42.2 per cent'],
    ['-20%', '20%'],
    ['33 months', '33'],
    ['on 16 November 2026', '16 November 2026'],
    ['on 15 November 2025', '15 November 2025'],
    ['in March 2027', 'March 2027'],
    ['11월 16일', '11월 16일'],
    ['in 2031', '2031'],
    ['two hundred pounds', 'two hundred pounds'],
    ['about fifty per cent', 'fifty per cent'],
    ['deux cents euros', 'deux cents euros'],
    ['이만원', '이만원'],
    ['1e5', '1e5'],
    ['£1\u200b9,999', '£19,999'],
    ['٣٢ months', '٣٢'],
    ['5 bps', '5 bps'],
    ['Disney 4Kx', '4'],
    ['£504 and 50%', '£504'],
    ['99p', '99p'],
    ['50만원입니다', '50만원'],
    ['between 14 and 15 November', '14'],
    ['a thousand at Tesco', 'a thousand'],
    ['some two hundred in all', 'two hundred'],
    ['£Ⅻ at Tesco', '£XII'],
    ['九萬원', '九萬원'],
    ['£９９ at Tesco', '£99'],
  ])('refuses %s', (text, figure) => {
    expect(unknownIn(text)).toContain(figure);
  });

  it('accepts every amount as Intl writes it in British, French, German and Korean, and no other amount', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 999_999_999 }),
        fc.constantFrom('GBP', 'EUR', 'KRW'),
        fc.constantFrom('en-GB', 'fr-FR', 'de-DE', 'ko-KR'),
        fc.integer({ min: 1, max: 999_999_999 }),
        (amountMinor, currency, locale, difference) => {
          const text = `Now ${formatMoney({ amountMinor, currency }, locale)} here.`;
          const other = { amountMinor: amountMinor + difference, currency };

          expect(verifyAmounts(text, { amounts: [{ amountMinor, currency }] }).unknown).toEqual([]);
          // `1.234` may be read as 1234 and as 1.234; only readings that differ from the other amount are refused.
          if (currency !== 'KRW' && amountMinor >= 0) {
            expect(verifyAmounts(text, { amounts: [other] }).isVerified).toBe(false);
          }
        },
      ),
    );
  });

  it('takes any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 500 }), (text) => {
        expect(Array.isArray(verifyAmounts(text, facts).unknown)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it('accepts no text that is too long to be read', () => {
    expect(verifyAmounts('word '.repeat(5_000), facts).isVerified).toBe(false);
  });
});
