import { z } from 'zod';

/** ISO 4217 code, upper case. */
export const Currency = z.string().regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code such as EUR');
export type Currency = z.output<typeof Currency>;

/** Money in integer minor units of its currency (cents, pence, won); negative is money out. */
export const AmountMinor = z.int().min(Number.MIN_SAFE_INTEGER).max(Number.MAX_SAFE_INTEGER);

/** Money between services. */
export const Amount = z.object({ amountMinor: AmountMinor, currency: Currency });
export type Amount = z.output<typeof Amount>;

/** Money on the public `/v1` surface: a plain decimal string, so that no client sees a rounded float. */
export const MoneyText = z
  .object({
    amount: z.string().regex(/^-?\d{1,16}(\.\d{1,4})?$/, 'must be a decimal such as -12.34'),
    currency: Currency,
  })
  .meta({ id: 'Money' });
export type MoneyText = z.output<typeof MoneyText>;
