import { CalendarDate } from '@orrery/contracts';

const FIRST = '1900-01-01';
const LAST = '2999-12-31';

/**
 * A day that a caller asks about, from 1900 to 2999. Weeks around it and periods before it are computed, and those must
 * not leave the years that the calendar has.
 */
export const AskedDay = CalendarDate.refine((day) => day >= FIRST && day <= LAST, {
  error: 'must be a day from 1900-01-01 to 2999-12-31',
  abort: true,
});
