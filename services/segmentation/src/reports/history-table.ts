import writeExcelFile from 'write-excel-file/node';
import type { Prediction } from '../store/prediction-store.ts';

/** A column of the exported history. */
interface HistoryColumn {
  heading: string;
  width: number;
  valueOf(prediction: Prediction): string | number | Date;
}

const COLUMNS: readonly HistoryColumn[] = [
  { heading: 'id', width: 38, valueOf: ({ id }) => id },
  { heading: 'created_at', width: 22, valueOf: ({ createdAt }) => createdAt },
  { heading: 'sex', width: 10, valueOf: ({ customer }) => customer.sex },
  { heading: 'age', width: 8, valueOf: ({ customer }) => customer.age },
  { heading: 'annual_income', width: 14, valueOf: ({ customer }) => customer.annual_income },
  { heading: 'spending_score', width: 14, valueOf: ({ customer }) => customer.spending_score },
  { heading: 'purchase_frequency', width: 18, valueOf: ({ customer }) => customer.purchase_frequency },
  { heading: 'cluster', width: 8, valueOf: ({ cluster }) => cluster },
  { heading: 'cluster_name', width: 28, valueOf: ({ clusterName }) => clusterName },
  { heading: 'confidence', width: 12, valueOf: ({ confidence }) => confidence },
];

/** Without the mark Excel reads the file in the code page of the machine and breaks every accent. */
const BYTE_ORDER_MARK = '\uFEFF';

/** An apostrophe before what a spreadsheet would take for a formula (OWASP, "CSV Injection"). */
const neutralised = (text: string): string => (/^\s*[=+\-@\t\r\n＝＋－＠]/.test(text) ? `'${text}` : text);

const cellText = (value: string | number | Date): string => {
  const text =
    value instanceof Date
      ? value.toISOString()
      : typeof value === 'string'
        ? neutralised(value)
        : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/**
 * Predictions as CSV (RFC 4180) in UTF-8 with a byte order mark.
 * @param predictions rows in their order
 */
export const historyCsv = (predictions: readonly Prediction[]): string =>
  BYTE_ORDER_MARK +
  [
    COLUMNS.map(({ heading }) => heading),
    ...predictions.map((prediction) => COLUMNS.map(({ valueOf }) => cellText(valueOf(prediction)))),
  ]
    .map((cells) => `${cells.join(',')}\r\n`)
    .join('');

/**
 * Predictions as an Excel workbook with one sheet.
 * @param predictions rows in their order
 * @returns the bytes of the .xlsx file
 */
export const historyXlsx = async (predictions: readonly Prediction[]): Promise<Buffer> =>
  writeExcelFile(
    [
      COLUMNS.map(({ heading }) => ({ value: heading, fontWeight: 'bold' as const })),
      ...predictions.map((prediction) =>
        COLUMNS.map(({ valueOf }) => {
          const value = valueOf(prediction);
          if (value instanceof Date) {
            return { value, format: 'yyyy-mm-dd hh:mm:ss' };
          }
          return { value: typeof value === 'string' ? neutralised(value) : value };
        }),
      ),
    ],
    { sheet: 'History', columns: COLUMNS.map(({ width }) => ({ width })) },
  ).toBuffer();
