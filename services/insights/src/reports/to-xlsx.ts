import { currencyExponent, formatDecimal } from '@orrery/money';
import writeExcelFile from 'write-excel-file/node';
import { currencyOfRow, neutraliseFormula } from './report-table.ts';
import type { ReportTable, TableColumn } from './report-table.ts';

type Cell = { value: string | number | Date; format?: string; fontWeight?: 'bold' };

const cellOf = (column: TableColumn, value: string | number, currency: string): Cell => {
  if (column.kind === 'month') {
    return { value: new Date(`${String(value)}-01T00:00:00Z`), format: 'yyyy-mm' };
  }
  if (column.kind === 'date') {
    return { value: new Date(`${String(value)}T00:00:00Z`), format: 'yyyy-mm-dd' };
  }
  if (typeof value === 'string') {
    return { value: neutraliseFormula(value) };
  }
  if (column.kind === 'money') {
    const digits = currencyExponent(currency);
    // The text is exact, so the cell holds the double nearest to the amount, as a typed-in number would.
    return {
      value: Number(formatDecimal(value, currency)),
      format: digits === 0 ? '#,##0' : `#,##0.${'0'.repeat(digits)}`,
    };
  }
  return { value, format: column.kind === 'percent' ? '0.0' : '0' };
};

/**
 * A table as an Excel workbook with one sheet: bold headings, real number and date cells, texts neutralised like the
 * CSV so that saving the sheet as CSV is safe too.
 * @param table what to write
 * @returns the bytes of the .xlsx file
 */
export const toXlsx = async (table: ReportTable): Promise<Buffer> =>
  writeExcelFile(
    [
      table.columns.map((column): Cell => ({ value: column.heading, fontWeight: 'bold' })),
      ...table.rows.map((row) =>
        table.columns.map((column, index) => cellOf(column, row[index] ?? '', currencyOfRow(table, row))),
      ),
    ],
    { sheet: table.title, columns: table.columns.map(({ kind }) => ({ width: kind === 'text' ? 32 : 14 })) },
  ).toBuffer();
