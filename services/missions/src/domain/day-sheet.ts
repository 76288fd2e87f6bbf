import { dayNumber } from '@orrery/calendar';
import type { CalendarDay } from '@orrery/calendar';
import type { KnownRow, RowUpdate } from './known-rows.ts';
import { comparePurchases, spendingSub } from './purchases.ts';
import type { Purchase } from './purchases.ts';

/**
 * The spending of one user, day and currency in columns, one place per purchase or refund. It is made from the rows and
 * can be made again at any time; in columns a month of it is a third of the size that documents would take.
 */
export interface DaySheet {
  day: CalendarDay;
  currency: string;
  subs: number[];
  amounts: number[];
  minutes: number[];
  shops: number[];
}

interface Page {
  day: CalendarDay;
  currency: string;
  purchases: Purchase[];
}

const keyOf = ({ day, currency }: { day: CalendarDay; currency: string }): string => `${day} ${currency}`;

const purchaseOf = ({ day, minute, category, amountMinor, shop }: KnownRow): Purchase | null => {
  const sub = spendingSub(category, amountMinor);
  return sub === null || amountMinor === 0
    ? null
    : { dayNumber: dayNumber(day), minute, sub, amountMinor, shop };
};

const pageFor = (pages: Map<string, Page>, row: KnownRow): Page => {
  const key = keyOf(row);
  const page = pages.get(key) ?? { day: row.day, currency: row.currency, purchases: [] };
  pages.set(key, page);
  return page;
};

const sheetOf = ({ day, currency, purchases }: Page): DaySheet => {
  purchases.sort(comparePurchases);
  return {
    day,
    currency,
    subs: purchases.map(({ sub }) => sub),
    amounts: purchases.map(({ amountMinor }) => amountMinor),
    minutes: purchases.map(({ minute }) => minute),
    shops: purchases.map(({ shop }) => shop),
  };
};

/**
 * Gathers rows into sheets, in an order that does not depend on theirs.
 * @param rows rows of one user
 */
export const sheetsOf = (rows: readonly KnownRow[]): DaySheet[] =>
  changeSheets(
    [],
    rows.map((row) => ({ before: null, after: row })),
  );

/**
 * Sheets after rows changed: the same as if they had been gathered from all rows, without reading those that stayed.
 * @param sheets of the days that the changes touch, as far as there are any
 * @param changes what the rows were and are
 * @returns every sheet that was given or came up; one may have become empty
 */
export function changeSheets(sheets: readonly DaySheet[], changes: readonly RowUpdate[]): DaySheet[] {
  const pages = new Map<string, Page>();
  for (const sheet of sheets) {
    const { day, currency } = sheet;
    pages.set(keyOf(sheet), { day, currency, purchases: purchasesOf([sheet]) });
  }
  for (const { before, after } of changes) {
    const [gone, come] = [before && purchaseOf(before), after && purchaseOf(after)];
    if (before !== null && gone !== null) {
      const { purchases } = pageFor(pages, before);
      const index = purchases.findIndex((purchase) => comparePurchases(purchase, gone) === 0);
      if (index !== -1) {
        purchases.splice(index, 1);
      }
    }
    if (after !== null && come !== null) {
      pageFor(pages, after).purchases.push(come);
    }
  }
  return [...pages.values()].map(sheetOf);
}

/**
 * The purchases of sheets.
 * @param sheets of one user and currency
 */
export const purchasesOf = (sheets: readonly DaySheet[]): Purchase[] => {
  const purchases: Purchase[] = [];
  for (const { day, subs, amounts, minutes, shops } of sheets) {
    const number = dayNumber(day);
    for (const [index, sub] of subs.entries()) {
      purchases.push({
        dayNumber: number,
        minute: minutes[index] ?? -1,
        sub,
        amountMinor: amounts[index] ?? 0,
        shop: shops[index] ?? 0,
      });
    }
  }
  return purchases;
};

/**
 * The currency in which most purchases were made, the first by name when several tie; undefined without sheets.
 * @param sheets of one user
 */
export const mainCurrency = (sheets: readonly DaySheet[]): string | undefined => {
  const counts = new Map<string, number>();
  for (const { currency, subs } of sheets) {
    counts.set(currency, (counts.get(currency) ?? 0) + subs.length);
  }
  return [...counts].sort(
    ([leftName, left], [rightName, right]) => right - left || (leftName < rightName ? -1 : 1),
  )[0]?.[0];
};
