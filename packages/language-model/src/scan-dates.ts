/** A day or month as a text names it; a part that is not said is undefined. */
export interface WrittenDate {
  text: string;
  year?: number;
  month: number;
  day?: number;
}

const MONTHS: readonly (readonly string[])[] = [
  ['january', 'jan', 'janvier', 'janv'],
  ['february', 'feb', 'février', 'fevrier', 'févr', 'fév'],
  ['march', 'mar', 'mars'],
  ['april', 'apr', 'avril', 'avr'],
  ['may', 'mai'],
  ['june', 'jun', 'juin'],
  ['july', 'jul', 'juillet', 'juil'],
  ['august', 'aug', 'août', 'aout'],
  ['september', 'sep', 'sept', 'septembre'],
  ['october', 'oct', 'octobre'],
  ['november', 'nov', 'novembre'],
  ['december', 'dec', 'décembre', 'decembre', 'déc'],
];
const MONTH_OF = new Map(MONTHS.flatMap((names, index) => names.map((name) => [name, index + 1] as const)));
const NAMES = [...MONTH_OF.keys()].sort((left, right) => right.length - left.length).join('|');

const ORDINAL = '(?:st|nd|rd|th|er)?';
const named = (text: string): RegExp => new RegExp(text.replaceAll('MONTH', `(?<name>${NAMES})\\.?`), 'giu');

/** Longest forms first: what one of them takes, the next does not see. */
const FORMS: readonly RegExp[] = [
  /(?<![\d-])(?<year>\d{4})-(?<month>\d{2})-(?<day>\d{2})(?:T[\d:.]+Z?)?(?![\d-])/g,
  /(?<![\d/.])(?<first>\d{1,2})[/.](?<second>\d{1,2})[/.](?<year>\d{4})(?![\d/])/g,
  /(?<year>\d{4})년\s*(?<month>\d{1,2})월(?:\s*(?<day>\d{1,2})일)?/g,
  /(?<month>\d{1,2})월\s*(?<day>\d{1,2})일/g,
  /(?<!\d)(?<month>\d{1,2})월/g,
  named(
    String.raw`(?<![\p{L}\d])(?<day>\d{1,2})${ORDINAL}\s(?:of\s)?MONTH(?!\p{L})(?:,?\s(?<year>\d{4})(?!\d))?`,
  ),
  named(String.raw`(?<!\p{L})MONTH\s(?<day>\d{1,2})${ORDINAL}(?![\d\p{L}])(?:,?\s(?<year>\d{4})(?!\d))?`),
  named(String.raw`(?<!\p{L})MONTH\s(?<year>\d{4})(?!\d)`),
];

const numberOf = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : Number(text);

const datesOf = (text: string, groups: Record<string, string | undefined>): WrittenDate[] => {
  const year = numberOf(groups['year']);
  const parts = (month: number, day: number | undefined): WrittenDate => ({
    text,
    month,
    ...(year === undefined ? {} : { year }),
    ...(day === undefined ? {} : { day }),
  });
  if (groups['first'] !== undefined && groups['second'] !== undefined) {
    const [first, second] = [Number(groups['first']), Number(groups['second'])];
    return [parts(second, first), parts(first, second)];
  }
  const name = groups['name'];
  const month = name === undefined ? Number(groups['month']) : (MONTH_OF.get(name.toLowerCase()) ?? 0);
  return [parts(month, numberOf(groups['day']))];
};

/**
 * Dates of a text, each with its possible readings, and the text without them.
 * @param text normalised text
 */
export const scanDates = (
  text: string,
): { dates: { text: string; readings: WrittenDate[] }[]; rest: string } => {
  const dates: { text: string; readings: WrittenDate[] }[] = [];
  let rest = text;
  for (const form of FORMS) {
    rest = rest.replace(form, (match: string, ...captured: unknown[]) => {
      const groups = captured.at(-1) as Record<string, string | undefined>;
      dates.push({ text: match, readings: datesOf(match, groups) });
      return ' ⌁ ';
    });
  }
  return { dates, rest };
};
