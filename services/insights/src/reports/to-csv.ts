import { formatDecimal } from '@orrery/money';
import { currencyOfRow, neutraliseFormula } from './report-table.ts';
import type { ReportTable, TableColumn } from './report-table.ts';

/** Without the mark Excel reads the file in the code page of the machine and breaks every accent. */
const BYTE_ORDER_MARK = '\uFEFF';

const cellText = (column: TableColumn, value: string | number, currency: string): string => {
  if (column.kind === 'money' && typeof value === 'number') {
    return formatDecimal(value, currency);
  }
  return column.kind === 'text' ? neutraliseFormula(String(value)) : String(value);
};

const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/**
 * A table as CSV (RFC 4180: comma, CRLF, quotes where needed) in UTF-8 with a byte order mark. Amounts have a decimal
 * point and all digits of their currency.
 * @param table what to write
 */
export const toCsv = (table: ReportTable): string => {
  const lines = [
    table.columns.map((column) => quoted(column.heading)),
    ...table.rows.map((row) =>
      table.columns.map((column, index) =>
        quoted(cellText(column, row[index] ?? '', currencyOfRow(table, row))),
      ),
    ),
  ];
  return BYTE_ORDER_MARK + lines.map((cells) => `${cells.join(',')}\r\n`).join('');
};
