import { AmountOverflowError, currencyExponent, roundDecimal, safeMinor } from '@orrery/money';

export type DecimalMark = '.' | ',';

/** A cell that looks like an amount, before it is known which mark is the decimal one. */
export interface AmountShape {
  /** Digits with their points and commas. */
  body: string;
  /** Written sign: a minus in front or behind, parentheses, or the Korean triangle. */
  isNegative: boolean;
  /** `CR` or `DR` beside the number. */
  mark?: 'credit' | 'debit';
  /** ISO 4217 code told by a symbol or code beside the number. */
  currency?: string;
}

/** `$` alone is no evidence: a dozen countries write it. */
const SYMBOLS: ReadonlyMap<string, string | undefined> = new Map<string, string | undefined>([
  ['€', 'EUR'],
  ['£', 'GBP'],
  ['₩', 'KRW'],
  ['￦', 'KRW'],
  ['원', 'KRW'],
  ['¥', 'JPY'],
  ['円', 'JPY'],
  ['₹', 'INR'],
  ['₫', 'VND'],
  ['₺', 'TRY'],
  ['₽', 'RUB'],
  ['₪', 'ILS'],
  ['฿', 'THB'],
  ['₦', 'NGN'],
  ['₱', 'PHP'],
  ['ZŁ', 'PLN'],
  ['US$', 'USD'],
  ['C$', 'CAD'],
  ['CA$', 'CAD'],
  ['A$', 'AUD'],
  ['AU$', 'AUD'],
  ['NZ$', 'NZD'],
  ['HK$', 'HKD'],
  ['R$', 'BRL'],
  ['R', 'ZAR'],
  ['RS', 'INR'],
  ['FR', 'CHF'],
  ['SFR', 'CHF'],
  ['KR', undefined],
  ['$', undefined],
]);

const MARKS: ReadonlyMap<string, 'credit' | 'debit'> = new Map([
  ['CR', 'credit'],
  ['DR', 'debit'],
  ['DB', 'debit'],
]);

const CURRENCY_WORDS: ReadonlyMap<string, string> = new Map([
  ['EURO', 'EUR'],
  ['EUROS', 'EUR'],
  ['WON', 'KRW'],
  ['원화', 'KRW'],
  ['달러', 'USD'],
  ['엔', 'JPY'],
  ['유로', 'EUR'],
  ['DOLLARS', 'USD'],
  ['POUNDS', 'GBP'],
]);

const KNOWN_CODES: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'));

/**
 * ISO 4217 code that a cell names by code, symbol or word.
 * @param text for instance `eur`, `€`, `원`, `US$`
 * @returns undefined when it names none
 */
export const currencyFromText = (text: string): string | undefined => {
  const upper = text.normalize('NFKC').trim().toUpperCase();
  return SYMBOLS.get(upper) ?? CURRENCY_WORDS.get(upper) ?? (KNOWN_CODES.has(upper) ? upper : undefined);
};

const PLAIN = /^-?\d+(?:[.,]\d+)?$/;
const ANY_AMOUNT = /^([^\d.,+-]*)([+-]?)([^\d.,+-]*)(\d[\d.,]*|[.,]\d+)([+-]?)([^\d.,+-]*)$/u;

/** Reads the text beside the number: a currency, a CR or DR mark, or both. */
const readBeside = (text: string): Pick<AmountShape, 'mark' | 'currency'> | undefined => {
  const words = text
    .toUpperCase()
    .split(/[\s.]+/)
    .filter((word) => word !== '');
  const found: Pick<AmountShape, 'mark' | 'currency'> = {};
  for (const word of words) {
    const mark = MARKS.get(word);
    if (mark !== undefined) {
      found.mark = mark;
      continue;
    }
    const currency = currencyFromText(word);
    if (currency !== undefined) {
      found.currency = currency;
    } else if (!SYMBOLS.has(word)) {
      return undefined;
    }
  }
  return found;
};

/**
 * What a cell says when it is an amount.
 * @param cell text of the cell
 * @returns undefined when it is no amount; empty cells and lone dashes are none
 */
export const readAmountShape = (cell: string): AmountShape | undefined => {
  if (PLAIN.test(cell) && cell.length <= 32) {
    const isNegative = cell.startsWith('-');
    return { body: isNegative ? cell.slice(1) : cell, isNegative };
  }
  // Longer than any amount with its currency; a bound keeps the patterns off long texts.
  if (cell.length > 48) {
    return undefined;
  }
  const text = cell
    .normalize('NFKC')
    .replace(/[\u2212\u2010-\u2015\uFE63]/g, '-')
    .replace(/^\s*[△▲▽▼]/u, '-')
    .trim();
  const inner = /^\((.*)\)$/.exec(text)?.[1];
  // Spaces and apostrophes between digits only group them: 1 234,56 and 1'234.56.
  const compact = (inner ?? text).replace(/(?<=\d)[\s'’ʼ_٬]+(?=\d)/gu, '').replace(/\s*([+-])\s*/g, '$1');
  const match = ANY_AMOUNT.exec(compact.trim());
  if (match === null) {
    return undefined;
  }
  const [, before = '', sign = '', between = '', body = '', trailing = '', after = ''] = match;
  const beside = readBeside(`${before} ${between} ${after}`);
  if (beside === undefined || (sign !== '' && trailing !== '')) {
    return undefined;
  }
  const minuses = [inner !== undefined, sign === '-', trailing === '-'].filter(Boolean).length;
  return { body, isNegative: minuses === 1, ...beside };
};

/** What a column of amounts says about its decimal mark and its signs. */
export interface AmountEvidence {
  cells: number;
  negatives: number;
  debitMarks: number;
  creditMarks: number;
  /** Cells in which only this mark can be the decimal one. */
  decimal: Record<DecimalMark, number>;
  /** Cells in which this mark can only group thousands. */
  grouping: Record<DecimalMark, number>;
  /** Cells such as 1.234 that may mean either. */
  unclear: Record<DecimalMark, number>;
  currencies: Map<string, number>;
}

/** Evidence before any cell was seen. */
export const emptyAmountEvidence = (): AmountEvidence => ({
  cells: 0,
  negatives: 0,
  debitMarks: 0,
  creditMarks: 0,
  decimal: { '.': 0, ',': 0 },
  grouping: { '.': 0, ',': 0 },
  unclear: { '.': 0, ',': 0 },
  currencies: new Map(),
});

const addMarkEvidence = (evidence: AmountEvidence, body: string): void => {
  const lastPoint = body.lastIndexOf('.');
  const lastComma = body.lastIndexOf(',');
  if (lastPoint < 0 && lastComma < 0) {
    return;
  }
  const last: DecimalMark = lastPoint > lastComma ? '.' : ',';
  const other: DecimalMark = last === '.' ? ',' : '.';
  const lastAt = Math.max(lastPoint, lastComma);
  if (body.indexOf(last) !== lastAt) {
    evidence.grouping[last] += 1;
  } else if (Math.min(lastPoint, lastComma) >= 0) {
    evidence.decimal[last] += 1;
    evidence.grouping[other] += 1;
  } else if (body.length - lastAt - 1 !== 3 || lastAt > 3 || lastAt === 0 || body.startsWith('0')) {
    evidence.decimal[last] += 1;
  } else {
    evidence.unclear[last] += 1;
  }
};

const hasNonZeroDigit = (body: string): boolean => /[1-9]/.test(body);

/**
 * Adds one cell to the evidence.
 * @param evidence changed in place, since a column may have a million cells
 * @param shape the cell
 */
export const addAmountEvidence = (evidence: AmountEvidence, shape: AmountShape): void => {
  evidence.cells += 1;
  evidence.negatives += shape.isNegative && hasNonZeroDigit(shape.body) ? 1 : 0;
  evidence.debitMarks += shape.mark === 'debit' ? 1 : 0;
  evidence.creditMarks += shape.mark === 'credit' ? 1 : 0;
  if (shape.currency !== undefined) {
    evidence.currencies.set(shape.currency, (evidence.currencies.get(shape.currency) ?? 0) + 1);
  }
  addMarkEvidence(evidence, shape.body);
};

/**
 * The decimal mark of a column. Where every cell is like 1.234 the currency decides: nobody writes three decimals of a
 * currency that has two or none, so the mark groups thousands.
 * @param columns evidence of all amount columns of the file
 * @param currency the file's main currency
 */
export const decideDecimalMark = (columns: readonly AmountEvidence[], currency: string): DecimalMark => {
  const total = (kind: 'decimal' | 'grouping' | 'unclear', mark: DecimalMark): number =>
    columns.reduce((sum, column) => sum + column[kind][mark], 0);
  const point = total('decimal', '.');
  const comma = total('decimal', ',');
  if (point !== comma) {
    return point > comma ? '.' : ',';
  }
  const groupingPoints =
    total('grouping', '.') + (currencyExponent(currency) < 3 ? total('unclear', '.') : 0);
  const groupingCommas =
    total('grouping', ',') + (currencyExponent(currency) < 3 ? total('unclear', ',') : 0);
  return groupingPoints > groupingCommas ? ',' : '.';
};

const GROUPED: Record<DecimalMark, RegExp> = {
  // Groups of two before the last three are written in India: 1,00,000.
  '.': /^\d{1,3}(?:,\d{2,3})*,\d{3}$/,
  ',': /^\d{1,3}(?:\.\d{2,3})*\.\d{3}$/,
};

// Zeros, or what a binary fraction leaves behind: many zeros or many nines and then anything.
const IS_NOISE = /^(?:0*|0{4,}\d+|9{4,}\d*)$/;

/** Ten thousand million euros: far above any real row, and so many of them add up exactly. */
const MAX_AMOUNT_MINOR = 1_000_000_000_000;

/**
 * Minor units of an amount, without its sign.
 * @param body digits with points and commas
 * @param decimal which of them is the decimal mark
 * @param currency ISO 4217 code
 * @returns undefined when the marks make no sense, such as 12,34 where a comma groups thousands, and when there are more
 *   decimals than the currency has: 1.234 may be a thousand euros or one, and a guess would be a wrong number. The noise
 *   of binary fractions (52.300000000000004) is rounded away.
 * @throws AmountOverflowError beyond what sums of many rows can hold exactly
 */
export const magnitudeOf = (body: string, decimal: DecimalMark, currency: string): number | undefined => {
  const markAt = body.indexOf(decimal);
  const whole = markAt < 0 ? body : body.slice(0, markAt);
  const fraction = markAt < 0 ? '' : body.slice(markAt + 1);
  if (/[.,]/.test(fraction)) {
    return undefined;
  }
  const isGrouped = /[.,]/.test(whole);
  if (isGrouped && !GROUPED[decimal].test(whole)) {
    return undefined;
  }
  const digits = (isGrouped ? whole.replace(/[.,]/g, '') : whole) || '0';
  const exponent = currencyExponent(currency);
  if (fraction.length > exponent && !IS_NOISE.test(fraction.slice(exponent))) {
    return undefined;
  }
  const minor =
    fraction.length <= exponent
      ? safeMinor(Number(digits + fraction.padEnd(exponent, '0')))
      : roundDecimal(`${digits}.${fraction}`, currency);
  if (minor > MAX_AMOUNT_MINOR) {
    throw new AmountOverflowError();
  }
  return minor;
};
