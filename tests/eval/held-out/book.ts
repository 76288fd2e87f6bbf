import type { Payment, Person } from '../people.ts';

/** A first and a last day, both inclusive. */
export type Span = readonly [from: string, to: string];

/** What a person's payments add up to, worked out from the rows of the bank file alone; minor units. */
export interface Book {
  person: Person;
  /** Money out in a span, of some merchants or of all. */
  out(span: Span, merchants?: readonly string[]): number;
  /** Payments at some merchants in a span. */
  count(span: Span, merchants: readonly string[]): number;
  /** The largest payment of a span; `minor` is positive. */
  largest(span: Span, isWanted?: (payment: Payment) => boolean): { minor: number; payment: Payment };
  /** How the day of the last payment at some merchants may be written. */
  lastDay(merchants: readonly string[]): RegExp;
}

const isWithin = ({ date }: Payment, [from, to]: Span): boolean => date >= from && date <= to;

/**
 * Opens a person's book.
 * @param person whose
 */
export function bookOf(person: Person): Book {
  const out = person.payments.filter(({ minor }) => minor < 0);
  const among = (span: Span, merchants?: readonly string[]): Payment[] =>
    out.filter(
      (payment) =>
        isWithin(payment, span) && (merchants === undefined || merchants.includes(payment.merchant)),
    );
  return {
    person,
    out: (span, merchants) => among(span, merchants).reduce((sum, { minor }) => sum - minor, 0),
    count: (span, merchants) => among(span, merchants).length,
    largest: (span, isWanted = () => true) => {
      const [payment] = among(span)
        .filter(isWanted)
        .sort((left, right) => left.minor - right.minor);
      if (payment === undefined) {
        throw new Error('nothing was paid in this span');
      }
      return { minor: -payment.minor, payment };
    },
    lastDay: (merchants) => {
      const last = out.filter(({ merchant }) => merchants.includes(merchant)).at(-1)?.date ?? '';
      const [, month = '', day = ''] = last.split('-').map(Number);
      const name = (language: string): string =>
        new Date(`${last}T00:00:00Z`).toLocaleDateString(language, { month: 'long', timeZone: 'UTC' });
      return new RegExp(
        [
          last,
          `\\b${String(day)} (?:${name('en')}|${name('fr')})`,
          `${name('en')} ${String(day)}\\b`,
          `${String(month)}월 ${String(day)}일`,
        ].join('|'),
        'iu',
      );
    },
  };
}

/**
 * Amounts that are true of somebody's money, whatever was asked: single payments and the sums of each merchant, group of
 * merchants and of everything over months, the year and all of it, with the differences of neighbouring months.
 * @param person whose
 * @param groups merchants that belong together, such as the shops of one category
 */
export function trueAmounts(person: Person, groups: readonly (readonly string[])[]): Set<number> {
  const amounts = new Set<number>([0]);
  const months = [...new Set(person.payments.map(({ date }) => date.slice(0, 7)))];
  const merchants = [...new Set(person.payments.map(({ merchant }) => merchant))];
  const within = (prefix: string, part: readonly string[] | undefined): number[] => [
    ...[-1, 1].map((sign) =>
      person.payments
        .filter(
          ({ date, minor, merchant }) =>
            date.startsWith(prefix) && minor * sign > 0 && (part?.includes(merchant) ?? true),
        )
        .reduce((sum, { minor }) => sum + Math.abs(minor), 0),
    ),
  ];
  for (const { minor } of person.payments) {
    amounts.add(Math.abs(minor));
  }
  for (const part of [undefined, ...merchants.map((merchant) => [merchant]), ...groups]) {
    let before: number[] | undefined;
    for (const prefix of [...months, '2025', '2026', '']) {
      const sums = within(prefix, part);
      const [out = 0, income = 0] = sums;
      amounts
        .add(out)
        .add(income)
        .add(Math.abs(income - out));
      if (before !== undefined) {
        amounts.add(Math.abs((before[0] ?? 0) - out)).add(Math.abs((before[1] ?? 0) - income));
      }
      before = sums;
    }
  }
  return amounts;
}
