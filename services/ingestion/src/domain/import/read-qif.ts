import { cleanText } from '../clean-text.ts';

/** Lists of transactions; the others hold categories, classes, securities and the like. */
const TRANSACTION_LISTS: ReadonlySet<string> = new Set(['bank', 'ccard', 'cash', 'oth a', 'oth l']);

const MAX_TEXT = 512;

/**
 * Whether a text is a QIF file.
 * @param text the decoded file
 */
export const isQif = (text: string): boolean =>
  /^\s*!(?:type|account|option|clear)\b/i.test(text.slice(0, 200));

/** `12/25'06` and `1/ 5/2026` are how Quicken writes dates. */
const plainDate = (text: string): string => text.replaceAll(' ', '').replaceAll("'", '/');

/** A cell of the table below. */
const cell = (text: string): string => cleanText(text.replaceAll('"', "'"), MAX_TEXT);

interface QifRecord {
  /** Index of the line on which it begins. */
  line: number;
  fields: Map<string, string>;
}

const rowOf = ({ fields }: QifRecord, account: string): string => {
  const payee = cell(fields.get('P') ?? '');
  const memo = cell(fields.get('M') ?? '');
  const description = payee === '' ? memo : payee;
  const amount = cell(fields.get('T') ?? fields.get('U') ?? '');
  return [plainDate(cell(fields.get('D') ?? '')), description, amount, cell(account)].join('\t');
};

/** Headings of the table; a user's mapping names them too. */
export const QIF_COLUMNS = {
  date: 'Date',
  description: 'Description',
  amount: 'Amount',
  account: 'Account',
} as const;

/**
 * Rewrites a QIF file as a table in which each record stands on the line where it begins, so that the orders of dates and
 * the decimal marks are told from the whole file as for any other, and rejections name the right line.
 * @param text the decoded file
 * @returns text of a table with tabs; the first line holds the headings
 */
export const qifAsTable = (text: string): string => {
  const lines = text.split(/\r\n|\n|\r/);
  // Line 1 of a QIF file is a heading of its own and no record.
  const table: string[] = [Object.values(QIF_COLUMNS).join('\t')];
  let list = '';
  let account = '';
  let record: QifRecord | undefined;
  const finish = (): void => {
    if (record === undefined) {
      return;
    }
    if (list === 'account') {
      account = record.fields.get('N') ?? '';
    } else if (TRANSACTION_LISTS.has(list)) {
      table[Math.max(record.line, 1)] = rowOf(record, account);
    }
    record = undefined;
  };
  for (const [index, line] of lines.entries()) {
    const code = line.charAt(0).toUpperCase();
    if (code === '!') {
      finish();
      const [, type, other = ''] = /^!(?:type:\s*(.*)|(\w+).*)$/i.exec(line.trim()) ?? [];
      list = (type ?? other).trim().toLowerCase();
      continue;
    }
    if (code === '^') {
      finish();
      continue;
    }
    if (line.trim() === '') {
      continue;
    }
    record ??= { line: index, fields: new Map() };
    // The parts of a split repeat some letters; the first of each is the whole record's.
    if (!record.fields.has(code)) {
      record.fields.set(code, line.slice(1).trim());
    }
  }
  finish();
  return Array.from(table, (row: string | undefined) => row ?? '').join('\n');
};
