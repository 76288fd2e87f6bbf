import { Decimal128, Long } from 'bson';
import { asDecimal, asDouble, numericKind } from './aggregate-arithmetic.ts';
import { decimalToInteger, isIntegralDecimal } from './aggregate-decimal.ts';
import { collationKey, isEffectiveCollation } from './collation.ts';
import type { Collation } from './types.ts';
import { binaryParts, codeParts, documentOf, regexParts, typeName } from './values.ts';

function numberKey(value: unknown): string {
  const kind = numericKind(value);
  const double = asDouble(value);
  if (kind === 'int' || kind === 'double') {
    if (Number.isSafeInteger(double) || !Number.isFinite(double)) {
      return `n${double === 0 ? 0 : double}`;
    }
    return Number.isInteger(double) ? `n${BigInt(double)}` : `n${double}`;
  }
  if (value instanceof Long || typeof value === 'bigint') {
    return `n${value.toString()}`;
  }
  const decimal = asDecimal(value);
  if (decimal.kind !== 'finite') {
    return `n${double}`;
  }
  if (isIntegralDecimal(decimal)) {
    return `n${decimalToInteger(decimal) ?? 0n}`;
  }
  // A double and a decimal with a fraction are equal only if the decimal is the double's exact expansion.
  let { coefficient, exponent } = decimal;
  while (coefficient % 10n === 0n) {
    coefficient /= 10n;
    exponent += 1;
  }
  const sameAsDouble =
    exponent >= -100 && BigInt(coefficient) === exactCoefficient(Math.abs(double), -exponent);
  return sameAsDouble ? `n${double}` : `d${decimal.negative ? '-' : ''}${coefficient}e${exponent}`;
}

/** `value * 10^places` if that is a whole number and toFixed can tell, else undefined. */
function exactCoefficient(value: number, places: number): bigint | undefined {
  if (places > 100 || places < 0 || value >= 1e21) {
    return undefined;
  }
  // toFixed rounds from the exact binary value, so more places must add only zeros when it was exact.
  const exact = value.toFixed(100);
  const point = exact.indexOf('.');
  const kept = exact.slice(0, point + 1 + places);
  return /^0*$/.test(exact.slice(point + 1 + places)) ? BigInt(kept.replace('.', '')) : undefined;
}

const lengthPrefixed = (text: string): string => `${text.length}:${text}`;

/**
 * A text that two values share exactly when they compare as equal (numbers by value whatever their type,
 * strings by the collation). For hash tables of groups and sets.
 */
export function equalityKey(value: unknown, collation?: Collation): string {
  if (typeof value === 'string') {
    return isEffectiveCollation(collation)
      ? `s${collationKey(value, collation).toString('latin1')}`
      : `s${value}`;
  }
  if (value === null) {
    return 'z';
  }
  if (value === undefined) {
    return 'u';
  }
  if (Array.isArray(value)) {
    return `a${value.map((item) => lengthPrefixed(equalityKey(item, collation))).join('')}`;
  }
  if (value instanceof Date) {
    return `t${value.getTime()}`;
  }
  const document = documentOf(value);
  if (document !== undefined) {
    const fields = Object.entries(document).map(
      ([name, field]) => lengthPrefixed(name) + lengthPrefixed(equalityKey(field, collation)),
    );
    return `o${fields.join('')}`;
  }
  if (numericKind(value) !== undefined || value instanceof Decimal128) {
    return numberKey(value);
  }
  const type = typeName(value);
  switch (type) {
    case 'symbol':
      return equalityKey(String(value), collation);
    case 'binData': {
      const { bytes, subtype } = binaryParts(value);
      return `b${subtype}:${Buffer.from(bytes).toString('latin1')}`;
    }
    case 'regex': {
      const { pattern, options } = regexParts(value);
      return `r${lengthPrefixed(pattern)}${options}`;
    }
    case 'javascript':
    case 'javascriptWithScope': {
      const { code, scope } = codeParts(value);
      return `j${type}${lengthPrefixed(code)}${equalityKey(scope, collation)}`;
    }
    default:
      return `${type}${String(value)}`;
  }
}

/** A set of values under MongoDB's equality that remembers the order of insertion. */
export class ValueSet {
  readonly #items = new Map<string, unknown>();
  readonly #collation: Collation | undefined;

  constructor(collation?: Collation) {
    this.#collation = collation;
  }

  /** The set of an array's elements. */
  static of(values: readonly unknown[], collation?: Collation): ValueSet {
    const set = new ValueSet(collation);
    for (const value of values) {
      set.add(value);
    }
    return set;
  }

  /** Adds a value; returns false when it was there already. */
  add(value: unknown): boolean {
    const key = equalityKey(value, this.#collation);
    if (this.#items.has(key)) {
      return false;
    }
    this.#items.set(key, value);
    return true;
  }

  /** Whether an equal value is in the set. */
  has(value: unknown): boolean {
    return this.#items.has(equalityKey(value, this.#collation));
  }

  /** The values in order of insertion. */
  values(): unknown[] {
    return [...this.#items.values()];
  }
}
