import { isValidDay } from '@orrery/calendar';
import { matchHeading, normaliseHeading } from './heading.ts';
import type { ColumnRole, HeadingLanguage } from './heading.ts';
import type { ColumnReference, ImportMapping } from './import-options.ts';
import { ImportRefusedError } from './import-refused.ts';
import { currencyFromText, readAmountShape } from './parse-amount.ts';
import { readDateShape } from './parse-date.ts';
import { tokeniseTable } from './tokenise-table.ts';
import type { TableRow } from './tokenise-table.ts';

/** Roles that a mapping may name. */
export const MAPPABLE_ROLES = [
  'date',
  'time',
  'description',
  'merchant',
  'amount',
  'debit',
  'credit',
  'currency',
  'account',
  'mcc',
] as const satisfies readonly ColumnRole[];

/** Zero-based column of each role that was found. */
export type ColumnIndexes = Partial<Record<Exclude<ColumnRole, 'ignored'>, number>>;

/** How a text is laid out as a table. */
export interface TableLayout {
  delimiter: string;
  /** Where the rows of data may start: after an Excel `sep=` line. */
  start: { offset: number; line: number };
  /** Physical line of the heading row; undefined when the table has none. */
  headerLine: number | undefined;
  headings: readonly string[] | undefined;
  /** Language of most headings. */
  language: HeadingLanguage | undefined;
  /** Usual number of columns. */
  columnCount: number;
  columns: ColumnIndexes;
  /** Columns that hold plain text, for rows whose description is empty. */
  textColumns: readonly number[];
}

const DELIMITERS = [',', ';', '\t', '|'] as const;

/** Rows looked at to tell the layout; preambles of banks are at most a page. */
const SAMPLE_ROWS = 300;
const MAX_PREAMBLE_ROWS = 60;

const cellAt = (row: TableRow, index: number): string => (row.fields[index] ?? '').trim();

const isDate = (cell: string): boolean => readDateShape(cell) !== undefined;
const isAmount = (cell: string): boolean => readAmountShape(cell) !== undefined;

/** Column count without empty columns at the end, which trailing delimiters make. */
const usedColumns = (row: TableRow): number => {
  let count = row.fields.length;
  while (count > 0 && cellAt(row, count - 1) === '') {
    count -= 1;
  }
  return count;
};

const sampleRows = (text: string, delimiter: string, start: TableLayout['start']): TableRow[] =>
  tokeniseTable(text, delimiter, start)
    .filter((row) => !row.isTooLong && usedColumns(row) > 0)
    .take(SAMPLE_ROWS)
    .toArray();

const mostCommon = (counts: readonly number[]): number => {
  const tally = new Map<number, number>();
  for (const count of counts) {
    tally.set(count, (tally.get(count) ?? 0) + 1);
  }
  return [...tally].reduce((best, entry) => (entry[1] > best[1] ? entry : best), [0, 0])[0];
};

/** Number of different roles that whole headings of a row name. */
const headingRoles = (row: TableRow): number => {
  const roles = new Set<ColumnRole>();
  for (const field of row.fields.slice(0, 100)) {
    const match = matchHeading(field, { exact: true });
    if (match !== undefined) {
      roles.add(match.role);
    }
  }
  return roles.size;
};

/**
 * How much a text looks like a table with this delimiter: rows that hold a date and an amount count most, then a
 * heading row, then rows with the same number of columns.
 */
const scoreDelimiter = (rows: readonly TableRow[]): number => {
  const columns = mostCommon(rows.map((row) => row.fields.length).filter((count) => count > 1));
  if (columns < 2) {
    return 0;
  }
  const regular = rows.filter((row) => row.fields.length === columns).length / rows.length;
  const filled =
    rows.filter(
      (row) => row.fields.some(isDate) && row.fields.some((cell) => !isDate(cell) && isAmount(cell)),
    ).length / rows.length;
  const heading = Math.max(0, ...rows.slice(0, MAX_PREAMBLE_ROWS).map(headingRoles));
  return filled * 4 + Math.min(heading, 4) * 0.75 + regular + Math.min(columns, 8) * 0.01;
};

/** Excel writes the delimiter into a first line such as `sep=;`. */
const readSeparatorLine = (text: string): { delimiter: string; offset: number } | undefined => {
  const match = /^\uFEFF?"?sep=(.)"?(?:\r\n|\r|\n|$)/i.exec(text);
  return match === null ? undefined : { delimiter: match[1] ?? ',', offset: match[0].length };
};

const chooseDelimiter = (
  text: string,
  start: TableLayout['start'],
  asked: string | undefined,
): { delimiter: string; rows: TableRow[] } => {
  if (asked !== undefined) {
    return { delimiter: asked, rows: sampleRows(text, asked, start) };
  }
  const candidates = DELIMITERS.map((delimiter) => {
    const rows = sampleRows(text, delimiter, start);
    return { delimiter, rows, score: rows.length === 0 ? 0 : scoreDelimiter(rows) };
  });
  const best = candidates.reduce((left, right) => (right.score > left.score ? right : left));
  if (best.score === 0) {
    throw new ImportRefusedError('not-a-table', 'The file is not a table of rows and columns.');
  }
  return best;
};

/** Row that holds all headings which the mapping names, if it names any. */
const findMappedHeader = (rows: readonly TableRow[], mapping: ImportMapping): TableRow | undefined => {
  const wanted = MAPPABLE_ROLES.map((role) => mapping[role])
    .filter(
      (reference) => typeof reference === 'string' && !isConstant(reference) && !/^\d+$/.test(reference),
    )
    .map((reference) => normaliseHeading(String(reference)));
  if (wanted.length === 0) {
    return undefined;
  }
  return rows.slice(0, MAX_PREAMBLE_ROWS).find((row) => {
    const keys = new Set(row.fields.map(normaliseHeading));
    return wanted.every((key) => keys.has(key));
  });
};

/** A mapping may give one day or one currency for the whole file instead of a column. */
const isConstant = (reference: string): boolean => isValidDay(reference) || /^[A-Z]{3}$/.test(reference);

const ESSENTIAL: ReadonlySet<ColumnRole> = new Set(['date', 'amount', 'debit', 'credit']);

const isHeadingRow = (row: TableRow): boolean => {
  const matches = row.fields.map((field) => matchHeading(field, { exact: true })?.role);
  const hasEssential = matches.some((role) => role !== undefined && ESSENTIAL.has(role));
  return hasEssential && headingRoles(row) >= 2 && !row.fields.some(isDate);
};

/** A row of headings should name a date, an amount in one column or two, and what was bought. */
const headingScore = (row: TableRow): number => {
  const roles = new Set(row.fields.map((field) => matchHeading(field, { exact: true })?.role));
  const has = (...wanted: ColumnRole[]): number => (wanted.some((role) => roles.has(role)) ? 1 : 0);
  return has('date') + has('amount', 'debit', 'credit') + has('description', 'merchant');
};

/**
 * A row of words above rows of data is a heading row although its words are unknown, as in a language we do not
 * know: it has as many columns as the data, no date and no amount.
 */
const isUnknownHeadingRow = (row: TableRow, next: TableRow | undefined, columns: number): boolean =>
  next !== undefined &&
  usedColumns(row) >= Math.min(columns, 2) &&
  row.fields.length === next.fields.length &&
  row.fields
    .filter((cell) => cell.trim() !== '')
    .every((cell) => !isDate(cell.trim()) && !isAmount(cell.trim())) &&
  next.fields.some((cell) => isAmount(cell.trim()));

const findHeader = (
  rows: readonly TableRow[],
  mapping: ImportMapping,
  columns: number,
): TableRow | undefined => {
  const mapped = findMappedHeader(rows, mapping);
  if (mapped !== undefined) {
    return mapped;
  }
  const candidates = rows.slice(0, MAX_PREAMBLE_ROWS);
  const known = candidates.filter(isHeadingRow);
  if (known.length > 0) {
    // A preamble may have headings of its own (account, balance, date); those of the rows say more.
    return known.reduce((best, row) => (headingScore(row) > headingScore(best) ? row : best));
  }
  const firstData = candidates.findIndex(
    (row) => row.fields.some(isDate) && row.fields.some((cell) => isAmount(cell.trim())),
  );
  const above = candidates[(firstData < 0 ? 1 : firstData) - 1];
  return above !== undefined && isUnknownHeadingRow(above, candidates[firstData < 0 ? 1 : firstData], columns)
    ? above
    : undefined;
};

/** Each role goes to the column whose heading fits it best; each column has one role. */
const assignByHeading = (
  headings: readonly string[],
): { columns: ColumnIndexes; ignored: Set<number>; language: HeadingLanguage | undefined } => {
  const columns: ColumnIndexes = {};
  const ranks = new Map<ColumnRole, number>();
  const ignored = new Set<number>();
  const languages = new Map<HeadingLanguage, number>();
  headings.forEach((heading, index) => {
    const match = matchHeading(heading, { exact: false });
    if (match === undefined) {
      return;
    }
    if (match.language !== undefined) {
      languages.set(match.language, (languages.get(match.language) ?? 0) + 1);
    }
    if (match.role === 'ignored') {
      ignored.add(index);
    } else if (match.rank < (ranks.get(match.role) ?? Number.POSITIVE_INFINITY)) {
      columns[match.role] = index;
      ranks.set(match.role, match.rank);
    }
  });
  const [language] = [...languages].sort((left, right) => right[1] - left[1])[0] ?? [undefined];
  return { columns, ignored, language };
};

/** Shares of a column's filled cells that are dates and amounts, and how long its texts are. */
interface ColumnContent {
  index: number;
  filled: number;
  dates: number;
  amounts: number;
  currencies: number;
  letters: number;
  distinct: number;
}

const describeContent = (rows: readonly TableRow[], index: number): ColumnContent => {
  const cells = rows.map((row) => cellAt(row, index)).filter((cell) => cell !== '');
  const dates = cells.filter(isDate).length;
  const amounts = cells.filter((cell) => !isDate(cell) && isAmount(cell)).length;
  return {
    index,
    filled: cells.length,
    dates,
    amounts,
    currencies: cells.filter((cell) => cell.length <= 3 && currencyFromText(cell) !== undefined).length,
    letters: cells.reduce((sum, cell) => sum + (cell.match(/\p{L}/gu)?.length ?? 0), 0),
    distinct: new Set(cells).size,
  };
};

/** Whether a column is the running balance of another: each step between rows equals an amount. */
const isBalanceOf = (rows: readonly TableRow[], balance: number, amount: number): boolean => {
  const numeric = (row: TableRow, index: number): number => {
    const shape = readAmountShape(cellAt(row, index));
    const digits = Number((shape?.body ?? '').replace(/[.,]/g, '') || Number.NaN);
    return shape?.isNegative === true ? -digits : digits;
  };
  let steps = 0;
  let matches = 0;
  for (const [position, row] of rows.entries()) {
    const next = rows[position + 1];
    if (next === undefined) {
      break;
    }
    const step = numeric(next, balance) - numeric(row, balance);
    if (!Number.isNaN(step)) {
      steps += 1;
      const size = Math.abs(step);
      matches += size === Math.abs(numeric(next, amount)) || size === Math.abs(numeric(row, amount)) ? 1 : 0;
    }
  }
  return steps >= 2 && matches >= steps * 0.8;
};

/** Most filled cells of a column must be of one kind before its content names its role. */
const CLEAR_SHARE = 0.6;

const inferAmount = (rows: readonly TableRow[], numeric: readonly ColumnContent[]): ColumnIndexes => {
  const [first, second] = numeric;
  if (first === undefined) {
    return {};
  }
  if (second === undefined) {
    return { amount: first.index };
  }
  const isComplementary = rows.every(
    (row) => cellAt(row, first.index) === '' || cellAt(row, second.index) === '',
  );
  if (isComplementary && first.filled < rows.length) {
    return { debit: first.index, credit: second.index };
  }
  const isAmountOfAnother = (content: ColumnContent): boolean =>
    numeric.some((other) => other.index !== content.index && isBalanceOf(rows, other.index, content.index));
  const signed = numeric.find((content) =>
    rows.some((row) => readAmountShape(cellAt(row, content.index))?.isNegative === true),
  );
  return { amount: (numeric.find(isAmountOfAnother) ?? signed ?? first).index };
};

/** Fills roles that no heading named by what the columns hold. */
const inferByContent = (
  rows: readonly TableRow[],
  columnCount: number,
  known: ColumnIndexes,
  ignored: ReadonlySet<number>,
): ColumnIndexes => {
  const taken = new Set([...Object.values(known), ...ignored]);
  const free = Array.from({ length: columnCount }, (_, index) => index)
    .filter((index) => !taken.has(index))
    .map((index) => describeContent(rows, index))
    .filter((content) => content.filled > 0);
  const columns: ColumnIndexes = { ...known };
  if (columns.date === undefined) {
    const date = free.find((content) => content.dates >= content.filled * CLEAR_SHARE);
    if (date !== undefined) {
      columns.date = date.index;
    }
  }
  const isNumeric = (content: ColumnContent): boolean =>
    content.index !== columns.date &&
    content.amounts >= content.filled * CLEAR_SHARE &&
    content.amounts > content.dates &&
    content.letters <= content.filled * 4;
  if (columns.amount === undefined && columns.debit === undefined && columns.credit === undefined) {
    Object.assign(columns, inferAmount(rows, free.filter(isNumeric)));
  }
  const used = new Set(Object.values(columns));
  const texts = free.filter(
    (content) => !used.has(content.index) && !isNumeric(content) && content.letters > 0,
  );
  if (columns.currency === undefined) {
    const currency = texts.find(
      (content) => content.currencies === content.filled && content.filled >= rows.length * 0.9,
    );
    if (currency !== undefined) {
      columns.currency = currency.index;
    }
  }
  if (columns.description === undefined && columns.merchant === undefined) {
    const described = texts.filter((content) => content.index !== columns.currency);
    const longest = described.reduce<ColumnContent | undefined>(
      (best, content) =>
        best === undefined || content.letters * content.distinct > best.letters * best.distinct
          ? content
          : best,
      undefined,
    );
    if (longest !== undefined) {
      columns.description = longest.index;
    }
  }
  return columns;
};

const resolveReference = (
  role: string,
  reference: ColumnReference,
  headings: readonly string[] | undefined,
  columnCount: number,
): number => {
  const key = typeof reference === 'string' ? normaliseHeading(reference) : undefined;
  const byHeading =
    key === undefined ? -1 : (headings ?? []).findIndex((heading) => normaliseHeading(heading) === key);
  const index = byHeading >= 0 ? byHeading : /^\d{1,4}$/.test(String(reference)) ? Number(reference) : -1;
  if (index < 0 || index >= Math.max(columnCount, headings?.length ?? 0)) {
    throw new ImportRefusedError(
      'unknown-column',
      `mapping.${role} names a column that the file does not have.`,
    );
  }
  return index;
};

/** Puts the columns that the user named in place of the detected ones. */
const applyMapping = (
  detected: ColumnIndexes,
  mapping: ImportMapping,
  headings: readonly string[] | undefined,
  columnCount: number,
): ColumnIndexes => {
  const columns: ColumnIndexes = { ...detected };
  const isGiven = (role: (typeof MAPPABLE_ROLES)[number]): boolean => mapping[role] !== undefined;
  if (isGiven('amount')) {
    delete columns.debit;
    delete columns.credit;
    delete columns.direction;
  } else if (isGiven('debit') || isGiven('credit')) {
    delete columns.amount;
    delete columns.direction;
    delete columns.debit;
    delete columns.credit;
  }
  for (const role of MAPPABLE_ROLES) {
    const reference = mapping[role];
    if (reference === undefined) {
      continue;
    }
    const isFixed =
      typeof reference === 'string' &&
      ((role === 'date' && isValidDay(reference)) ||
        (role === 'currency' && currencyFromText(reference) !== undefined)) &&
      !(headings ?? []).some((heading) => normaliseHeading(heading) === normaliseHeading(reference));
    if (isFixed) {
      delete columns[role];
    } else {
      const index = resolveReference(role, reference, headings, columnCount);
      for (const [other, taken] of Object.entries(columns)) {
        if (taken === index && other !== role && !isGiven(asMappable(other) ?? role)) {
          delete columns[other as keyof ColumnIndexes];
        }
      }
      columns[role] = index;
    }
  }
  return columns;
};

const asMappable = (role: string): (typeof MAPPABLE_ROLES)[number] | undefined =>
  MAPPABLE_ROLES.find((known) => known === role);

const delimiterOf = (mapping: ImportMapping): string | undefined => {
  if (mapping.delimiter === undefined) {
    return undefined;
  }
  const delimiter =
    mapping.delimiter === '\\t' || mapping.delimiter.toLowerCase() === 'tab' ? '\t' : mapping.delimiter;
  if (delimiter.length !== 1 || /["\r\n\p{L}\p{N}]/u.test(delimiter)) {
    throw new ImportRefusedError(
      'invalid-mapping',
      'mapping.delimiter must be one letter such as ; or a tab',
    );
  }
  return delimiter;
};

/** Names of formats that people upload by mistake, by their first bytes as text. */
const FOREIGN_FORMATS: readonly (readonly [string, string])[] = [
  ['PK\u0003\u0004', 'The file is an Excel workbook or an archive; export it as CSV.'],
  ['%PDF', 'The file is a PDF; export it as CSV.'],
  ['\u00D0\u00CF\u0011\u00E0', 'The file is an old Excel workbook; export it as CSV.'],
];

const refuseForeignFormats = (text: string): void => {
  const foreign = FOREIGN_FORMATS.find(([mark]) => text.startsWith(mark));
  if (foreign !== undefined) {
    throw new ImportRefusedError('not-a-table', foreign[1]);
  }
  const sample = text.slice(0, 4096);
  if (sample.trim() === '') {
    throw new ImportRefusedError('not-a-table', 'The file is empty.');
  }
  // Control characters other than white space do not occur in exports; a few may be damage.
  const control = [...sample].filter((letter) => letter < ' ' && !'\t\r\n\f\v'.includes(letter)).length;
  if (control > sample.length * 0.02) {
    throw new ImportRefusedError('not-a-table', 'The file is not a text file.');
  }
};

/**
 * Tells how a text is laid out as a table: delimiter, heading row (banks put lines before it), and which column is what,
 * by headings in English, French and Korean, else by content. The user's mapping wins.
 * @param text the whole file
 * @param mapping what the user knows better
 * @throws ImportRefusedError when the text is no table or the mapping does not fit it
 */
export const detectTable = (text: string, mapping: ImportMapping): TableLayout => {
  refuseForeignFormats(text);
  const separatorLine = readSeparatorLine(text);
  const start =
    separatorLine === undefined ? { offset: 0, line: 1 } : { offset: separatorLine.offset, line: 2 };
  const { delimiter, rows } = chooseDelimiter(text, start, delimiterOf(mapping) ?? separatorLine?.delimiter);
  const usualColumns = mostCommon(rows.map((row) => row.fields.length).filter((count) => count > 1));
  if (usualColumns < 2) {
    throw new ImportRefusedError('not-a-table', 'The file is not a table of rows and columns.');
  }
  const header = findHeader(rows, mapping, usualColumns);
  const headings = header?.fields.map((field) => field.trim());
  const columnCount = Math.max(usualColumns, headings?.length ?? 0);
  const body = rows.filter((row) => row.line > (header?.line ?? 0));
  // Rows of preamble and totals must not blur what a column holds.
  const regular = body.filter((row) => usedColumns(row) >= Math.min(3, usualColumns));
  const named = assignByHeading(headings ?? []);
  const inferred = inferByContent(regular, columnCount, named.columns, named.ignored);
  const columns = applyMapping(inferred, mapping, headings, columnCount);
  const used = new Set(Object.values(columns));
  return {
    delimiter,
    start,
    headerLine: header?.line,
    headings,
    language: named.language,
    columnCount,
    columns,
    textColumns: Array.from({ length: columnCount }, (_, index) => index).filter(
      (index) => !used.has(index) && describeContent(regular, index).letters > 0,
    ),
  };
};
