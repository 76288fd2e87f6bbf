/** A column of an exported table. `money` cells are minor units of the table's currency. */
export interface TableColumn {
  heading: string;
  kind: 'text' | 'integer' | 'percent' | 'money' | 'month' | 'date';
}

/** An exported table: the same rows whatever the file format. `month` cells are `YYYY-MM`, `date` cells `YYYY-MM-DD`. */
export interface ReportTable {
  title: string;
  currency: string;
  /** Index of the column that names the currency of a row's money, where it differs from row to row. */
  currencyColumn?: number;
  columns: readonly TableColumn[];
  rows: readonly (readonly (string | number)[])[];
}

/**
 * Text that no spreadsheet takes for a formula: an apostrophe goes before a first character that would start one,
 * also behind white space or in its full-width form (OWASP, "CSV Injection").
 * @param text cell from outside, for instance a merchant's name
 */
export const neutraliseFormula = (text: string): string =>
  /^\s*[=+\-@\t\r\n＝＋－＠]/.test(text) ? `'${text}` : text;

/**
 * Currency of the money of a row.
 * @param table the table
 * @param row one of its rows
 */
export const currencyOfRow = (table: ReportTable, row: readonly (string | number)[]): string =>
  table.currencyColumn === undefined ? table.currency : String(row[table.currencyColumn] ?? table.currency);
