/**
 * Currencies whose users share one clock, or nearly so. It is where a user's days are cut who chose no zone; dollars
 * are spent in too many zones to say.
 */
const ZONES: ReadonlyMap<string, string> = new Map([
  ['KRW', 'Asia/Seoul'],
  ['JPY', 'Asia/Tokyo'],
  ['GBP', 'Europe/London'],
  ['EUR', 'Europe/Paris'],
]);

/**
 * The time zone that a currency suggests, or undefined.
 * @param currency ISO 4217 code
 */
export const zoneOfCurrency = (currency: string): string | undefined => ZONES.get(currency);
