import { roleOf, categoryBySlug } from '@orrery/contracts';

/**
 * What the rules of missions see of a ledger row of a spending category. Rows of a list share one currency.
 */
export interface Purchase {
  /** Days since 1970-01-01 on the user's calendar. */
  dayNumber: number;
  /** Minute of the local day, 0 to 1439; -1 when the source tells no time. */
  minute: number;
  /** Subcategory of PocketC. */
  sub: number;
  /** Signed minor units; negative is money out, positive a refund. */
  amountMinor: number;
  /** Digest of the shop's name; equal shops have equal digests. */
  shop: number;
}

/** What remains of purchases after refunds: spending, or a credit that belongs to no whole purchase. */
export interface NetPurchase {
  dayNumber: number;
  minute: number;
  sub: number;
  /** Minor units; positive is spending, negative a credit. */
  spentMinor: number;
}

/** A refund this long after a purchase is taken for something else. */
export const MAX_REFUND_DAYS = 60;

const OTHER = 39;

/**
 * The subcategory of PocketC that a row counts under, or null when it is no spending. Undecided money out counts as
 * "other"; undecided money in is taken for income, because nothing says what it would reduce.
 * @param category slug, or null when decided as unknown
 * @param amountMinor signed minor units; negative is money out
 */
export const spendingSub = (category: string | null, amountMinor: number): number | null => {
  if (roleOf(category, amountMinor) !== 'spending') {
    return null;
  }
  return (category === null ? undefined : categoryBySlug(category)?.pocketcSub) ?? OTHER;
};

/** Order of purchases that does not depend on the order of their arrival; refunds come last within a day. */
export const comparePurchases = (left: Purchase, right: Purchase): number =>
  left.dayNumber - right.dayNumber ||
  Number(left.amountMinor > 0) - Number(right.amountMinor > 0) ||
  left.minute - right.minute ||
  left.amountMinor - right.amountMinor ||
  left.shop - right.shop ||
  left.sub - right.sub;

const isBefore = (purchase: Purchase, refund: Purchase): boolean =>
  refund.dayNumber - purchase.dayNumber <= MAX_REFUND_DAYS &&
  (purchase.dayNumber < refund.dayNumber ||
    purchase.minute < 0 ||
    refund.minute < 0 ||
    purchase.minute <= refund.minute);

/**
 * Takes refunds out. A refund of the whole price by the same shop undoes the latest such purchase, as if neither had
 * been; any other refund remains as a credit on its own day. The result does not depend on the order of the input.
 * @param purchases rows of one user and currency
 */
export const netOfRefunds = (purchases: readonly Purchase[]): NetPurchase[] => {
  if (!purchases.some(({ amountMinor }) => amountMinor > 0)) {
    return purchases.map(toNet);
  }
  const ordered = [...purchases].sort(comparePurchases);
  const open = new Map<string, Purchase[]>();
  const undone = new Set<Purchase>();
  for (const row of ordered) {
    if (row.amountMinor < 0) {
      const key = `${row.shop}:${-row.amountMinor}`;
      const known = open.get(key);
      if (known === undefined) {
        open.set(key, [row]);
      } else {
        known.push(row);
      }
      continue;
    }
    const candidates = open.get(`${row.shop}:${row.amountMinor}`) ?? [];
    const index = candidates.findLastIndex((purchase) => isBefore(purchase, row));
    const [purchase] = index === -1 ? [] : candidates.splice(index, 1);
    if (purchase !== undefined) {
      undone.add(purchase);
      undone.add(row);
    }
  }
  return ordered.filter((row) => !undone.has(row)).map(toNet);
};

function toNet({ dayNumber, minute, sub, amountMinor }: Purchase): NetPurchase {
  return { dayNumber, minute, sub, spentMinor: -amountMinor };
}
