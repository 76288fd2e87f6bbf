import { detectTable } from './detect-table.ts';
import type { ColumnIndexes, TableLayout } from './detect-table.ts';
import type { ImportOptions } from './import-options.ts';
import { ImportRefusedError } from './import-refused.ts';
import {
  addAmountEvidence,
  currencyFromText,
  decideDecimalMark,
  emptyAmountEvidence,
  readAmountShape,
} from './parse-amount.ts';
import type { AmountEvidence, DecimalMark } from './parse-amount.ts';
import {
  addDateEvidence,
  dateInOrder,
  dateReaderFor,
  decideDateOrder,
  describeDateFormat,
  emptyDateEvidence,
  isLedgerDay,
  readDateShape,
} from './parse-date.ts';
import type { DateEvidence, DateOrder, DateReader } from './parse-date.ts';
import { tokeniseTable } from './tokenise-table.ts';

/** How the sign of an amount is told. */
export type SignRule = 'negative-is-out' | 'positive-is-out' | 'debit-credit' | 'direction-column';

/** What was found out about a file; shown to the user. */
export interface Detected {
  /** What kind of file it is. */
  format: 'table' | 'ofx' | 'qif';
  encoding: string;
  delimiter: string;
  header: boolean;
  /** Physical line of the headings; null without headings. */
  headerLine: number | null;
  dateFormat: string;
  /** True when every date could be read in another order as well. */
  dateAmbiguous: boolean;
  decimal: DecimalMark;
  sign: SignRule;
  /** Main currency of the file. */
  currency: string;
  /** Heading, or zero-based number without headings, of each column in use. */
  columns: Record<string, string | number>;
}

/** Everything needed to turn each row of a file into a transaction. */
export interface ImportPlan {
  layout: TableLayout;
  readDate: DateReader;
  /** Set when one day counts for the whole file. */
  constantDay: string | undefined;
  decimal: DecimalMark;
  sign: SignRule;
  /** True when written signs are turned round. */
  flipsSign: boolean;
  /** Sign of money out in the debit column and of money in in the credit column: banks write either. */
  debitSign: 1 | -1;
  creditSign: 1 | -1;
  currency: string;
  /** Currency of a row is told by its own column. */
  readsRowCurrency: boolean;
  /** IANA zone of times without an offset; undefined when unknown. */
  timeZone: string | undefined;
  detected: Detected;
}

const DEBIT_WORDS =
  /^(?:d|dr|deb|debit|debits|withdrawal|out|money out|payment out|sortie|depense|출금|지급|출|사용|이용|승인)$/;
const CREDIT_WORDS =
  /^(?:c|cr|cred|credit|credits|deposit|in|money in|payment in|entree|recette|입금|수입|입|취소|승인취소)$/;

/**
 * Direction that a cell of a debit-or-credit column tells.
 * @param cell for instance `DR`, `Crédit`, `출금`
 */
export const readDirection = (cell: string): 'debit' | 'credit' | undefined => {
  const word = cell
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .normalize('NFC')
    .trim()
    .toLowerCase()
    .replace(/\.$/, '');
  if (DEBIT_WORDS.test(word)) {
    return 'debit';
  }
  return CREDIT_WORDS.test(word) ? 'credit' : undefined;
};

interface Evidence {
  date: DateEvidence;
  amount: AmountEvidence;
  debit: AmountEvidence;
  credit: AmountEvidence;
  directions: { debit: number; credit: number; unknown: number };
  currencies: Map<string, number>;
}

/** Reads the columns that matter once, from the first row to the last. */
const gatherEvidence = (
  text: string,
  layout: TableLayout,
  options: ImportOptions,
  readDate: DateReader | undefined,
): Evidence => {
  const evidence: Evidence = {
    date: emptyDateEvidence(),
    amount: emptyAmountEvidence(),
    debit: emptyAmountEvidence(),
    credit: emptyAmountEvidence(),
    directions: { debit: 0, credit: 0, unknown: 0 },
    currencies: new Map(),
  };
  const { columns } = layout;
  for (const row of tokeniseTable(text, layout.delimiter, layout.start)) {
    if (row.isTooLong || row.line <= (layout.headerLine ?? 0)) {
      continue;
    }
    const cell = (index: number | undefined): string =>
      index === undefined ? '' : (row.fields[index] ?? '').trim();
    if (columns.date !== undefined) {
      const shape = readDateShape(cell(columns.date));
      const isDated =
        readDate === undefined ? shape !== undefined : readDate(cell(columns.date)) !== undefined;
      // Totals and notes have no date; their amounts must not speak for the column.
      if (!isDated) {
        continue;
      }
      if (shape !== undefined) {
        addDateEvidence(evidence.date, shape, options.today);
      }
    }
    for (const role of ['amount', 'debit', 'credit'] as const) {
      const shape = columns[role] === undefined ? undefined : readAmountShape(cell(columns[role]));
      if (shape !== undefined) {
        addAmountEvidence(evidence[role], shape);
      }
    }
    if (columns.direction !== undefined) {
      evidence.directions[readDirection(cell(columns.direction)) ?? 'unknown'] += 1;
    }
    const currency = columns.currency === undefined ? undefined : currencyFromText(cell(columns.currency));
    if (currency !== undefined) {
      evidence.currencies.set(currency, (evidence.currencies.get(currency) ?? 0) + 1);
    }
  }
  return evidence;
};

const mostFrequent = (counts: ReadonlyMap<string, number>): string | undefined =>
  [...counts].sort((left, right) => right[1] - left[1])[0]?.[0];

/** Currency named beside a heading, as in `Amount (USD)`, `금액(원)` or `Montant en euros`. */
const currencyOfHeadings = (layout: TableLayout): string | undefined => {
  const { amount, debit, credit } = layout.columns;
  for (const index of [amount, debit, credit]) {
    const heading = index === undefined ? undefined : layout.headings?.[index];
    const words = heading?.split(/[\s()[\]_/:-]+/).filter((word) => word !== '') ?? [];
    const currency = words.map(currencyFromText).find((found) => found !== undefined);
    if (currency !== undefined) {
      return currency;
    }
  }
  return undefined;
};

const decideCurrency = (layout: TableLayout, evidence: Evidence, options: ImportOptions): string => {
  const { currency: mapped } = options.mapping;
  const fixed =
    typeof mapped === 'string' && layout.columns.currency === undefined
      ? currencyFromText(mapped)
      : undefined;
  const beside = [evidence.amount, evidence.debit, evidence.credit]
    .map((column) => mostFrequent(column.currencies))
    .find((found) => found !== undefined);
  return (
    fixed ??
    mostFrequent(evidence.currencies) ??
    options.currency ??
    beside ??
    currencyOfHeadings(layout) ??
    (layout.language === 'ko' ? 'KRW' : options.defaultCurrency)
  );
};

/** Usual order of written dates: Korea and Japan from the year, the United States from the month, others from the day. */
const customaryOrder = (currency: string, language: TableLayout['language']): DateOrder => {
  if (language === 'ko' || currency === 'KRW' || currency === 'JPY' || currency === 'CNY') {
    return 'YMD';
  }
  return currency === 'USD' && language !== 'fr' ? 'MDY' : 'DMY';
};

/** Zones of currencies whose country has one zone; a bank there prints its local time. */
const ZONE_OF_CURRENCY: ReadonlyMap<string, string> = new Map([
  ['KRW', 'Asia/Seoul'],
  ['JPY', 'Asia/Tokyo'],
  ['GBP', 'Europe/London'],
]);

const signOf = (column: AmountEvidence): 1 | -1 => (column.negatives * 2 > column.cells ? -1 : 1);

const decideSign = (
  columns: ColumnIndexes,
  evidence: Evidence,
  flipSign: boolean | undefined,
): Pick<ImportPlan, 'sign' | 'flipsSign'> => {
  if (columns.debit !== undefined || columns.credit !== undefined) {
    return { sign: 'debit-credit', flipsSign: flipSign ?? false };
  }
  const { amount, directions } = evidence;
  const hasNegatives = amount.negatives > 0 || amount.debitMarks > 0;
  const told = directions.debit + directions.credit;
  if (!hasNegatives && told > 0 && directions.unknown <= told * 0.05 && flipSign === undefined) {
    return { sign: 'direction-column', flipsSign: false };
  }
  const flipsSign = flipSign ?? !hasNegatives;
  return { sign: flipsSign ? 'positive-is-out' : 'negative-is-out', flipsSign };
};

/** Debit and credit columns count only when they hold amounts; some banks print an amount column beside empty ones. */
const withUsefulAmounts = (layout: TableLayout, evidence: Evidence): TableLayout => {
  const columns = { ...layout.columns };
  const hasSides = evidence.debit.cells + evidence.credit.cells > 0;
  if (columns.amount !== undefined && (columns.debit !== undefined || columns.credit !== undefined)) {
    if (hasSides && evidence.amount.cells <= evidence.debit.cells + evidence.credit.cells) {
      delete columns.amount;
    } else {
      delete columns.debit;
      delete columns.credit;
    }
  }
  return { ...layout, columns };
};

const describeColumns = (layout: TableLayout): Record<string, string | number> => {
  const described: Record<string, string | number> = {};
  for (const [role, index] of Object.entries(layout.columns)) {
    const heading = layout.headings?.[index];
    described[role] = heading === undefined || heading === '' ? index : heading;
  }
  return described;
};

/**
 * Decides how a whole file is to be read, from all of its rows.
 * @param text the decoded file
 * @param encoding the encoding it was read with
 * @param options what the user said about it
 * @throws ImportRefusedError when the file is no table, has no date or no amount, or the mapping does not fit it
 */
export const planImport = (text: string, encoding: string, options: ImportOptions): ImportPlan => {
  const { mapping } = options;
  const found = detectTable(text, mapping);
  const constantDay =
    typeof mapping.date === 'string' && found.columns.date === undefined && isLedgerDay(mapping.date)
      ? mapping.date
      : undefined;
  if (found.columns.date === undefined && constantDay === undefined) {
    throw new ImportRefusedError('no-date-column', 'No column holds dates; name one in mapping.date.');
  }
  if (
    found.columns.amount === undefined &&
    found.columns.debit === undefined &&
    found.columns.credit === undefined
  ) {
    throw new ImportRefusedError('no-amount-column', 'No column holds amounts; name one in mapping.amount.');
  }
  const askedReader = mapping.dateFormat === undefined ? undefined : dateReaderFor(mapping.dateFormat);
  const evidence = gatherEvidence(text, found, options, askedReader);
  const layout = withUsefulAmounts(found, evidence);
  const currency = decideCurrency(layout, evidence, options);
  const { order, isAmbiguous } = decideDateOrder(evidence.date, customaryOrder(currency, layout.language));
  const decimal =
    mapping.decimal ?? decideDecimalMark([evidence.amount, evidence.debit, evidence.credit], currency);
  const { sign, flipsSign } = decideSign(layout.columns, evidence, mapping.flipSign);
  const { sample } = evidence.date;
  return {
    layout,
    readDate:
      askedReader ??
      ((cell) => {
        const shape = readDateShape(cell);
        return shape === undefined ? undefined : dateInOrder(shape, order);
      }),
    constantDay,
    decimal,
    sign,
    flipsSign,
    debitSign: signOf(evidence.debit),
    creditSign: signOf(evidence.credit),
    currency,
    readsRowCurrency: layout.columns.currency !== undefined,
    timeZone: mapping.timeZone ?? ZONE_OF_CURRENCY.get(currency),
    detected: {
      format: 'table',
      encoding,
      delimiter: layout.delimiter,
      header: layout.headings !== undefined,
      headerLine: layout.headerLine ?? null,
      dateFormat:
        mapping.dateFormat ?? (sample === undefined ? 'YYYY-MM-DD' : describeDateFormat(sample, order)),
      dateAmbiguous:
        askedReader === undefined && constantDay === undefined && sample !== undefined && isAmbiguous,
      decimal,
      sign,
      currency,
      columns: describeColumns(layout),
    },
  };
};
