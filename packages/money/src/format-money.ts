import { formatDecimal } from './decimal-text.ts';
import type { Money } from './money.ts';

const formats = new Map<string, Intl.NumberFormat>();

const formatOf = (locale: string, currency: string): Intl.NumberFormat => {
  const key = `${locale} ${currency}`;
  const known = formats.get(key);
  if (known !== undefined) {
    return known;
  }
  const made = new Intl.NumberFormat(locale, { style: 'currency', currency });
  formats.set(key, made);
  return made;
};

/**
 * An amount as people of a locale write it, for instance `£12.34`, `12,34 €`, `₩5,000`.
 * Intl gets the exact decimal text, so that large amounts are not rounded by a float.
 * @param money the amount
 * @param locale BCP 47 tag
 * @throws RangeError for a tag or currency that Intl refuses; AmountOverflowError
 */
export const formatMoney = (money: Money, locale: string): string => {
  const exact = formatDecimal(money.amountMinor, money.currency);
  return formatOf(locale, money.currency).format(exact as Intl.StringNumericLiteral);
};
