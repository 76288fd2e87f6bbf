import { currencyExponent } from '@orrery/money';

/**
 * Shares of past periods, in thousandths, in which a user kept a rule without knowing it. A mission is proposed when
 * that share lies in the band: achievable, but not free. The band is narrower than the 40 to 70 % that proposals are
 * held to, because a share over few periods is itself uncertain.
 */
export const BAND = { low: 430, aim: 550, high: 670 } as const;

/** What is taken, marked as hard or easy, from a user who has nothing in the band. */
export const WIDE_BAND = { low: 300, aim: 550, high: 850 } as const;

export type Band = Readonly<Record<'low' | 'aim' | 'high', number>>;

/**
 * A share in thousandths.
 * @param part how many
 * @param whole of how many, above 0
 */
export const permille = (part: number, whole: number): number => Math.round((1000 * part) / whole);

/**
 * Whether a share lies in a band.
 * @param share thousandths
 * @param band its ends
 */
export const isWithin = (share: number, band: Band): boolean => share >= band.low && share <= band.high;

/**
 * A limit as people name one: two leading digits, the second by halves, and never finer than 100 won or 10 cents.
 * Rounded up, so that it allows what the history it was taken from allowed.
 * @param amountMinor positive minor units
 * @param currency of the amount
 */
export const roundedLimit = (amountMinor: number, currency: string): number => {
  const exponent = currencyExponent(currency);
  const coarsest = exponent === 0 ? 100 : 10 ** (exponent - 1);
  const half = (10 ** Math.floor(Math.log10(Math.max(1, amountMinor))) / 20) | 0;
  const step = Math.max(coarsest, half);
  return Math.ceil(amountMinor / step) * step;
};

/**
 * What is asked of a user whose habit is so steady that every limit was either always or never kept: a tenth less than
 * usual, as people name amounts.
 * @param usualMinor mean of the past, minor units
 * @param currency of the amount
 */
export const tenthLess = (usualMinor: number, currency: string): number => {
  const wanted = Math.max(1, Math.round(usualMinor * 0.9));
  const rounded = roundedLimit(wanted, currency);
  return rounded < usualMinor ? rounded : wanted;
};

/** A limit with the share of past periods that kept it. */
export interface AchievableLimit {
  limit: number;
  /** Thousandths. */
  share: number;
}

const closer = (left: AchievableLimit | undefined, right: AchievableLimit, band: Band): AchievableLimit =>
  left !== undefined && Math.abs(left.share - band.aim) <= Math.abs(right.share - band.aim) ? left : right;

/**
 * The limit above zero that the user's own past kept nearest to the aim: a quantile of their distribution, never a
 * spread and never more than they ever spent.
 * @param values one per past period, zero where nothing was spent
 * @param round makes a limit presentable; must not make it smaller
 * @param band the shares that count as achievable
 * @returns undefined when no limit lies in the band
 */
export const achievableLimit = (
  values: readonly number[],
  round: (value: number) => number,
  band: Band,
): AchievableLimit | undefined => {
  const sorted = [...values].sort((left, right) => left - right);
  let best: AchievableLimit | undefined;
  let kept = 0;
  let seen = 0;
  for (const value of sorted) {
    if (value <= seen) {
      continue;
    }
    const limit = round(value);
    while (kept < sorted.length && (sorted[kept] ?? 0) <= limit) {
      kept += 1;
    }
    const share = permille(kept, sorted.length);
    if (share > band.high) {
      break;
    }
    seen = limit;
    if (isWithin(share, band)) {
      best = closer(best, { limit, share }, band);
    }
  }
  return best;
};
