import type { CalendarDate } from '@orrery/contracts';

/** What sums, reports, detectors and the text search need of a ledger row. */
export interface PackedRow {
  id: string;
  postedOn: CalendarDate;
  /** Day of the purchase on the user's calendar. */
  day: CalendarDate;
  /** Minor units; negative is money out. */
  amountMinor: number;
  currency: string;
  category: string | null;
  accountId: string;
  /** The shop as people know it, else as the bank names it, else the bank's text. */
  merchant: string;
  country: string | null;
  /** Description and merchants in one form of case and accents. */
  text: string;
}

/** Rows of one month of posting, packed so that a whole year is a few reads. */
export interface RowBundle {
  id: string;
  /** `YYYY-MM` in which its rows are posted. */
  month: string;
  rows: PackedRow[];
}

/** How one row changes, and the bundle that holds it now; null for none. */
export interface PackedChange {
  id: string;
  bundleId: string | null;
  /** The row as it should be; null when it goes. */
  after: PackedRow | null;
}

/** Rows of a bundle at most: large enough for few reads, small enough to be written again for one row. */
export const BUNDLE_ROWS = 200;

/**
 * From so many new rows of a month on they get bundles of their own: two events of an import, worked side by side, then
 * do not write to the same bundle.
 */
export const OWN_BUNDLE_ROWS = 100;

/** What a set of changes makes of bundles. */
export interface BundlePlan {
  /** Bundles to store; one without rows is to be removed. */
  touched: RowBundle[];
  /** Where each changed row lies now; null for those that are gone. */
  places: Map<string, string | null>;
}

/**
 * Month of a day.
 * @param day `YYYY-MM-DD`
 */
export const monthOfDay = (day: CalendarDate): string => day.slice(0, 7);

const entering = (changes: readonly PackedChange[], bundles: ReadonlyMap<string, RowBundle>) =>
  changes.flatMap(({ bundleId, after }) =>
    after === null || (bundleId !== null && bundles.get(bundleId)?.month === monthOfDay(after.postedOn))
      ? []
      : [after],
  );

/**
 * Months in which new rows join a bundle that has room.
 * @param changes how rows change
 * @param bundles the bundles that hold them now
 */
export const monthsToJoin = (
  changes: readonly PackedChange[],
  bundles: ReadonlyMap<string, RowBundle>,
): string[] =>
  [...Map.groupBy(entering(changes, bundles), ({ postedOn }) => monthOfDay(postedOn))]
    .filter(([, rows]) => rows.length < OWN_BUNDLE_ROWS)
    .map(([month]) => month);

/**
 * Applies changes of rows to bundles: a row that stays in its month changes in place, others leave and enter. After any
 * run of plans each row lies in exactly one bundle, the one of its month.
 * @param changes how rows change, one per row
 * @param bundles the bundles that hold them now, by id
 * @param roomy a bundle with room per month of `monthsToJoin`, where there is one
 * @param newId makes the id of another bundle
 */
export const planBundles = (
  changes: readonly PackedChange[],
  bundles: ReadonlyMap<string, RowBundle>,
  roomy: ReadonlyMap<string, RowBundle>,
  newId: () => string,
): BundlePlan => {
  const touched = new Map<string, RowBundle>();
  const places = new Map<string, string | null>();
  const opened = (bundle: RowBundle): RowBundle => {
    const known = touched.get(bundle.id);
    if (known !== undefined) {
      return known;
    }
    const copy = { ...bundle, rows: [...bundle.rows] };
    touched.set(bundle.id, copy);
    return copy;
  };

  for (const { id, bundleId, after } of changes) {
    places.set(id, null);
    const holder = bundleId === null ? undefined : bundles.get(bundleId);
    if (holder === undefined) {
      continue;
    }
    const open = opened(holder);
    if (after !== null && open.month === monthOfDay(after.postedOn)) {
      open.rows = open.rows.map((row) => (row.id === id ? after : row));
      places.set(id, open.id);
    } else {
      open.rows = open.rows.filter((row) => row.id !== id);
    }
  }

  const byMonth = Map.groupBy(entering(changes, bundles), ({ postedOn }) => monthOfDay(postedOn));
  for (const [month, rows] of byMonth) {
    const room = roomy.get(month);
    let open = room === undefined || rows.length >= OWN_BUNDLE_ROWS ? undefined : opened(room);
    for (const row of rows) {
      if (open === undefined || open.rows.length >= BUNDLE_ROWS) {
        open = opened({ id: newId(), month, rows: [] });
      }
      open.rows.push(row);
      places.set(row.id, open.id);
    }
  }
  return { touched: [...touched.values()], places };
};
