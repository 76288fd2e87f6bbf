import { diffDays } from '@orrery/calendar';
import type { RawTransaction } from './raw-transaction.ts';

/** Two rows that show one purchase. */
export interface Twins {
  /** Stays in the ledger. */
  kept: RawTransaction;
  /** Is hidden. */
  hidden: RawTransaction;
}

/** A card purchase posts one to three days later, and people write things down the day after. */
export const MAX_DAYS_APART = 4;

/** Which source knows a purchase best; made-up rows have no twins. */
const RANK: Partial<Record<RawTransaction['source'], number>> = {
  plaid: 4,
  import: 3,
  'main-backend': 2,
  manual: 1,
};

/** Words that say how money moved and nothing about where it went. */
const COMMON_WORDS: ReadonlySet<string> = new Set(
  'card payment purchase debit credit pos the and for from ref achat paiement carte prlv sepa vir virement facture ltd inc llc plc sarl com www'.split(
    ' ',
  ),
);

const wordsOf = ({ description, merchantName }: RawTransaction): Set<string> => {
  const text = `${description} ${merchantName ?? ''}`
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .normalize('NFC')
    .toLowerCase();
  // Hangul and Han words are short; Latin ones of two letters are states, initials and noise.
  const words = text.match(/[\p{Script=Hangul}\p{Script=Han}]{2,}|\p{Script=Latin}{3,}/gu) ?? [];
  return new Set(words.filter((word) => !COMMON_WORDS.has(word)));
};

const shareAWord = (left: ReadonlySet<string>, right: ReadonlySet<string>): boolean =>
  [...left].some((word) => right.has(word));

const areKeptApart = (left: RawTransaction, right: RawTransaction): boolean =>
  left.keptApart?.includes(right._id) === true || right.keptApart?.includes(left._id) === true;

const mayBeTwins = (left: RawTransaction, right: RawTransaction): boolean =>
  left.source !== right.source &&
  left.amountMinor === right.amountMinor &&
  left.currency === right.currency &&
  Math.abs(diffDays(left.postedOn, right.postedOn)) <= MAX_DAYS_APART &&
  !areKeptApart(left, right);

/**
 * Finds rows of another source that show the same purchase as new ones: same amount and currency, a few days apart, and
 * a word in common. Each row has one twin at most, so that a real double purchase in both sources stays double. The row
 * of the source that knows more is kept.
 * @param fresh rows of one source that are about to be stored
 * @param candidates rows that are shown, of any source
 */
export const matchTwins = (
  fresh: readonly RawTransaction[],
  candidates: readonly RawTransaction[],
): Twins[] => {
  const byAmount = Map.groupBy(
    candidates.filter(({ source }) => RANK[source] !== undefined),
    ({ amountMinor }) => amountMinor,
  );
  const words = new Map<string, Set<string>>();
  const wordsFor = (row: RawTransaction): Set<string> => {
    const known = words.get(row._id) ?? wordsOf(row);
    words.set(row._id, known);
    return known;
  };
  const taken = new Set<string>();
  const twins: Twins[] = [];
  for (const row of fresh) {
    const rank = RANK[row.source];
    if (rank === undefined) {
      continue;
    }
    const [best] = (byAmount.get(row.amountMinor) ?? [])
      .filter(
        (other) =>
          !taken.has(other._id) && mayBeTwins(row, other) && shareAWord(wordsFor(row), wordsFor(other)),
      )
      .sort(
        (left, right) =>
          Math.abs(diffDays(row.postedOn, left.postedOn)) -
            Math.abs(diffDays(row.postedOn, right.postedOn)) || (left._id < right._id ? -1 : 1),
      );
    if (best !== undefined) {
      taken.add(best._id);
      const isBetter = rank > (RANK[best.source] ?? 0);
      twins.push(isBetter ? { kept: row, hidden: best } : { kept: best, hidden: row });
    }
  }
  return twins;
};
