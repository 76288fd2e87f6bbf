/** One row of a delimited text. */
export interface TableRow {
  /** Physical line where the row starts; the first line of the file is 1. */
  line: number;
  fields: string[];
  /** The row was longer than `MAX_ROW_CHARACTERS`, so its fields were not read. */
  isTooLong: boolean;
}

/** No bank writes a row this long; a bound keeps a stray quote or a binary file from becoming one huge row. */
export const MAX_ROW_CHARACTERS = 65_536;

const isLineEnd = (letter: string | undefined): boolean => letter === '\n' || letter === '\r';

/** Finds line ends, remembering the next of each kind so that a text without `\r` is searched for it once. */
const lineEndFinder = (text: string): ((from: number) => number) => {
  let nextFeed = -1;
  let nextReturn = -1;
  const search = (letter: string, from: number): number => {
    const found = text.indexOf(letter, from);
    return found < 0 ? text.length : found;
  };
  return (from) => {
    if (nextFeed < from) {
      nextFeed = search('\n', from);
    }
    if (nextReturn < from) {
      nextReturn = search('\r', from);
    }
    return Math.min(nextFeed, nextReturn);
  };
};

const afterLineEnd = (text: string, at: number): number =>
  at + (text.charAt(at) === '\r' && text.charAt(at + 1) === '\n' ? 2 : 1);

const countLineEnds = (text: string): number => text.match(/\r\n|\r|\n/g)?.length ?? 0;

const skipBlanks = (text: string, from: number, delimiter: string): number => {
  let at = from;
  while (
    at < text.length &&
    text.charAt(at) !== delimiter &&
    (text.charAt(at) === ' ' || text.charAt(at) === '\t')
  ) {
    at += 1;
  }
  return at;
};

/**
 * Reads a quoted field whose first letter is at `start`; undefined when the quote that opened it was a stray one:
 * it never closes, closes only after `MAX_ROW_CHARACTERS`, or closes on a later line in the middle of other text.
 */
const readQuoted = (
  text: string,
  start: number,
  delimiter: string,
): { value: string; next: number } | undefined => {
  let from = start;
  let hasQuotes = false;
  for (;;) {
    const quote = text.indexOf('"', from);
    if (quote < 0 || quote - start > MAX_ROW_CHARACTERS) {
      return undefined;
    }
    if (text.charAt(quote + 1) === '"') {
      hasQuotes = true;
      from = quote + 2;
      continue;
    }
    const next = skipBlanks(text, quote + 1, delimiter);
    if (next >= text.length || text.charAt(next) === delimiter || isLineEnd(text.charAt(next))) {
      const inner = text.slice(start, quote);
      return { value: hasQuotes ? inner.replaceAll('""', '"') : inner, next };
    }
    // Some banks do not double a quote inside a quoted field; it is taken as text as long as the line goes on.
    if (/[\r\n]/.test(text.slice(start, quote))) {
      return undefined;
    }
    from = quote + 1;
  }
};

/** Reads the fields of a row that contains a quote; `end` is where the row ends. */
const readRowWithQuotes = (
  text: string,
  start: number,
  delimiter: string,
  lineEndFrom: (from: number) => number,
): { fields: string[]; end: number } => {
  const fields: string[] = [];
  let at = start;
  for (;;) {
    const content = skipBlanks(text, at, delimiter);
    const quoted = text.charAt(content) === '"' ? readQuoted(text, content + 1, delimiter) : undefined;
    if (quoted !== undefined) {
      fields.push(quoted.value);
      at = quoted.next;
    } else {
      const lineEnd = lineEndFrom(at);
      const found = text.indexOf(delimiter, at);
      const end = found < 0 ? lineEnd : Math.min(found, lineEnd);
      fields.push(text.slice(at, end));
      at = end;
    }
    if (text.charAt(at) !== delimiter || at >= text.length || at - start > MAX_ROW_CHARACTERS) {
      return { fields, end: at };
    }
    at += 1;
  }
};

/**
 * Splits a delimited text into rows, one at a time. Understands quoted fields with doubled quotes, delimiters and line
 * breaks inside, any mixture of line ends, and survives stray quotes. Blank lines are left out but counted.
 * @param text the whole file
 * @param delimiter one letter
 * @param from where to start; default the first line
 */
export function* tokeniseTable(
  text: string,
  delimiter: string,
  from: { offset: number; line: number } = { offset: 0, line: 1 },
): Generator<TableRow> {
  const lineEndFrom = lineEndFinder(text);
  let at = from.offset;
  let line = from.line;
  while (at < text.length) {
    const lineEnd = lineEndFrom(at);
    const raw = lineEnd - at > MAX_ROW_CHARACTERS ? undefined : text.slice(at, lineEnd);
    if (raw === undefined) {
      yield { line, fields: [], isTooLong: true };
    } else if (raw.includes('"')) {
      const { fields, end } = readRowWithQuotes(text, at, delimiter, lineEndFrom);
      const rowEnd = isLineEnd(text.charAt(end)) || end >= text.length ? end : lineEndFrom(end);
      yield { line, fields, isTooLong: rowEnd - at > MAX_ROW_CHARACTERS };
      line += countLineEnds(text.slice(at, rowEnd));
      at = afterLineEnd(text, rowEnd);
      line += 1;
      continue;
    } else if (raw.trim() !== '') {
      yield { line, fields: raw.split(delimiter), isTooLong: false };
    }
    at = afterLineEnd(text, lineEnd);
    line += 1;
  }
}
