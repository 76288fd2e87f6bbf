import { decodeText } from './decode-text.ts';
import type { ImportOptions } from './import-options.ts';
import { mapRows } from './map-rows.ts';
import type { ImportedRow, RejectedRow } from './map-rows.ts';
import { planImport } from './plan-import.ts';
import { isOfx, readOfx } from './read-ofx.ts';
import { isQif, QIF_COLUMNS, qifAsTable } from './read-qif.ts';
import type { Detected } from './plan-import.ts';

/** A file that can be imported: what was found out about it, and its rows on demand. */
export interface ReadImport {
  detected: Detected;
  rows: Iterable<ImportedRow | RejectedRow>;
}

/** A negative amount of a QIF file is money out, also when the file holds none. */
const readQif = (text: string, encoding: string, options: ImportOptions): ReadImport => {
  const table = qifAsTable(text);
  const { dateFormat, decimal, flipSign = false, timeZone } = options.mapping;
  const plan = planImport(table, encoding, {
    ...options,
    mapping: { ...QIF_COLUMNS, delimiter: '\t', dateFormat, decimal, flipSign, timeZone },
  });
  const detected: Detected = {
    ...plan.detected,
    format: 'qif',
    delimiter: '',
    header: false,
    headerLine: null,
    columns: {},
  };
  return { detected, rows: mapRows(table, plan) };
};

/**
 * Reads an uploaded bank file: OFX and QFX, QIF, or a table, as its content shows. Deterministic: the same bytes and options give the same rows in the same order, so an
 * import that was interrupted can go on where it stopped.
 * @param bytes the file
 * @param options what the user said about it
 * @throws ImportRefusedError when it cannot be imported at all
 */
export const readImport = (bytes: Buffer, options: ImportOptions): ReadImport => {
  const { text, encoding } = decodeText(bytes, options.mapping.encoding);
  if (isOfx(text)) {
    return readOfx(text, encoding, options);
  }
  if (isQif(text)) {
    return readQif(text, encoding, options);
  }
  const plan = planImport(text, encoding, options);
  return { detected: plan.detected, rows: mapRows(text, plan) };
};
