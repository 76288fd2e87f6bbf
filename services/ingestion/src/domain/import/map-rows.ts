import { instantOfLocalTime } from '@orrery/calendar';
import { AmountOverflowError, safeMinor } from '@orrery/money';
import { cleanText } from '../clean-text.ts';
import { currencyFromText, magnitudeOf, readAmountShape } from './parse-amount.ts';
import type { AmountShape } from './parse-amount.ts';
import { parseTime } from './parse-date.ts';
import type { ParsedDate } from './parse-date.ts';
import { readDirection } from './plan-import.ts';
import type { ImportPlan } from './plan-import.ts';
import { tokeniseTable } from './tokenise-table.ts';
import type { TableRow } from './tokenise-table.ts';

/** One row of a file as a transaction. */
export interface ImportedRow {
  kind: 'row';
  /** Physical line where the row starts. */
  line: number;
  /** Day at the bank. */
  postedOn: string;
  /** UTC instant, when the file tells time and zone. */
  occurredAt?: string;
  /** Instant, wall-clock time or day: what tells two otherwise equal rows apart. */
  moment: string;
  description: string;
  merchantName?: string;
  /** Minor units of `currency`; negative is money out. */
  amountMinor: number;
  currency: string;
  /** Free name of the account, when the file has a column for it. */
  account?: string;
  mcc?: string;
}

/** One row that could not be read. */
export interface RejectedRow {
  kind: 'rejected';
  line: number;
  reason: string;
}

const MAX_DESCRIPTION = 512;
const MAX_MERCHANT = 256;
const MAX_ACCOUNT = 128;

class RowError extends Error {}

const cellOf = (row: TableRow, index: number | undefined): string =>
  index === undefined ? '' : (row.fields[index] ?? '').trim();

/** A cell in a message, short and in one line. */
const quote = (cell: string): string => {
  const text = cleanText(cell, 41);
  return `"${text.length > 40 ? `${text.slice(0, 39)}…` : text}"`;
};

const readDay = (plan: ImportPlan, row: TableRow): ParsedDate => {
  if (plan.constantDay !== undefined) {
    return { day: plan.constantDay };
  }
  const cell = cellOf(row, plan.layout.columns.date);
  if (cell === '') {
    throw new RowError('the date is empty');
  }
  const date = plan.readDate(cell);
  if (date === undefined) {
    throw new RowError(`${quote(cell)} is not a date written ${plan.detected.dateFormat}`);
  }
  const time = date.time === undefined ? parseTime(cellOf(row, plan.layout.columns.time)) : undefined;
  return time === undefined ? date : { ...date, ...time };
};

const minuteOfDay = (date: ParsedDate): string => {
  const part = (value: number | undefined): string => String(value ?? 0).padStart(2, '0');
  return `${part(date.time?.hour)}:${part(date.time?.minute)}:${part(date.time?.second)}`;
};

/** Instant of a date that has a time, and the text that identifies the moment. */
const readMoment = (plan: ImportPlan, date: ParsedDate): { moment: string; occurredAt?: string } => {
  if (date.time === undefined) {
    return { moment: date.day };
  }
  const local = `${date.day}T${minuteOfDay(date)}`;
  if (date.offsetMinutes !== undefined) {
    const instant = new Date(Date.parse(`${local}Z`) - date.offsetMinutes * 60_000).toISOString();
    return { moment: instant, occurredAt: instant };
  }
  // Midnight sharp in every row is how a day without time is printed, so it tells no instant.
  const isMidnight = date.time.hour === 0 && date.time.minute === 0 && date.time.second === 0;
  return plan.timeZone === undefined || isMidnight
    ? { moment: local }
    : { moment: local, occurredAt: instantOfLocalTime(date.day, date.time, plan.timeZone).toISOString() };
};

const readShape = (cell: string): AmountShape | undefined => {
  if (cell === '' || cell === '-' || cell === '–' || cell === '—') {
    return undefined;
  }
  const shape = readAmountShape(cell);
  if (shape === undefined) {
    throw new RowError(`${quote(cell)} is not an amount`);
  }
  return shape;
};

const minorOf = (plan: ImportPlan, shape: AmountShape, cell: string, currency: string): number => {
  const magnitude = magnitudeOf(shape.body, plan.decimal, currency);
  if (magnitude === undefined) {
    throw new RowError(`${quote(cell)} is not an amount with "${plan.decimal}" as decimal mark`);
  }
  return safeMinor(shape.isNegative ? -magnitude : magnitude);
};

/** Signed minor units of a row with a debit and a credit column. */
const readSides = (plan: ImportPlan, row: TableRow, currency: string): number => {
  const { debit, credit } = plan.layout.columns;
  const side = (index: number | undefined, sign: 1 | -1): number | undefined => {
    const cell = cellOf(row, index);
    const shape = readShape(cell);
    return shape === undefined ? undefined : minorOf(plan, shape, cell, currency) * sign;
  };
  const out = side(debit, plan.debitSign);
  const into = side(credit, plan.creditSign);
  if (out === undefined && into === undefined) {
    throw new RowError('there is no amount');
  }
  return safeMinor((into ?? 0) - (out ?? 0));
};

const readSigned = (plan: ImportPlan, row: TableRow, currency: string): number => {
  const cell = cellOf(row, plan.layout.columns.amount);
  const shape = readShape(cell);
  if (shape === undefined) {
    throw new RowError('there is no amount');
  }
  const minor = minorOf(plan, shape, cell, currency);
  if (shape.mark !== undefined) {
    const size = Math.abs(minor);
    return shape.mark === 'credit' ? size : -size;
  }
  if (plan.sign === 'direction-column') {
    const cellOfDirection = cellOf(row, plan.layout.columns.direction);
    const direction = readDirection(cellOfDirection);
    if (direction === undefined) {
      throw new RowError(`${quote(cellOfDirection)} tells neither debit nor credit`);
    }
    return direction === 'credit' ? minor : safeMinor(-minor);
  }
  return plan.flipsSign ? safeMinor(-minor) : minor;
};

const readAmount = (plan: ImportPlan, row: TableRow, currency: string): number => {
  try {
    if (plan.sign !== 'debit-credit') {
      return readSigned(plan, row, currency);
    }
    const amount = readSides(plan, row, currency);
    return plan.flipsSign ? safeMinor(-amount) : amount;
  } catch (error) {
    if (error instanceof AmountOverflowError) {
      throw new RowError('the amount is too large', { cause: error });
    }
    throw error;
  }
};

const readCurrency = (plan: ImportPlan, row: TableRow): string => {
  const { columns } = plan.layout;
  if (columns.currency !== undefined) {
    const cell = cellOf(row, columns.currency);
    const currency = cell === '' ? plan.currency : currencyFromText(cell);
    if (currency === undefined) {
      throw new RowError(`${quote(cell)} is not a currency`);
    }
    return currency;
  }
  return plan.currency;
};

const readTexts = (plan: ImportPlan, row: TableRow): { description: string; merchantName?: string } => {
  const { columns } = plan.layout;
  const merchant = cleanText(cellOf(row, columns.merchant), MAX_MERCHANT);
  const own = cleanText(cellOf(row, columns.description), MAX_DESCRIPTION);
  const others = (): string =>
    plan.layout.textColumns
      .map((index) => cleanText(cellOf(row, index), MAX_DESCRIPTION))
      .find((text) => /\p{L}/u.test(text)) ?? '';
  const description = own || merchant || others();
  if (description === '') {
    throw new RowError('there is no description');
  }
  return merchant === '' ? { description } : { description, merchantName: merchant };
};

const mapRow = (plan: ImportPlan, row: TableRow): ImportedRow => {
  if (row.isTooLong) {
    throw new RowError('the row is too long');
  }
  const { columns, columnCount } = plan.layout;
  if (row.fields.slice(columnCount).some((field) => field.trim() !== '')) {
    throw new RowError(`the row has ${String(row.fields.length)} columns instead of ${String(columnCount)}`);
  }
  const date = readDay(plan, row);
  const currency = readCurrency(plan, row);
  const amountMinor = readAmount(plan, row, currency);
  const texts = readTexts(plan, row);
  const account = cleanText(cellOf(row, columns.account), MAX_ACCOUNT);
  const mcc = cellOf(row, columns.mcc);
  return {
    kind: 'row',
    line: row.line,
    postedOn: date.day,
    ...readMoment(plan, date),
    ...texts,
    amountMinor,
    currency,
    ...(account === '' ? {} : { account }),
    ...(/^\d{4}$/.test(mcc) ? { mcc } : {}),
  };
};

const TOTAL_WORDS =
  /^(?:grand |sub)?totals?\b|^(?:closing|opening|ending|available|current)? ?balance\b|^solde\b|^end of\b|^sous-total|합계|총계|소계|^잔액|^누계/i;

/** Lines of totals and notes that banks print below, above or between the rows. */
const isTotal = (plan: ImportPlan, row: TableRow): boolean => {
  const filled = row.fields.map((field) => field.trim()).filter((field) => field !== '');
  return (
    plan.constantDay === undefined &&
    plan.readDate(cellOf(row, plan.layout.columns.date)) === undefined &&
    filled.some((field) => TOTAL_WORDS.test(field))
  );
};

const isRepeatedHeader = (plan: ImportPlan, row: TableRow): boolean =>
  plan.layout.headings !== undefined &&
  !row.isTooLong &&
  row.fields.every((field, index) => field.trim() === (plan.layout.headings?.[index] ?? ''));

const isBlank = (row: TableRow): boolean =>
  !row.isTooLong && row.fields.every((field) => field.trim() === '');

/**
 * Turns the rows of a file into transactions, one at a time and in file order. A row that cannot be read becomes a
 * rejection with its line and reason; blank rows, repeated headings, totals and what stands above the headings are
 * left out.
 * @param text the decoded file
 * @param plan how to read it
 */
export function* mapRows(text: string, plan: ImportPlan): Generator<ImportedRow | RejectedRow> {
  for (const row of tokeniseTable(text, plan.layout.delimiter, plan.layout.start)) {
    if (row.line <= (plan.layout.headerLine ?? 0) || isBlank(row) || isRepeatedHeader(plan, row)) {
      continue;
    }
    try {
      yield mapRow(plan, row);
    } catch (error) {
      if (!(error instanceof RowError)) {
        throw error;
      }
      if (!isTotal(plan, row)) {
        yield { kind: 'rejected', line: row.line, reason: error.message };
      }
    }
  }
}
