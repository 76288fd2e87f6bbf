import { bookOf } from './book.ts';
import { heldOutPeople } from './held-out-people.ts';

/** Days of the held-out questions, first and last, as of Sunday 15 November 2026; written out by hand. */
export const NOV = ['2026-11-01', '2026-11-15'] as const;
export const OCT = ['2026-10-01', '2026-10-31'] as const;
export const SEP = ['2026-09-01', '2026-09-30'] as const;
export const AUG = ['2026-08-01', '2026-08-31'] as const;
export const JUL = ['2026-07-01', '2026-07-31'] as const;
export const JUN = ['2026-06-01', '2026-06-30'] as const;
export const MAY = ['2026-05-01', '2026-05-31'] as const;
export const APR = ['2026-04-01', '2026-04-30'] as const;
export const MAR = ['2026-03-01', '2026-03-31'] as const;
export const FEB = ['2026-02-01', '2026-02-28'] as const;
export const JAN = ['2026-01-01', '2026-01-31'] as const;
export const DEC25 = ['2025-12-01', '2025-12-31'] as const;
export const NOV25 = ['2025-11-01', '2025-11-30'] as const;
export const YEAR = ['2026-01-01', '2026-11-15'] as const;
export const LAST_WEEK = ['2026-11-02', '2026-11-08'] as const;
export const THIS_WEEK = ['2026-11-09', '2026-11-15'] as const;

export const FOOD_GB = ['Aldi', 'Waitrose'];
export const FOOD_US = ["Trader Joe's", 'Walmart'];
export const FOOD_FR = ['Leclerc', 'Auchan'];
export const FOOD_KR = ['홈플러스', '롯데마트'];

/** The books of the four people, from which the right answers come. */
export const heldOutBooks = () => {
  const people = heldOutPeople();
  return { gb: bookOf(people.gb), us: bookOf(people.us), fr: bookOf(people.fr), kr: bookOf(people.kr) };
};

/** Finds a number that stands by itself. */
export const number = (count: number): RegExp => new RegExp(`(^|[^\\d.,])${String(count)}([^\\d.,]|$)`);
