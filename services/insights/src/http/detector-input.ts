import { CategorySlug, Currency, LedgerDay } from '@orrery/contracts';
import { parseDecimal } from '@orrery/money';
import { z } from 'zod';
import type { DetectorTransaction } from '../domain/detector-transaction.ts';

/** Most transactions that a detector looks at in one request. */
const MAX_TRANSACTIONS = 20_000;

const minorUnits = (amount: string, currency: string): number | undefined => {
  try {
    return parseDecimal(amount, currency);
  } catch (error) {
    if (error instanceof Error && 'code' in error) {
      return undefined;
    }
    throw error;
  }
};

const Transaction = z
  .object({
    id: z.string().min(1).max(128),
    date: LedgerDay,
    time: z
      .string()
      .regex(/^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$/, 'must be a time such as 21:05')
      .optional(),
    merchant: z.string().min(1).max(512),
    amount: z.string().max(32),
    currency: Currency,
    category: CategorySlug.nullish(),
    country: z
      .string()
      .regex(/^[A-Z]{2}$/, 'must be an ISO 3166 code such as FR')
      .nullish(),
  })
  .transform(({ time, amount, category, country, ...rest }, context): DetectorTransaction => {
    const amountMinor = minorUnits(amount, rest.currency);
    if (amountMinor === undefined) {
      context.addIssue({
        code: 'custom',
        path: ['amount'],
        message: `must be a decimal such as -12.34 with the digits of ${rest.currency}`,
      });
    }
    return {
      ...rest,
      amountMinor: amountMinor ?? 0,
      hour: time === undefined ? undefined : Number(time.slice(0, 2)),
      category: category ?? undefined,
      country: country ?? undefined,
    };
  });

/** Body of the detectors' routes. */
export const DetectorBody = z.object({ transactions: z.array(Transaction).min(1).max(MAX_TRANSACTIONS) });

/** 20,000 rows of the longest usual form. */
export const DETECTOR_BODY_LIMIT_BYTES = 8 * 1024 * 1024;
