/** A column of an exported table. `money` cells are minor units of the table's currency. */
export interface TableColumn {
  heading: string;
  kind: 'text' | 'integer' | 'percent' | 'money' | 'month';
}

/** An exported table: the same rows whatever the file format. `month` cells are `YYYY-MM`. */
export interface ReportTable {
  title: string;
  currency: string;
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
