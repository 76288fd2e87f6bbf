import { z } from 'zod';

/** A calendar day `YYYY-MM-DD` in the user's zone: a day, not an instant. Days that do not exist are refused. */
export const CalendarDate = z.iso.date();
export type CalendarDate = z.output<typeof CalendarDate>;

/** An instant in UTC as an ISO 8601 string with `Z`. */
export const Instant = z.iso.datetime();
export type Instant = z.output<typeof Instant>;
