import { currencyExponent } from './currency-exponents.ts';
import { AmountOverflowError, safeMinor } from './money.ts';
import { divideRounded } from './ratio.ts';

/** A text is not a plain decimal, or has more digits than the currency knows. */
export class InvalidDecimalError extends Error {
  readonly code = 'invalid-decimal';

  constructor(reason: string) {
    super(reason);
    this.name = 'InvalidDecimalError';
  }
}

/** Longest text looked at, so that nobody makes us build a huge integer: 16 digits, 4 decimals and room to spare. */
const MAX_LENGTH = 64;

const PLAIN_DECIMAL = /^([+-]?)(\d+)(?:\.(\d+))?$/;

/**
 * Minor units of a plain decimal text with `.` as decimal point, as on our public surface.
 * @param text for instance `-12.34`; zeros beyond the currency's digits are accepted (`12.340`, `5000.00` won)
 * @param currency ISO 4217 code
 * @throws InvalidDecimalError for any other text or when digits would be lost; AmountOverflowError
 */
export const parseDecimal = (text: string, currency: string): number => {
  const parts = text.length <= MAX_LENGTH ? PLAIN_DECIMAL.exec(text) : null;
  if (parts === null) {
    throw new InvalidDecimalError('must be a decimal such as -12.34');
  }
  const [, sign = '', whole = '', fraction = ''] = parts;
  const exponent = currencyExponent(currency);
  if (/[1-9]/.test(fraction.slice(exponent))) {
    throw new InvalidDecimalError(`${currency} has ${String(exponent)} decimal digits`);
  }
  const minor = Number(whole + fraction.slice(0, exponent).padEnd(exponent, '0'));
  if (!Number.isSafeInteger(minor)) {
    throw new AmountOverflowError();
  }
  return safeMinor(sign === '-' ? -minor : minor);
};

/**
 * Minor units of a decimal text that may hold more digits than the currency knows; one half rounds away from zero.
 * For amounts written by other programs (`12.3400000001`), where refusing the row would help nobody.
 * @param text digits with an optional sign, point and power of ten
 * @param currency ISO 4217 code
 * @throws InvalidDecimalError for any other text; AmountOverflowError
 */
export const roundDecimal = (text: string, currency: string): number => {
  const parts =
    text.length <= MAX_LENGTH ? /^([+-]?)(\d+)(?:\.(\d+))?(?:e([+-]?\d{1,3}))?$/i.exec(text) : null;
  if (parts === null) {
    throw new InvalidDecimalError('must be a decimal such as -12.34');
  }
  const [, sign = '', whole = '', fraction = '', power = '0'] = parts;
  const digits = BigInt(whole + fraction);
  const shift = Number(power) - fraction.length + currencyExponent(currency);
  const magnitude = shift >= 0 ? digits * 10n ** BigInt(shift) : divideRounded(digits, 10n ** BigInt(-shift));
  return safeMinor(Number(sign === '-' ? -magnitude : magnitude));
};

/**
 * Plain decimal text of an amount with all digits of its currency: `-12.34`, `-5000` (KRW), `1.500` (KWD).
 * @param amountMinor minor units
 * @param currency ISO 4217 code
 * @throws AmountOverflowError when the amount is no safe integer
 */
export const formatDecimal = (amountMinor: number, currency: string): string => {
  const exponent = currencyExponent(currency);
  const safe = safeMinor(amountMinor);
  const digits = String(Math.abs(safe)).padStart(exponent + 1, '0');
  const sign = safe < 0 ? '-' : '';
  if (exponent === 0) {
    return sign + digits;
  }
  return `${sign}${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`;
};
