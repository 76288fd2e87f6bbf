import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  add,
  allocate,
  compare,
  currencyExponent,
  divideRounded,
  formatDecimal,
  formatMoney,
  fromFloat,
  multiplyByRatio,
  negate,
  parseDecimal,
  roundDecimal,
  subtract,
} from './index.ts';

const anyMinor = fc.maxSafeInteger();
const anyCurrency = fc.constantFrom('EUR', 'KRW', 'JPY', 'KWD', 'CLF', 'GBP', 'XYZ');

describe('money', () => {
  it('adds and subtracts within a currency and refuses to mix two', () => {
    const ten = { amountMinor: 1000, currency: 'EUR' };

    expect(add(ten, { amountMinor: -1, currency: 'EUR' })).toEqual({ amountMinor: 999, currency: 'EUR' });
    expect(subtract(ten, ten)).toEqual({ amountMinor: 0, currency: 'EUR' });
    expect(() => add(ten, { amountMinor: 1, currency: 'USD' })).toThrow('cannot combine EUR with USD');
    expect(() => compare(ten, { amountMinor: 1, currency: 'USD' })).toThrow('cannot combine');
  });

  it('refuses a sum that a double cannot hold exactly', () => {
    const most = { amountMinor: Number.MAX_SAFE_INTEGER, currency: 'EUR' };

    expect(() => add(most, { amountMinor: 1, currency: 'EUR' })).toThrow('safe integer range');
  });

  it('never yields negative zero', () => {
    expect(Object.is(negate({ amountMinor: 0, currency: 'EUR' }).amountMinor, 0)).toBe(true);
    expect(Object.is(parseDecimal('-0.00', 'EUR'), 0)).toBe(true);
    expect(allocate(-1, [1, 1]).every((part) => !Object.is(part, -0))).toBe(true);
  });

  it('takes back by subtract what add gave', () => {
    const half = fc.integer({ min: -(2 ** 51), max: 2 ** 51 });
    fc.assert(
      fc.property(half, half, (a, b) => {
        const left = { amountMinor: a, currency: 'EUR' };
        const right = { amountMinor: b, currency: 'EUR' };
        expect(subtract(add(left, right), right)).toEqual({ ...left, amountMinor: a === 0 ? 0 : a });
      }),
    );
  });
});

describe('decimal text', () => {
  it.each([
    ['-12.34', 'EUR', -1234],
    ['12', 'EUR', 1200],
    ['12.3', 'EUR', 1230],
    ['12.340', 'EUR', 1234],
    ['5000', 'KRW', 5000],
    ['5000.00', 'KRW', 5000],
    ['1.5', 'KWD', 1500],
    ['+0.01', 'USD', 1],
  ])('reads %s %s as %i minor units', (text, currency, minor) => {
    expect(parseDecimal(text, currency)).toBe(minor);
  });

  it.each(['', '.5', '1,5', '1e3', ' 1', '1.', '--1', '12.345', '9'.repeat(80)])(
    'refuses %j in EUR',
    (text) => {
      expect(() => parseDecimal(text, 'EUR')).toThrow();
    },
  );

  it('reads back exactly what it wrote', () => {
    fc.assert(
      fc.property(anyMinor, anyCurrency, (minor, currency) => {
        expect(parseDecimal(formatDecimal(minor, currency), currency)).toBe(minor === 0 ? 0 : minor);
      }),
    );
  });

  it('writes every digit of the currency', () => {
    expect(formatDecimal(-5, 'EUR')).toBe('-0.05');
    expect(formatDecimal(1500, 'KWD')).toBe('1.500');
    expect(formatDecimal(-5000, 'KRW')).toBe('-5000');
    expect(currencyExponent('CLF')).toBe(4);
  });

  it('rounds surplus digits half away from zero', () => {
    expect(roundDecimal('12.345', 'EUR')).toBe(1235);
    expect(roundDecimal('-12.345', 'EUR')).toBe(-1235);
    expect(roundDecimal('12.3449', 'EUR')).toBe(1234);
    expect(roundDecimal('1e3', 'EUR')).toBe(100_000);
  });
});

describe('fromFloat', () => {
  it.each([
    [1.005, 101],
    [0.1 + 0.2, 30],
    [-19.99, -1999],
    [1e-7, 0],
    [1650, 165_000],
    [4.35 * 100, 43_500],
  ])('takes %p pounds as %i pence', (amount, pence) => {
    expect(fromFloat(amount, 'GBP')).toBe(pence);
  });

  it('refuses what is not a number', () => {
    expect(() => fromFloat(Number.NaN, 'GBP')).toThrow('finite');
    expect(() => fromFloat(1e300, 'GBP')).toThrow('safe integer range');
  });

  it('returns the same pence for every amount that was written with two decimals', () => {
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 40), max: 2 ** 40 }), (pence) => {
        expect(fromFloat(pence / 100, 'GBP')).toBe(pence === 0 ? 0 : pence);
      }),
    );
  });
});

describe('allocate', () => {
  it('gives the surplus cent to the largest remainder', () => {
    expect(allocate(100, [1, 1, 1])).toEqual([34, 33, 33]);
    expect(allocate(-100, [1, 1, 1])).toEqual([-34, -33, -33]);
    expect(allocate(10, [0, 7, 3])).toEqual([0, 7, 3]);
  });

  it('loses no cent and strays from the exact share by less than one', () => {
    const weights = fc.array(fc.nat({ max: 1_000_000 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 40), max: 2 ** 40 }), weights, (amount, shares) => {
        fc.pre(shares.some((share) => share > 0));
        const total = shares.reduce((sum, share) => sum + share, 0);

        const parts = allocate(amount, shares);

        expect(parts.reduce((sum, part) => sum + part, 0)).toBe(amount === 0 ? 0 : amount);
        parts.forEach((part, index) => {
          expect(Math.abs(part - (amount * (shares[index] ?? 0)) / total)).toBeLessThan(1.001);
        });
      }),
    );
  });

  it('refuses weights that say nothing', () => {
    expect(() => allocate(1, [])).toThrow(RangeError);
    expect(() => allocate(1, [0, 0])).toThrow(RangeError);
    expect(() => allocate(1, [-1, 2])).toThrow(RangeError);
  });
});

describe('ratios', () => {
  it('rounds one half by the asked rule', () => {
    expect(divideRounded(5n, 2n)).toBe(3n);
    expect(divideRounded(-5n, 2n)).toBe(-3n);
    expect(divideRounded(5n, 2n, 'half-even')).toBe(2n);
    expect(divideRounded(7n, -2n, 'half-even')).toBe(-4n);
    expect(() => divideRounded(1n, 0n)).toThrow('division by zero');
  });

  it('multiplies without a float in between', () => {
    expect(multiplyByRatio(Number.MAX_SAFE_INTEGER, 3, 3)).toBe(Number.MAX_SAFE_INTEGER);
    expect(multiplyByRatio(1005, 1, 10)).toBe(101);
    expect(() => multiplyByRatio(Number.MAX_SAFE_INTEGER, 2, 1)).toThrow('safe integer range');
  });
});

describe('formatMoney', () => {
  it('writes amounts as the locale does', () => {
    expect(formatMoney({ amountMinor: -123456, currency: 'GBP' }, 'en-GB')).toBe('-£1,234.56');
    expect(formatMoney({ amountMinor: 5000, currency: 'KRW' }, 'ko-KR')).toBe('₩5,000');
    expect(formatMoney({ amountMinor: 1250, currency: 'EUR' }, 'fr-FR').replace(/\s/gu, ' ')).toBe('12,50 €');
    expect(formatMoney({ amountMinor: Number.MAX_SAFE_INTEGER, currency: 'USD' }, 'en-US')).toBe(
      '$90,071,992,547,409.91',
    );
  });
});
