import type { DecimalMark } from './parse-amount.ts';

/** A column named by its heading or by its zero-based number. */
export type ColumnReference = string | number;

/** What the user knows better than detection; every field is optional. */
export interface ImportMapping {
  /** Column of the day, or one fixed day `YYYY-MM-DD` for the whole file. */
  date?: ColumnReference | undefined;
  time?: ColumnReference | undefined;
  description?: ColumnReference | undefined;
  merchant?: ColumnReference | undefined;
  amount?: ColumnReference | undefined;
  debit?: ColumnReference | undefined;
  credit?: ColumnReference | undefined;
  /** Column of the currency, or one ISO 4217 code for the whole file. */
  currency?: ColumnReference | undefined;
  account?: ColumnReference | undefined;
  mcc?: ColumnReference | undefined;
  /** For instance `DD/MM/YYYY`. */
  dateFormat?: string | undefined;
  decimal?: DecimalMark | undefined;
  /** One letter; `\t` for a tab. */
  delimiter?: string | undefined;
  encoding?: string | undefined;
  /** True: positive amounts are money out. False: negative amounts are. Absent: told from the file. */
  flipSign?: boolean | undefined;
  /** IANA zone of times without an offset. */
  timeZone?: string | undefined;
}

/** What an import is told besides the file. */
export interface ImportOptions {
  mapping: ImportMapping;
  /** ISO 4217 code of files that do not tell theirs in a column. */
  currency?: string | undefined;
  /** Used when neither the file nor the user tells a currency. */
  defaultCurrency: string;
  /** Day of the upload; dates far behind it are unlikely readings. */
  today: string;
}
