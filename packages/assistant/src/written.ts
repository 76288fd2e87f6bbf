import { dayParts, daysInMonth } from '@orrery/calendar';
import type { Language, MoneyText } from '@orrery/contracts';
import type { Period } from './periods.ts';

/** How amounts and days are written in a language. */

const LOCALES: Readonly<Record<Language, string>> = { en: 'en-GB', fr: 'fr-FR', ko: 'ko-KR' };
const formats = new Map<string, Intl.NumberFormat>();

const formatOf = (language: Language, currency: string): Intl.NumberFormat => {
  const key = `${language} ${currency}`;
  const known = formats.get(key);
  if (known !== undefined) {
    return known;
  }
  const made = new Intl.NumberFormat(LOCALES[language], {
    style: 'currency',
    currency,
    // In French the other form says `£GB` and `$US`.
    currencyDisplay: 'narrowSymbol',
  });
  formats.set(key, made);
  return made;
};

/**
 * An amount as people write it: `£1,234.50`, `1 234,50 €`, `12,000원`.
 * @param money exact decimal text and currency
 * @param language in which language
 */
export function writtenMoney({ amount, currency }: MoneyText, language: Language): string {
  // Intl gets the exact decimal text, so that no float rounds it.
  const exact = amount as Intl.StringNumericLiteral;
  if (language === 'ko' && currency === 'KRW') {
    return `${new Intl.NumberFormat('ko-KR', { maximumFractionDigits: 0 }).format(exact)}원`;
  }
  return formatOf(language, currency).format(exact);
}

/**
 * The amount without its sign.
 * @param money any amount
 */
export const withoutSign = ({ amount, currency }: MoneyText): MoneyText => ({
  amount: amount.replace(/^-/, ''),
  currency,
});

/**
 * Whether an amount is below zero.
 * @param money any amount
 */
export const isNegative = ({ amount }: MoneyText): boolean => amount.startsWith('-');

const MONTH_NAMES: Readonly<Record<'en' | 'fr', readonly string[]>> = {
  en: [
    'January',
    'February',
    'March',
    'April',
    'May',
    'June',
    'July',
    'August',
    'September',
    'October',
    'November',
    'December',
  ],
  fr: [
    'janvier',
    'février',
    'mars',
    'avril',
    'mai',
    'juin',
    'juillet',
    'août',
    'septembre',
    'octobre',
    'novembre',
    'décembre',
  ],
};

/**
 * A month: `October 2026`, `octobre 2026`, `2026년 10월`.
 * @param month `YYYY-MM`
 * @param language in which language
 */
export function writtenMonth(month: string, language: Language): string {
  const year = month.slice(0, 4);
  const number = Number(month.slice(5, 7));
  return language === 'ko'
    ? `${year}년 ${String(number)}월`
    : `${MONTH_NAMES[language][number - 1] ?? ''} ${year}`;
}

/**
 * A day: `5 October 2026`, `5 octobre 2026`, `2026년 10월 5일`.
 * @param day `YYYY-MM-DD`
 * @param language in which language
 */
export function writtenDay(day: string, language: Language): string {
  const number = String(Number(day.slice(8, 10)));
  const month = writtenMonth(day.slice(0, 7), language);
  return language === 'ko'
    ? `${month} ${number}일`
    : `${number === '1' && language === 'fr' ? '1er' : number} ${month}`;
}

/**
 * A period with its preposition: `in October 2026`, `du 1er au …`, `2026년 10월`.
 * @param period first and last day
 * @param language in which language
 */
export function writtenPeriod({ from, to }: Period, language: Language): string {
  const first = dayParts(from);
  const last = dayParts(to);
  const isWholeMonth =
    from.slice(0, 7) === to.slice(0, 7) &&
    first.dayOfMonth === 1 &&
    last.dayOfMonth === daysInMonth(last.year, last.month);
  const isWholeYear = from === `${from.slice(0, 4)}-01-01` && to === `${from.slice(0, 4)}-12-31`;
  if (isWholeYear) {
    const year = from.slice(0, 4);
    return { en: `in ${year}`, fr: `en ${year}`, ko: `${year}년` }[language];
  }
  if (isWholeMonth) {
    const month = writtenMonth(from.slice(0, 7), language);
    return { en: `in ${month}`, fr: `en ${month}`, ko: month }[language];
  }
  const start = writtenDay(from, language);
  if (from === to) {
    return { en: `on ${start}`, fr: `le ${start}`, ko: start }[language];
  }
  const end = writtenDay(to, language);
  return { en: `from ${start} to ${end}`, fr: `du ${start} au ${end}`, ko: `${start}부터 ${end}까지` }[
    language
  ];
}

/**
 * Several things in one phrase: `a, b and c`.
 * @param things what to list
 * @param language in which language
 */
export function writtenList(things: readonly string[], language: Language): string {
  if (language === 'ko') {
    return things.join(', ');
  }
  const last = things.at(-1) ?? '';
  return things.length < 2
    ? last
    : `${things.slice(0, -1).join(', ')} ${language === 'fr' ? 'et' : 'and'} ${last}`;
}
