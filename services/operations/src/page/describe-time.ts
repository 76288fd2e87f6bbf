const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/**
 * An instant as people read it in a table, in UTC.
 * @param instant ISO 8601
 */
export const shortInstant = (instant: string): string => `${instant.slice(0, 10)} ${instant.slice(11, 19)}`;

/**
 * A length of time in its two largest units.
 * @param ms milliseconds; negative counts as zero
 */
export function shortDuration(ms: number): string {
  const rest = Math.max(0, ms);
  if (rest < MINUTE_MS) {
    return `${(rest / SECOND_MS).toFixed(rest < 10 * SECOND_MS ? 1 : 0)} s`;
  }
  if (rest < HOUR_MS) {
    return `${Math.floor(rest / MINUTE_MS)} min ${Math.floor((rest % MINUTE_MS) / SECOND_MS)} s`;
  }
  return rest < DAY_MS
    ? `${Math.floor(rest / HOUR_MS)} h ${Math.floor((rest % HOUR_MS) / MINUTE_MS)} min`
    : `${Math.floor(rest / DAY_MS)} d ${Math.floor((rest % DAY_MS) / HOUR_MS)} h`;
}
