import type { Decimal128 } from 'bson';

/** A decimal taken apart: `coefficient × 10^exponent`, negative when `negative`. */
export type DecimalParts =
  | { kind: 'nan' }
  | { kind: 'infinite'; negative: boolean }
  | { kind: 'finite'; negative: boolean; coefficient: bigint; exponent: number };

const EXPONENT_BIAS = 6176;
const MAX_COEFFICIENT = 10n ** 34n - 1n;
const COEFFICIENT_MASK = (1n << 113n) - 1n;

/**
 * Takes a Decimal128 apart without going through its text.
 * Layout: IEEE 754-2008 decimal128, binary integer decimal encoding, little-endian bytes.
 * A coefficient above 34 digits is not canonical and counts as zero, as the standard says.
 */
export function decimalParts(value: Decimal128): DecimalParts {
  const bytes = value.bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16);
  const low = view.getBigUint64(0, true);
  const high = view.getBigUint64(8, true);
  const top = Number(high >> 48n);
  const negative = (top & 0x8000) !== 0;
  const combination = (top >> 10) & 0x1f;
  if (combination === 0x1f) {
    return { kind: 'nan' };
  }
  if (combination === 0x1e) {
    return { kind: 'infinite', negative };
  }
  if (combination >> 3 === 3) {
    return { kind: 'finite', negative, coefficient: 0n, exponent: ((top << 1) & 0x3fff) - EXPONENT_BIAS };
  }
  const exponent = ((top >> 1) & 0x3fff) - EXPONENT_BIAS;
  const coefficient = ((high << 64n) | low) & COEFFICIENT_MASK;
  return {
    kind: 'finite',
    negative,
    coefficient: coefficient > MAX_COEFFICIENT ? 0n : coefficient,
    exponent,
  };
}

/** The double nearest to a decimal (round half even); infinite when the decimal is beyond the double's range. */
export function decimalToNumber(parts: DecimalParts): number {
  if (parts.kind === 'nan') {
    return Number.NaN;
  }
  if (parts.kind === 'infinite') {
    return parts.negative ? -Infinity : Infinity;
  }
  const magnitude = Number(`${parts.coefficient.toString()}e${parts.exponent}`);
  return parts.negative ? -magnitude : magnitude;
}

/** Significant digits without trailing zeros, and the power of ten of the first digit; for a non-zero coefficient. */
export function scientificDigits(coefficient: bigint, exponent: number): { digits: string; power: number } {
  const all = coefficient.toString();
  let end = all.length;
  while (end > 1 && all.charCodeAt(end - 1) === 48) {
    end -= 1;
  }
  return { digits: all.slice(0, end), power: exponent + all.length - 1 };
}

/**
 * Compares two finite decimals exactly. Returns -1, 0 or 1.
 * Powers of ten are compared first, so that the scaling below never exceeds a few dozen digits.
 */
export function compareFiniteDecimals(
  a: Extract<DecimalParts, { kind: 'finite' }>,
  b: Extract<DecimalParts, { kind: 'finite' }>,
): number {
  const signA = a.coefficient === 0n ? 0 : a.negative ? -1 : 1;
  const signB = b.coefficient === 0n ? 0 : b.negative ? -1 : 1;
  if (signA !== signB) {
    return signA < signB ? -1 : 1;
  }
  if (signA === 0) {
    return 0;
  }
  const left = scientificDigits(a.coefficient, a.exponent);
  const right = scientificDigits(b.coefficient, b.exponent);
  if (left.power !== right.power) {
    return left.power < right.power ? -signA : signA;
  }
  if (left.digits === right.digits) {
    return 0;
  }
  return left.digits < right.digits ? -signA : signA;
}

/**
 * Sign of (decimal − double) computed exactly, where `double` is finite and near the decimal
 * (its nearest double, or the largest one when the decimal lies beyond).
 */
export function signOfDifference(
  decimal: Extract<DecimalParts, { kind: 'finite' }>,
  double: number,
): -1 | 0 | 1 {
  if (double === 0) {
    return decimal.coefficient === 0n ? 0 : decimal.negative ? -1 : 1;
  }
  if (decimal.exponent > 400) {
    return decimal.negative ? -1 : 1;
  }
  const { mantissa: binaryMantissa, exponent } = binaryParts(double);
  let mantissa = binaryMantissa;
  let scaled = decimal.negative ? -decimal.coefficient : decimal.coefficient;
  if (decimal.exponent >= 0) {
    scaled *= 10n ** BigInt(decimal.exponent);
  } else {
    mantissa *= 10n ** BigInt(-decimal.exponent);
  }
  if (exponent >= 0) {
    mantissa <<= BigInt(exponent);
  } else {
    scaled <<= BigInt(-exponent);
  }
  return scaled < mantissa ? -1 : scaled > mantissa ? 1 : 0;
}

const doubleView = new DataView(new ArrayBuffer(8));

function binaryParts(value: number): { mantissa: bigint; exponent: number } {
  doubleView.setFloat64(0, value);
  const bits = doubleView.getBigUint64(0);
  const biased = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xfffffffffffffn;
  const magnitude = biased === 0 ? fraction : fraction | (1n << 52n);
  return { mantissa: value < 0 ? -magnitude : magnitude, exponent: (biased === 0 ? 1 : biased) - 1075 };
}
