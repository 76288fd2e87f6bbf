import { decodeText } from './decode-text.ts';
import type { ImportOptions } from './import-options.ts';
import { mapRows } from './map-rows.ts';
import type { ImportedRow, RejectedRow } from './map-rows.ts';
import { planImport } from './plan-import.ts';
import type { Detected } from './plan-import.ts';

/** A file that can be imported: what was found out about it, and its rows on demand. */
export interface ReadImport {
  detected: Detected;
  rows: Iterable<ImportedRow | RejectedRow>;
}

/**
 * Reads an uploaded bank file. Deterministic: the same bytes and options give the same rows in the same order, so an
 * import that was interrupted can go on where it stopped.
 * @param bytes the file
 * @param options what the user said about it
 * @throws ImportRefusedError when it cannot be imported at all
 */
export const readImport = (bytes: Buffer, options: ImportOptions): ReadImport => {
  const { text, encoding } = decodeText(bytes, options.mapping.encoding);
  const plan = planImport(text, encoding, options);
  return { detected: plan.detected, rows: mapRows(text, plan) };
};
