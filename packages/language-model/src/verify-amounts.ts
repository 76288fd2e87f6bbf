import { currencyExponent } from '@orrery/money';
import { decimalOf, isRoundingOf, isSame, type Decimal } from './decimal.ts';
import { scanDates, type WrittenDate } from './scan-dates.ts';
import { scanFigures, type Figure } from './scan-figures.ts';

/** Everything that a text may state. What is not here may not appear in it. */
export interface Facts {
  /** Money in minor units. A text may drop the sign (`short of £5` for -500) but not invent one. */
  amounts?: readonly { amountMinor: number; currency: string }[];
  /** Percentages as exact as they are known; a text may show fewer decimals. */
  percentages?: readonly number[];
  /** Counts, months, ranks: exact. */
  numbers?: readonly number[];
  /** `YYYY-MM-DD` or `YYYY-MM`; a text may leave out the year or the day. */
  days?: readonly string[];
  /** Names that may hold digits of their own (`Disney 4K`); such digits are allowed within the whole name. */
  names?: readonly string[];
}

export interface Verification {
  isVerified: boolean;
  /** Figures that are not among the facts, as written. */
  unknown: string[];
}

/** No text of ours is longer; the patterns below would take their time over a book. */
const MAX_CHARS = 20_000;

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/**
 * One form for all ways of writing: full-width digits, thin spaces, minus signs, and no invisible characters between
 * digits.
 */
const normalised = (text: string): string =>
  text
    .normalize('NFKC')
    .replace(/\p{Cf}/gu, '')
    .replace(/[−‒–]/g, '-')
    .replace(/[^\S\n]/g, ' ');

const withoutNames = (text: string, names: readonly string[]): string => {
  const withDigits = names
    .map(normalised)
    .filter((name) => /\p{Nd}/u.test(name))
    .sort((left, right) => right.length - left.length);
  let rest = text;
  for (const name of withDigits) {
    // Not inside a longer number or word: a name `50` must not hide the 50 of £1,504 or 50만원. A Korean particle may
    // follow directly.
    const whole = new RegExp(
      String.raw`(?<![\p{L}\p{N}\p{Sc}.,-])${escaped(name)}(?![\p{N}%]|[만억천백원퍼프]|(?!\p{Script=Hangul})\p{L}|[.,]\d|\s?\p{Sc})`,
      'giu',
    );
    rest = rest.replace(whole, ' ⌁ ');
  }
  return rest;
};

// The number of a list item states nothing: `1. First …`.
const withoutListNumbers = (text: string): string => text.replace(/^[^\S\n]*\d{1,2}[.)][^\S\n]/gm, '');

const partsOf = (day: string): WrittenDate => {
  const [year, month, dayOfMonth] = day.split('-').map(Number);
  return {
    text: day,
    month: month ?? 0,
    ...(year === undefined ? {} : { year }),
    ...(dayOfMonth === undefined ? {} : { day: dayOfMonth }),
  };
};

const isDay = (written: WrittenDate, fact: WrittenDate): boolean =>
  written.month === fact.month &&
  (written.year === undefined || written.year === fact.year) &&
  (written.day === undefined || written.day === fact.day);

interface KnownFigures {
  money: { value: Decimal; currency: string; isNegative: boolean }[];
  percentages: { value: Decimal; isNegative: boolean }[];
  numbers: { value: Decimal; isNegative: boolean }[];
  years: Decimal[];
  daysOfMonth: Decimal[];
}

const signed = (value: number): { value: Decimal; isNegative: boolean } => ({
  value: decimalOf(value),
  isNegative: value < 0,
});

const knownFigures = ({ amounts = [], percentages = [], numbers = [], days = [] }: Facts): KnownFigures => {
  const dates = days.map(partsOf);
  return {
    money: amounts.map(({ amountMinor, currency }) => ({
      value: { digits: BigInt(Math.abs(amountMinor)), places: currencyExponent(currency) },
      currency,
      isNegative: amountMinor < 0,
    })),
    percentages: percentages.map(signed),
    numbers: numbers.map(signed),
    years: dates.flatMap(({ year }) => (year === undefined ? [] : [decimalOf(year)])),
    daysOfMonth: dates.flatMap(({ day }) => (day === undefined ? [] : [decimalOf(day)])),
  };
};

const isKnown = (figure: Figure, known: KnownFigures): boolean => {
  const fitsSign = (fact: { isNegative: boolean }): boolean => !figure.isNegative || fact.isNegative;
  const isOneOf = (facts: readonly Decimal[]): boolean =>
    figure.values.some((value) => facts.some((fact) => isSame(value, fact)));
  const values = (facts: readonly { value: Decimal; isNegative: boolean }[]): Decimal[] =>
    facts.filter(fitsSign).map(({ value }) => value);
  switch (figure.kind) {
    case 'money':
      return isOneOf(values(known.money.filter(({ currency }) => figure.currencies.includes(currency))));
    case 'percent':
      return figure.values.some((value) =>
        values(known.percentages).some((fact) => isRoundingOf(value, fact)),
      );
    case 'number':
      return (
        isOneOf([
          ...values(known.numbers),
          ...values(known.money),
          ...values(known.percentages),
          ...known.years,
        ]) ||
        (figure.isOrdinal && isOneOf(known.daysOfMonth))
      );
  }
};

/**
 * Checks that a text states no figure of its own: every amount of money, percentage, count and date in it must be among
 * the facts, however it is written (`£1,234.50`, `1 234,50 €`, `₩12,000`, `1.2k`, `12만 5천원`). Spelt-out amounts
 * (`two hundred pounds`) are never accepted. It judges figures, not what is said about them, and knows no fractions in
 * words (`half of your income`).
 * @param text what a model wrote
 * @param facts all that it may state
 */
export const verifyAmounts = (text: string, facts: Facts): Verification => {
  if (text.length > MAX_CHARS) {
    return { isVerified: false, unknown: [`${text.slice(0, 32)}…`] };
  }
  const { dates, rest } = scanDates(withoutListNumbers(withoutNames(normalised(text), facts.names ?? [])));
  const days = (facts.days ?? []).map(partsOf);
  const unknownDates = dates.filter(
    ({ readings }) => !readings.some((reading) => days.some((day) => isDay(reading, day))),
  );
  const known = knownFigures(facts);
  const unknownFigures = scanFigures(rest).filter((figure) => !isKnown(figure, known));
  const unknown = [...unknownDates, ...unknownFigures].map((found) => found.text);
  return { isVerified: unknown.length === 0, unknown };
};
