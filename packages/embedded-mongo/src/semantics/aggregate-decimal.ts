import { Decimal128 } from 'bson';
import type { DecimalParts } from './decimal.ts';

/** A decimal taken apart; the operations below round to the 34 digits of decimal128. */
export type Decimal = DecimalParts;

type FiniteDecimal = Extract<Decimal, { kind: 'finite' }>;

const MAX_DIGITS = 34;
const MIN_EXPONENT = -6176;
const MAX_EXPONENT = 6111;
const EXPONENT_BIAS = 6176;
const COEFFICIENT_LIMIT = 10n ** 34n;
const NAN: Decimal = { kind: 'nan' };

const finite = (negative: boolean, coefficient: bigint, exponent: number): FiniteDecimal => ({
  kind: 'finite',
  negative,
  coefficient,
  exponent,
});
const infinity = (negative: boolean): Decimal => ({ kind: 'infinite', negative });

const digitCount = (coefficient: bigint): number => coefficient.toString().length;
const powerOfTen = (exponent: number): bigint => 10n ** BigInt(exponent);

/** Divides by a power of ten and rounds half to even, the rounding of IEEE 754 decimal arithmetic. */
function dropDigits(coefficient: bigint, count: number): bigint {
  const divisor = powerOfTen(count);
  const quotient = coefficient / divisor;
  const doubled = (coefficient % divisor) * 2n;
  const up = doubled > divisor || (doubled === divisor && (quotient & 1n) === 1n);
  return up ? quotient + 1n : quotient;
}

/** Fits a finite value into 34 digits and the exponent range of decimal128; may become infinite or zero. */
function normalise(value: FiniteDecimal): Decimal {
  let { coefficient, exponent } = value;
  let digits = digitCount(coefficient);
  if (digits > MAX_DIGITS) {
    exponent += digits - MAX_DIGITS;
    coefficient = dropDigits(coefficient, digits - MAX_DIGITS);
    if (coefficient === COEFFICIENT_LIMIT) {
      coefficient /= 10n;
      exponent += 1;
    }
    digits = MAX_DIGITS;
  }
  if (exponent < MIN_EXPONENT) {
    const lost = Math.min(MIN_EXPONENT - exponent, digits + 1);
    coefficient = dropDigits(coefficient, lost);
    exponent = MIN_EXPONENT;
  }
  if (exponent > MAX_EXPONENT) {
    if (coefficient === 0n) {
      return finite(value.negative, 0n, MAX_EXPONENT);
    }
    const missing = exponent - MAX_EXPONENT;
    if (digits + missing > MAX_DIGITS) {
      return infinity(value.negative);
    }
    coefficient *= powerOfTen(missing);
    exponent = MAX_EXPONENT;
  }
  return finite(value.negative, coefficient, exponent);
}

/** Packs a decimal, rounding it to 34 digits first. */
export function packDecimal(value: Decimal): Decimal128 {
  const fitted = value.kind === 'finite' ? normalise(value) : value;
  let high: bigint;
  let low = 0n;
  if (fitted.kind === 'nan') {
    high = 0x7c00000000000000n;
  } else if (fitted.kind === 'infinite') {
    high = 0x7800000000000000n | (fitted.negative ? 1n << 63n : 0n);
  } else {
    low = fitted.coefficient & 0xffffffffffffffffn;
    high =
      (fitted.negative ? 1n << 63n : 0n) |
      (BigInt(fitted.exponent + EXPONENT_BIAS) << 49n) |
      (fitted.coefficient >> 64n);
  }
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, low, true);
  view.setBigUint64(8, high, true);
  return new Decimal128(bytes);
}

/** The decimal of an integer, exact. */
export function decimalFromInteger(value: bigint): Decimal {
  return finite(value < 0n, value < 0n ? -value : value, 0);
}

/**
 * The decimal of a double rounded to `digits` significant digits, trailing zeros kept.
 * MongoDB uses 15 digits when it mixes doubles with decimals, and 34 for sums of many doubles.
 */
export function decimalFromDouble(value: number, digits: 15 | 34 = 15): Decimal {
  if (Number.isNaN(value)) {
    return NAN;
  }
  if (!Number.isFinite(value)) {
    return infinity(value < 0);
  }
  if (value === 0) {
    return finite(Object.is(value, -0), 0n, 0);
  }
  const match = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(value.toExponential(digits - 1));
  if (match === null) {
    return NAN;
  }
  const [, sign, whole = '0', fraction = '', exponent = '0'] = match;
  const decimal = finite(sign === '-', BigInt(whole + fraction), Number(exponent) - fraction.length);
  return digits === 34 ? stripZeros(decimal, 0) : decimal;
}

/** Drops trailing zeros while the exponent stays at or below `preferredExponent`. */
function stripZeros(value: FiniteDecimal, preferredExponent: number): FiniteDecimal {
  let { coefficient, exponent } = value;
  while (exponent < preferredExponent && coefficient % 10n === 0n && coefficient !== 0n) {
    coefficient /= 10n;
    exponent += 1;
  }
  return finite(value.negative, coefficient, exponent);
}

const signed = (value: FiniteDecimal): bigint => (value.negative ? -value.coefficient : value.coefficient);

/** Beyond this distance the smaller operand can only decide a rounding, so one digit of it is enough. */
const SIGNIFICANT_DISTANCE = 80;

/** Sum, with the smaller of the two exponents when the result is exact. */
export function addDecimals(a: Decimal, b: Decimal): Decimal {
  if (a.kind === 'nan' || b.kind === 'nan') {
    return NAN;
  }
  if (a.kind === 'infinite') {
    return b.kind === 'infinite' && a.negative !== b.negative ? NAN : a;
  }
  if (b.kind === 'infinite') {
    return b;
  }
  let [high, low] = a.exponent >= b.exponent ? [a, b] : [b, a];
  if (high.exponent - low.exponent > SIGNIFICANT_DISTANCE && high.coefficient !== 0n) {
    const sticky = low.coefficient === 0n ? 0n : 1n;
    low = finite(low.negative, sticky, high.exponent - SIGNIFICANT_DISTANCE);
  } else if (high.coefficient === 0n) {
    high = finite(high.negative, 0n, low.exponent);
  }
  const sum = signed(high) * powerOfTen(high.exponent - low.exponent) + signed(low);
  const negative = sum < 0n || (sum === 0n && a.negative && b.negative);
  return normalise(finite(negative, sum < 0n ? -sum : sum, low.exponent));
}

/** The value with its sign turned. */
export function negateDecimal(value: Decimal): Decimal {
  return value.kind === 'nan' ? value : { ...value, negative: !value.negative };
}

/** Product; its exponent is the sum of the exponents when it is exact. */
export function multiplyDecimals(a: Decimal, b: Decimal): Decimal {
  if (a.kind === 'nan' || b.kind === 'nan') {
    return NAN;
  }
  const negative = a.negative !== b.negative;
  if (a.kind === 'infinite' || b.kind === 'infinite') {
    return isZeroDecimal(a) || isZeroDecimal(b) ? NAN : infinity(negative);
  }
  return normalise(finite(negative, a.coefficient * b.coefficient, a.exponent + b.exponent));
}

/** Quotient to 34 digits; exact quotients keep the exponent nearest to the difference of the exponents. */
export function divideDecimals(a: Decimal, b: Decimal): Decimal {
  if (a.kind === 'nan' || b.kind === 'nan' || (a.kind === 'infinite' && b.kind === 'infinite')) {
    return NAN;
  }
  const negative = a.negative !== b.negative;
  if (a.kind === 'infinite') {
    return infinity(negative);
  }
  if (b.kind === 'infinite') {
    return finite(negative, 0n, 0);
  }
  if (b.coefficient === 0n) {
    return a.coefficient === 0n ? NAN : infinity(negative);
  }
  const preferred = a.exponent - b.exponent;
  if (a.coefficient === 0n) {
    return normalise(finite(negative, 0n, preferred));
  }
  const shift = Math.max(0, MAX_DIGITS + 3 + digitCount(b.coefficient) - digitCount(a.coefficient));
  const numerator = a.coefficient * powerOfTen(shift);
  const quotient = numerator / b.coefficient;
  if (numerator % b.coefficient === 0n) {
    return normalise(stripZeros(finite(negative, quotient, preferred - shift), preferred));
  }
  // A non-zero last digit stands for the remainder, so that rounding half to even sees it.
  return normalise(finite(negative, quotient * 10n + 1n, preferred - shift - 1));
}

/** Remainder with the sign of the dividend, as C's fmod. */
export function remainderOfDecimals(a: Decimal, b: Decimal): Decimal {
  if (a.kind !== 'finite' || b.kind === 'nan' || isZeroDecimal(b)) {
    return NAN;
  }
  if (b.kind === 'infinite') {
    return a;
  }
  const exponent = Math.min(a.exponent, b.exponent);
  const left = a.coefficient * powerOfTen(a.exponent - exponent);
  const right = b.coefficient * powerOfTen(b.exponent - exponent);
  return normalise(finite(a.negative, left % right, exponent));
}

/** Square root to 34 digits. */
export function sqrtDecimal(value: Decimal): Decimal {
  if (value.kind === 'nan') {
    return NAN;
  }
  if (value.kind === 'infinite' || value.coefficient === 0n) {
    return value;
  }
  if (value.negative) {
    return NAN;
  }
  let shift = Math.max(0, 2 * (MAX_DIGITS + 2) - digitCount(value.coefficient));
  if ((value.exponent - shift) % 2 !== 0) {
    shift += 1;
  }
  const scaled = value.coefficient * powerOfTen(shift);
  const root = integerSquareRoot(scaled);
  const exponent = (value.exponent - shift) / 2;
  if (root * root === scaled) {
    return normalise(stripZeros(finite(false, root, exponent), Math.floor(value.exponent / 2)));
  }
  return normalise(finite(false, root * 10n + 1n, exponent - 1));
}

/** Newton's method on integers. */
function integerSquareRoot(value: bigint): bigint {
  let guess = 10n ** BigInt(Math.ceil(digitCount(value) / 2));
  for (;;) {
    const next = (guess + value / guess) / 2n;
    if (next >= guess) {
      return guess;
    }
    guess = next;
  }
}

/** How `roundDecimal` treats the digits it drops. */
export type DecimalRounding = 'half-even' | 'truncate' | 'floor' | 'ceiling';

/** Rounds to `places` digits after the point (negative: before it). */
export function roundDecimal(value: Decimal, places: number, rounding: DecimalRounding): Decimal {
  if (value.kind !== 'finite' || value.exponent >= -places) {
    return value;
  }
  const count = Math.min(-places - value.exponent, digitCount(value.coefficient) + 1);
  const divisor = powerOfTen(count);
  const truncated = value.coefficient / divisor;
  const exact = value.coefficient % divisor === 0n;
  let coefficient = truncated;
  if (rounding === 'half-even') {
    coefficient = dropDigits(value.coefficient, count);
  } else if (
    !exact &&
    ((rounding === 'floor' && value.negative) || (rounding === 'ceiling' && !value.negative))
  ) {
    coefficient = truncated + 1n;
  }
  return normalise(finite(value.negative, coefficient, -places));
}

/** True for a finite zero of either sign. */
export function isZeroDecimal(value: Decimal): boolean {
  return value.kind === 'finite' && value.coefficient === 0n;
}

/** The integer part, or undefined when the value is not finite. */
export function decimalToInteger(value: Decimal): bigint | undefined {
  if (value.kind !== 'finite') {
    return undefined;
  }
  const magnitude =
    value.exponent >= 0
      ? value.coefficient * powerOfTen(value.exponent)
      : value.coefficient / powerOfTen(Math.min(-value.exponent, digitCount(value.coefficient) + 1));
  return value.negative ? -magnitude : magnitude;
}

/** True when a finite value has no fraction. */
export function isIntegralDecimal(value: Decimal): boolean {
  if (value.kind !== 'finite') {
    return false;
  }
  if (value.exponent >= 0 || value.coefficient === 0n) {
    return true;
  }
  const digits = Math.min(-value.exponent, digitCount(value.coefficient) + 1);
  return value.coefficient % powerOfTen(digits) === 0n;
}
