import type { CalendarDate } from '@orrery/contracts';

/** What the detectors need of a transaction. */
export interface DetectorTransaction {
  id: string;
  date: CalendarDate;
  /** Hour of the local day, 0 to 23, when it is known. */
  hour?: number | undefined;
  merchant: string;
  /** Minor units; negative is money out. */
  amountMinor: number;
  currency: string;
  category?: string | undefined;
  /** ISO 3166 alpha-2. */
  country?: string | undefined;
}

/**
 * Text by which charges of one merchant are told to belong together: case, accents, punctuation and reference numbers
 * (any word with three or more digits) do not count.
 * @param merchant name as the bank or the user wrote it
 */
export const merchantKey = (merchant: string): string => {
  const words = merchant
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .normalize('NFC')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
  const named = words.filter((word) => (word.match(/\d/g)?.length ?? 0) < 3);
  return (named.length === 0 ? words : named).join(' ');
};

/**
 * Middle value of numbers; 0 of none.
 * @param numbers in any order
 */
export const median = (numbers: readonly number[]): number => {
  const sorted = [...numbers].sort((left, right) => left - right);
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[half] ?? 0) : ((sorted[half - 1] ?? 0) + (sorted[half] ?? 0)) / 2;
};
