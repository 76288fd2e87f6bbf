import { z } from 'zod';

/**
 * A calendar day `YYYY-MM-DD` in the user's zone: a day, not an instant. Days that do not exist are refused, and end the
 * check, so that no rule about two days meets half of them.
 */
export const CalendarDate = z.iso.date({ abort: true });
export type CalendarDate = z.output<typeof CalendarDate>;

/** An instant in UTC as an ISO 8601 string with `Z`. */
export const Instant = z.iso.datetime();
export type Instant = z.output<typeof Instant>;
