/** Codes that say little about what was bought: catch-alls, aggregators and wallets. */
const WEAK = new Set([
  '5999',
  '7399',
  '5399',
  '4829',
  '6012',
  '6051',
  '5969',
  '5968',
  '7299',
  '8999',
  '6540',
  '5964',
  '5965',
  '5967',
]);

/** Category by merchant category code. */
export type MccTable = ReadonlyMap<string, string>;

/**
 * The category that a merchant category code speaks for; null when the code is unknown or too general to count.
 * @param table code to slug
 * @param mcc four digits
 */
export const categoryOfMcc = (table: MccTable, mcc: string | undefined): string | null =>
  mcc === undefined || WEAK.has(mcc) ? null : (table.get(mcc) ?? null);
