import { dayNumber } from '@orrery/calendar';
import type { CalendarDay } from '@orrery/calendar';
import type { KnownRow } from './known-rows.ts';
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

/**
 * Gathers rows into sheets, in an order that does not depend on theirs.
 * @param rows rows of one user
 */
export const sheetsOf = (rows: readonly KnownRow[]): DaySheet[] => {
  const byKey = new Map<string, { day: CalendarDay; currency: string; purchases: Purchase[] }>();
  for (const { day, minute, currency, category, amountMinor, shop } of rows) {
    const sub = spendingSub(category, amountMinor);
    if (sub === null || amountMinor === 0) {
      continue;
    }
    const key = `${day} ${currency}`;
    const sheet = byKey.get(key) ?? { day, currency, purchases: [] };
    sheet.purchases.push({ dayNumber: dayNumber(day), minute, sub, amountMinor, shop });
    byKey.set(key, sheet);
  }
  return [...byKey.values()].map(({ day, currency, purchases }) => {
    purchases.sort(comparePurchases);
    return {
      day,
      currency,
      subs: purchases.map(({ sub }) => sub),
      amounts: purchases.map(({ amountMinor }) => amountMinor),
      minutes: purchases.map(({ minute }) => minute),
      shops: purchases.map(({ shop }) => shop),
    };
  });
};

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
