import { z } from 'zod';

/**
 * A calendar day `YYYY-MM-DD` in the user's zone: a day, not an instant. Days that do not exist are refused, and end the
 * check, so that no rule about two days meets half of them.
 */
export const CalendarDate = z.iso.date({ abort: true });
export type CalendarDate = z.output<typeof CalendarDate>;

const FIRST_LEDGER_DAY = '1900-01-01';
const LAST_LEDGER_DAY = '2999-12-31';

/**
 * A day that a ledger can hold or be asked about, from 1900 to 2999. Weeks around it and periods before it are computed,
 * and those must not leave the years that the calendar has.
 */
export const LedgerDay = CalendarDate.refine((day) => day >= FIRST_LEDGER_DAY && day <= LAST_LEDGER_DAY, {
  error: `must be a day from ${FIRST_LEDGER_DAY} to ${LAST_LEDGER_DAY}`,
  abort: true,
});

/** An instant in UTC as an ISO 8601 string with `Z`. */
export const Instant = z.iso.datetime();
export type Instant = z.output<typeof Instant>;
