import { parse } from 'csv-parse/sync';
import { FREQUENCIES, shopperRow } from '../domain/shopping/shopper.ts';
import type { Frequency } from '../domain/shopping/shopper.ts';

/** Models that learn from an uploaded table. */
export type TableModel = 'shopping-personas' | 'customers';

/** Rows of the model's features, or what is wrong with the file. */
export type TableOutcome =
  { rows: number; values: Float64Array; problem?: undefined } | { problem: string; rows?: undefined };

interface Column {
  /** Headings under which it is known, in lower case without units and punctuation. */
  headings: readonly string[];
  /** What the message about a missing column says. */
  shown: string;
  read(text: string): number | undefined;
}

/** Most rows of a table; more add time and no knowledge. */
const MAX_ROWS = 200_000;

const numberWithin =
  (low: number, high: number) =>
  (text: string): number | undefined => {
    const value = /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
    return value >= low && value <= high ? value : undefined;
  };

const frequencyOf = (text: string): Frequency | undefined =>
  FREQUENCIES.find((frequency) => frequency.toLowerCase() === text.toLowerCase());

const COLUMNS: Readonly<Record<TableModel, readonly Column[]>> = {
  customers: [
    { headings: ['age'], shown: 'Age', read: numberWithin(18, 100) },
    { headings: ['annualincome'], shown: 'Annual_Income', read: numberWithin(0, 1e6) },
    { headings: ['spendingscore'], shown: 'Spending_Score', read: numberWithin(1, 100) },
    { headings: ['purchasefrequency'], shown: 'Purchase_Frequency', read: numberWithin(0, 1e6) },
  ],
  'shopping-personas': [
    { headings: ['age'], shown: 'Age', read: numberWithin(0, 120) },
    { headings: ['purchaseamount'], shown: 'Purchase Amount (USD)', read: numberWithin(0, 1e9) },
    {
      headings: ['subscriptionstatus'],
      shown: 'Subscription Status',
      read: (text) => ({ yes: 1, no: 0 })[text.toLowerCase()],
    },
    {
      headings: ['frequencyofpurchases'],
      shown: 'Frequency of Purchases',
      read: (text) => {
        const frequency = frequencyOf(text);
        return frequency === undefined
          ? undefined
          : shopperRow({ age: 0, purchaseAmount: 0, isSubscribed: false, frequency })[3];
      },
    },
  ],
};

const plainHeading = (text: string): string =>
  text
    .toLowerCase()
    .replace(/\(.*\)/, '')
    .replaceAll(/[^a-z]/g, '');

/**
 * Reads a table of training rows: CSV in UTF-8 with a heading row, columns by their names in the public data sets.
 * @param model whose rows these are
 * @param bytes the file
 * @returns rows of the model's features, or the first problem with its line
 */
export const readTable = (model: TableModel, bytes: Uint8Array): TableOutcome => {
  let lines: string[][];
  try {
    lines = parse(Buffer.from(bytes), {
      bom: true,
      skip_empty_lines: true,
      trim: true,
      relax_column_count: true,
    });
  } catch (error) {
    return { problem: `is not a CSV file: ${error instanceof Error ? error.message : String(error)}` };
  }
  const [headings, ...body] = lines;
  const places = (headings ?? []).map(plainHeading);
  const columns = COLUMNS[model].map((column) => ({
    ...column,
    at: places.findIndex((place) => column.headings.includes(place)),
  }));
  const missing = columns.find(({ at }) => at === -1);
  if (missing !== undefined) {
    return { problem: `has no column "${missing.shown}"` };
  }
  if (body.length === 0 || body.length > MAX_ROWS) {
    return { problem: `must have 1 to ${String(MAX_ROWS)} rows` };
  }
  const values = new Float64Array(body.length * columns.length);
  for (const [row, cells] of body.entries()) {
    for (const [index, { at, shown, read }] of columns.entries()) {
      const value = read(cells[at] ?? '');
      if (value === undefined) {
        return { problem: `has no usable "${shown}" in row ${String(row + 1)}` };
      }
      values[row * columns.length + index] = value;
    }
  }
  return { rows: body.length, values };
};
