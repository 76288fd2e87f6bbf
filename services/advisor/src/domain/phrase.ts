import { formatMoney } from '@orrery/money';

/** Everything that a text states in figures and names; see `verifyAmounts` of the language model package. */
export interface Facts {
  amounts: { amountMinor: number; currency: string }[];
  percentages: number[];
  numbers: number[];
  /** `YYYY-MM-DD` or `YYYY-MM`. */
  days: string[];
  names: string[];
}

/** A text together with every fact in it, so that no wording can state what was not computed. */
export interface Phrase {
  text: string;
  facts: Facts;
}

const LOCALE = 'en-GB';
const NAME_CHARS = 60;

const noFacts = (): Facts => ({ amounts: [], percentages: [], numbers: [], days: [], names: [] });

const stating = (text: string, facts: Partial<Facts>): Phrase => ({
  text,
  facts: { ...noFacts(), ...facts },
});

/**
 * An amount such as `£12.34`.
 * @param amountMinor minor units
 * @param currency ISO 4217 code
 * @param locale BCP 47 tag; default British English
 */
export const money = (amountMinor: number, currency: string, locale: string = LOCALE): Phrase =>
  stating(formatMoney({ amountMinor, currency }, locale), { amounts: [{ amountMinor, currency }] });

/** Formats are costly to make and few. */
const perLocale = <Format>(make: (locale: string) => Format): ((locale: string) => Format) => {
  const made = new Map<string, Format>();
  return (locale) => {
    const format = made.get(locale) ?? make(locale);
    made.set(locale, format);
    return format;
  };
};

const percentFormat = perLocale(
  (locale) => new Intl.NumberFormat(locale, { style: 'unit', unit: 'percent', maximumFractionDigits: 2 }),
);

/**
 * A percentage such as `42.12%`.
 * @param value in percent
 * @param locale BCP 47 tag; default British English
 */
export const percent = (value: number, locale: string = LOCALE): Phrase =>
  stating(percentFormat(locale).format(value), { percentages: [value] });

const numberFormat = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 2 });

/**
 * A plain number; with a noun it agrees with it: `1 month`, `32 months`.
 * @param value the number
 * @param noun in the singular
 */
export const count = (value: number, noun?: string): Phrase =>
  stating(`${numberFormat.format(value)}${noun === undefined ? '' : ` ${noun}${value === 1 ? '' : 's'}`}`, {
    numbers: [value],
  });

/**
 * A year, without separators.
 * @param year full year
 */
export const year = (year: number): Phrase => stating(String(year), { numbers: [year] });

const dayFormat = perLocale(
  (locale) =>
    new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' }),
);
const monthFormat = new Intl.DateTimeFormat(LOCALE, { month: 'long', year: 'numeric', timeZone: 'UTC' });

/**
 * A day such as `15 November 2026`.
 * @param day `YYYY-MM-DD`
 * @param locale BCP 47 tag; default British English
 */
export const dayName = (day: string, locale: string = LOCALE): Phrase =>
  stating(dayFormat(locale).format(new Date(day)), { days: [day] });

/**
 * A month such as `November 2026`.
 * @param month `YYYY-MM`
 */
export const monthName = (month: string): Phrase =>
  stating(monthFormat.format(new Date(`${month}-01`)), { days: [month] });

/**
 * A name that a user chose. It is shown on one line, without control characters, and cut.
 * @param text anything
 */
export const name = (text: string): Phrase => {
  const flat = text
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim();
  const characters = [...flat];
  const shown =
    characters.length === 0
      ? 'unnamed'
      : characters.length > NAME_CHARS
        ? `${characters.slice(0, NAME_CHARS).join('')}…`
        : flat;
  return stating(shown, { names: [shown] });
};

const merged = (all: readonly Facts[]): Facts => ({
  amounts: all.flatMap(({ amounts }) => amounts),
  percentages: all.flatMap(({ percentages }) => percentages),
  numbers: all.flatMap(({ numbers }) => numbers),
  days: all.flatMap(({ days }) => days),
  names: all.flatMap(({ names }) => names),
});

/**
 * A sentence; its holes take other phrases and nothing else, so a bare number cannot slip in.
 * @param strings the words
 * @param parts facts and smaller phrases
 */
export const phrase = (strings: TemplateStringsArray, ...parts: readonly Phrase[]): Phrase => ({
  text: strings.reduce((text, words, index) => `${text}${words}${parts[index]?.text ?? ''}`, ''),
  facts: merged(parts.map(({ facts }) => facts)),
});

/**
 * Several phrases as one.
 * @param parts in order
 * @param separator between them; default a space
 */
export const joined = (parts: readonly Phrase[], separator = ' '): Phrase => ({
  text: parts.map(({ text }) => text).join(separator),
  facts: merged(parts.map(({ facts }) => facts)),
});

/**
 * An enumeration: `a`, `a and b`, `a, b and c`.
 * @param parts in order
 */
export const listed = (parts: readonly Phrase[]): Phrase => {
  const last = parts.at(-1);
  if (last === undefined || parts.length === 1) {
    return last ?? phrase``;
  }
  return phrase`${joined(parts.slice(0, -1), ', ')} and ${last}`;
};
