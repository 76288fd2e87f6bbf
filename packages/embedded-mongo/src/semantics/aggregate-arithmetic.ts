import { Decimal128, Double, Int32, Long, Timestamp } from 'bson';
import {
  addDecimals,
  decimalFromDouble,
  decimalFromInteger,
  divideDecimals,
  multiplyDecimals,
  negateDecimal,
  packDecimal,
  remainderOfDecimals,
  roundDecimal,
  type Decimal,
  type DecimalRounding,
} from './aggregate-decimal.ts';
import { decimalParts, decimalToNumber } from './decimal.ts';

/** The four numeric types of BSON, from narrow to wide. */
export type NumericKind = 'int' | 'long' | 'double' | 'decimal';

const INT32_MIN = -2147483648;
const INT32_MAX = 2147483647;
const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;
const WIDTH: Readonly<Record<NumericKind, number>> = { int: 0, long: 1, double: 2, decimal: 3 };

/**
 * Which numeric BSON type a value has; undefined when it is no number. A JavaScript number counts as `bson`
 * would store it: an int32 when it is an integer of that range, else a double.
 */
export function numericKind(value: unknown): NumericKind | undefined {
  if (typeof value === 'number') {
    return isInt32(value) ? 'int' : 'double';
  }
  if (typeof value === 'bigint') {
    return 'long';
  }
  if (typeof value !== 'object' || value === null) {
    return undefined;
  }
  if (value instanceof Int32) {
    return 'int';
  }
  if (value instanceof Double) {
    return 'double';
  }
  if (value instanceof Long) {
    // Timestamp extends Long, but is no number.
    return value instanceof Timestamp ? undefined : 'long';
  }
  return value instanceof Decimal128 ? 'decimal' : undefined;
}

function isInt32(value: number): boolean {
  return Number.isInteger(value) && value >= INT32_MIN && value <= INT32_MAX && !Object.is(value, -0);
}

/** The wider of two numeric types. */
export function widerKind(a: NumericKind, b: NumericKind): NumericKind {
  return WIDTH[a] >= WIDTH[b] ? a : b;
}

/** Any numeric value as a double (rounded when it has more digits); NaN when it is no number. */
export function asDouble(value: unknown): number {
  if (typeof value === 'number') {
    return value;
  }
  if (value instanceof Int32 || value instanceof Double) {
    return value.value;
  }
  if (value instanceof Long) {
    return value.toNumber();
  }
  if (value instanceof Decimal128) {
    return decimalToNumber(decimalParts(value));
  }
  return typeof value === 'bigint' ? Number(value) : NaN;
}

/** An int or long as an exact integer; doubles and decimals are not taken. */
export function asBigInt(value: unknown): bigint {
  if (value instanceof Long) {
    return value.toBigInt();
  }
  if (typeof value === 'bigint') {
    return value;
  }
  return BigInt(asDouble(value));
}

/** Any numeric value as a decimal; doubles to 15 digits as MongoDB does. */
export function asDecimal(value: unknown): Decimal {
  if (value instanceof Decimal128) {
    return decimalParts(value);
  }
  return numericKind(value) === 'double'
    ? decimalFromDouble(asDouble(value))
    : decimalFromInteger(asBigInt(value));
}

/** True when the integer fits BSON's int64. */
export function fitsInt64(value: bigint): boolean {
  return value >= INT64_MIN && value <= INT64_MAX;
}

/** An exact integer as int32 or, when `atLeastLong` or too large, int64; undefined when it fits neither. */
export function integerValue(value: bigint, atLeastLong: boolean): Int32 | Long | undefined {
  if (!atLeastLong && value >= INT32_MIN && value <= INT32_MAX) {
    return new Int32(Number(value));
  }
  return fitsInt64(value) ? Long.fromBigInt(value) : undefined;
}

/** A count as MongoDB returns it: int32 if it fits, else int64. */
export function countValue(count: number): Int32 | Long {
  return count <= INT32_MAX ? new Int32(count) : Long.fromNumber(count);
}

interface BinaryRules {
  integers: (a: bigint, b: bigint) => bigint;
  doubles: (a: number, b: number) => number;
  decimals: (a: Decimal, b: Decimal) => Decimal;
}

function applyBinary(
  a: unknown,
  b: unknown,
  rules: BinaryRules,
  onOverflow: 'double' | 'undefined',
): unknown {
  const leftKind = numericKind(a);
  const rightKind = numericKind(b);
  if (leftKind === undefined || rightKind === undefined) {
    return undefined;
  }
  if (leftKind === 'int' && rightKind === 'int') {
    const result = rules.doubles(asDouble(a), asDouble(b));
    if (isInt32(result) || result === 0) {
      return new Int32(result + 0);
    }
  }
  const kind = widerKind(leftKind, rightKind);
  if (kind === 'decimal') {
    return packDecimal(rules.decimals(asDecimal(a), asDecimal(b)));
  }
  if (kind === 'double') {
    return new Double(rules.doubles(asDouble(a), asDouble(b)));
  }
  const exact = rules.integers(asBigInt(a), asBigInt(b));
  const fitted = integerValue(exact, kind === 'long');
  if (fitted !== undefined) {
    return fitted;
  }
  return onOverflow === 'double' ? new Double(Number(exact)) : undefined;
}

const ADDITION: BinaryRules = {
  integers: (a, b) => a + b,
  doubles: (a, b) => a + b,
  decimals: addDecimals,
};
const SUBTRACTION: BinaryRules = {
  integers: (a, b) => a - b,
  doubles: (a, b) => a - b,
  decimals: (a, b) => addDecimals(a, negateDecimal(b)),
};
const MULTIPLICATION: BinaryRules = {
  integers: (a, b) => a * b,
  doubles: (a, b) => a * b,
  decimals: multiplyDecimals,
};

/**
 * Sum in the wider of the two types; int32 grows to int64. Two int64 that overflow give a double, or undefined
 * when `onOverflow` says so (updates raise an error there).
 */
export function addNumbers(a: unknown, b: unknown, onOverflow: 'double' | 'undefined' = 'double'): unknown {
  return applyBinary(a, b, ADDITION, onOverflow);
}

/** Difference, with the type rules of `addNumbers`. */
export function subtractNumbers(a: unknown, b: unknown): unknown {
  return applyBinary(a, b, SUBTRACTION, 'double');
}

/** Product, with the type rules of `addNumbers`. */
export function multiplyNumbers(
  a: unknown,
  b: unknown,
  onOverflow: 'double' | 'undefined' = 'double',
): unknown {
  return applyBinary(a, b, MULTIPLICATION, onOverflow);
}

/** True for zero of any numeric type. */
export function isZero(value: unknown): boolean {
  return asDouble(value) === 0;
}

/** Quotient: a double, or a decimal when either operand is one. The caller checks for a zero divisor. */
export function divideNumbers(a: unknown, b: unknown): Double | Decimal128 {
  if (a instanceof Decimal128 || b instanceof Decimal128) {
    return packDecimal(divideDecimals(asDecimal(a), asDecimal(b)));
  }
  return new Double(asDouble(a) / asDouble(b));
}

/** Remainder with the sign of the dividend in the wider type. The caller checks for a zero divisor. */
export function remainderOf(a: unknown, b: unknown): unknown {
  return applyBinary(
    a,
    b,
    { integers: (x, y) => x % y, doubles: (x, y) => x % y, decimals: remainderOfDecimals },
    'double',
  );
}

/** Absolute value; the most negative int32 becomes an int64, the most negative int64 gives undefined. */
export function absoluteValue(value: unknown): unknown {
  const kind = numericKind(value);
  if (kind === 'double') {
    return new Double(Math.abs(asDouble(value)));
  }
  if (kind === 'decimal') {
    const decimal = asDecimal(value);
    return packDecimal(decimal.kind !== 'nan' && decimal.negative ? negateDecimal(decimal) : decimal);
  }
  const exact = asBigInt(value);
  return integerValue(exact < 0n ? -exact : exact, kind === 'long');
}

function roundDouble(value: number, places: number, rounding: DecimalRounding): number {
  if (!Number.isFinite(value)) {
    return value;
  }
  if (places === 0) {
    switch (rounding) {
      case 'floor':
        return Math.floor(value);
      case 'ceiling':
        return Math.ceil(value);
      case 'truncate':
        return Math.trunc(value);
      case 'half-even': {
        const floor = Math.floor(value);
        const fraction = value - floor;
        const up = fraction > 0.5 || (fraction === 0.5 && floor % 2 !== 0);
        return up ? floor + 1 : floor;
      }
    }
  }
  return decimalToNumber(roundDecimal(decimalFromDouble(value, 34), places, rounding));
}

/**
 * Rounds a number to `places` digits after the point in its own type (an int32 that grows becomes an int64).
 * Returns undefined when the result does not fit an int64.
 */
export function roundNumber(value: unknown, places: number, rounding: DecimalRounding): unknown {
  const kind = numericKind(value);
  if (kind === 'double') {
    return new Double(roundDouble(asDouble(value), places, rounding));
  }
  if (kind === 'decimal') {
    return packDecimal(roundDecimal(asDecimal(value), places, rounding));
  }
  if (places >= 0) {
    return value;
  }
  const rounded = roundDecimal(decimalFromInteger(asBigInt(value)), places, rounding);
  if (rounded.kind !== 'finite') {
    return undefined;
  }
  const magnitude = rounded.coefficient * 10n ** BigInt(rounded.exponent);
  return integerValue(rounded.negative ? -magnitude : magnitude, kind === 'long');
}

/** True for NaN as a double or a decimal. */
export function isNaNValue(value: unknown): boolean {
  const kind = numericKind(value);
  return (kind === 'double' || kind === 'decimal') && Number.isNaN(asDouble(value));
}

/**
 * An integral number of any numeric type as a JavaScript integer; undefined when it is no number, has a
 * fraction or lies beyond 2^53.
 */
export function asSafeInteger(value: unknown): number | undefined {
  if (numericKind(value) === undefined) {
    return undefined;
  }
  const number = asDouble(value);
  return Number.isSafeInteger(number) ? number + 0 : undefined;
}

/**
 * Running total that keeps integers exact, doubles compensated and decimals to 34 digits. Used by `$sum` and
 * `$avg`, whose result must not depend on rounding in the middle.
 * Compensation follows Neumaier, "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen" (1974).
 */
export class NumberTotal {
  #integers = 0n;
  #sum = 0;
  #lost = 0;
  #decimals: Decimal | undefined;
  #kind: NumericKind = 'int';
  #count = 0;
  /** Small integers are gathered here first: adding to a big integer for each would be slow. */
  #small = 0;

  /** How many numbers were added. */
  get count(): number {
    return this.#count;
  }

  /** Adds a numeric value; anything else is ignored. */
  add(value: unknown): void {
    const kind = numericKind(value);
    if (kind === undefined) {
      return;
    }
    this.#count += 1;
    this.#kind = widerKind(this.#kind, kind);
    if (kind === 'int') {
      this.#small += asDouble(value);
      if (!Number.isSafeInteger(this.#small * 2)) {
        this.#flush();
      }
    } else if (kind === 'long') {
      this.#integers += asBigInt(value);
    } else if (kind === 'double') {
      this.#addDouble(asDouble(value));
    } else {
      this.#decimals = addDecimals(this.#decimals ?? decimalFromInteger(0n), asDecimal(value));
    }
  }

  #flush(): void {
    this.#integers += BigInt(this.#small);
    this.#small = 0;
  }

  #addDouble(value: number): void {
    const next = this.#sum + value;
    if (Number.isFinite(next)) {
      this.#lost +=
        Math.abs(this.#sum) >= Math.abs(value) ? this.#sum - next + value : value - next + this.#sum;
    }
    this.#sum = next;
  }

  #doubleTotal(): number {
    if (!Number.isFinite(this.#sum)) {
      return this.#sum;
    }
    const integers = Number(this.#integers);
    const rest = Number(this.#integers - BigInt(integers));
    const partial = this.#sum + integers;
    const error =
      Math.abs(this.#sum) >= Math.abs(integers)
        ? this.#sum - partial + integers
        : integers - partial + this.#sum;
    return partial + (error + this.#lost + rest);
  }

  #decimalTotal(): Decimal {
    const doubles = addDecimals(decimalFromDouble(this.#sum, 34), decimalFromDouble(this.#lost, 34));
    const exact = addDecimals(this.#decimals ?? decimalFromInteger(0n), decimalFromInteger(this.#integers));
    return this.#sum === 0 && this.#lost === 0 ? exact : addDecimals(exact, doubles);
  }

  /** The total in the widest type that was added; int32 zero when nothing was. */
  total(): unknown {
    this.#flush();
    if (this.#kind === 'decimal') {
      return packDecimal(this.#decimalTotal());
    }
    if (this.#kind === 'double') {
      return new Double(this.#doubleTotal());
    }
    return integerValue(this.#integers, this.#kind === 'long') ?? new Double(Number(this.#integers));
  }

  /** The mean as a double or decimal; null when nothing was added. */
  mean(): Double | Decimal128 | null {
    if (this.#count === 0) {
      return null;
    }
    this.#flush();
    if (this.#kind === 'decimal') {
      return packDecimal(divideDecimals(this.#decimalTotal(), decimalFromInteger(BigInt(this.#count))));
    }
    return new Double(this.#doubleTotal() / this.#count);
  }
}
