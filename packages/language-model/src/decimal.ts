/** An exact decimal: `digits / 10 ** places`. */
export interface Decimal {
  digits: bigint;
  places: number;
}

/**
 * Whether two decimals are the same number.
 * @param left any decimal
 * @param right any decimal
 */
export const isSame = (left: Decimal, right: Decimal): boolean =>
  left.digits * 10n ** BigInt(right.places) === right.digits * 10n ** BigInt(left.places);

const plain = (whole: string, fraction: string): Decimal => ({
  digits: BigInt(whole + fraction),
  places: fraction.length,
});

const SEPARATOR = /[.,]/g;

/**
 * What a written number may mean: `1.234` is one and a bit in London and a thousand in Paris, so both are given.
 * @param written digits with grouping and decimal separators, as the scanner found them
 * @returns every reading, none when the separators make no sense
 */
export const readingsOf = (written: string): Decimal[] => {
  const compact = written.replace(/[ '’]/g, '');
  const separators = compact.match(SEPARATOR) ?? [];
  const last = separators.at(-1);
  if (last === undefined) {
    return [plain(compact, '')];
  }
  const parts = compact.split(SEPARATOR);
  const fraction = parts.at(-1) ?? '';
  const groups = parts.slice(1);
  const isGrouped = (candidates: readonly string[]): boolean => candidates.every((part) => part.length === 3);
  const asDecimal = plain(parts.slice(0, -1).join(''), fraction);
  const asGroups = plain(parts.join(''), '');
  const hasOneKind = separators.every((separator) => separator === last);
  if (!hasOneKind) {
    const others = separators.slice(0, -1);
    return others.every((separator) => separator !== last) && isGrouped(groups.slice(0, -1))
      ? [asDecimal]
      : [];
  }
  if (separators.length > 1) {
    return isGrouped(groups) ? [asGroups] : [];
  }
  return isGrouped(groups) && (parts[0] ?? '').length <= 3 ? [asDecimal, asGroups] : [asDecimal];
};

/**
 * The decimal of a finite JavaScript number, by its shortest text.
 * @param value for instance a percentage
 */
export const decimalOf = (value: number): Decimal => {
  const [mantissa = '0', power = '0'] = String(Math.abs(value)).toLowerCase().split('e');
  const [whole = '0', fraction = ''] = mantissa.split('.');
  const shift = Number(power);
  const base = plain(whole, fraction);
  return shift >= 0
    ? { digits: base.digits * 10n ** BigInt(shift), places: base.places }
    : { digits: base.digits, places: base.places - shift };
};

/**
 * Whether `shown` is `exact` rounded to the digits that `shown` has; exactly one half may go either way.
 * @param shown as written
 * @param exact the fact
 */
export const isRoundingOf = (shown: Decimal, exact: Decimal): boolean => {
  const scale = 10n ** BigInt(exact.places);
  const difference = shown.digits * scale - exact.digits * 10n ** BigInt(shown.places);
  return (difference < 0n ? -difference : difference) * 2n <= scale;
};

/**
 * The decimal times a power of ten.
 * @param value any decimal
 * @param power 0 or more
 */
export const shifted = (value: Decimal, power: number): Decimal => ({
  digits: value.digits * 10n ** BigInt(power),
  places: value.places,
});

/**
 * Sum of two decimals.
 * @param left any decimal
 * @param right any decimal
 */
export const sumOf = (left: Decimal, right: Decimal): Decimal => ({
  digits: left.digits * 10n ** BigInt(right.places) + right.digits * 10n ** BigInt(left.places),
  places: left.places + right.places,
});
