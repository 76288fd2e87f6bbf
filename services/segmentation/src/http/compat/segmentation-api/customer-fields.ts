import { AppError } from '@orrery/service-kit';
import { z } from 'zod';
import { MODEL_NOT_TRAINED } from '../../../segmentation-errors.ts';

const SEXES: Readonly<Record<string, string>> = {
  male: 'Male',
  m: 'Male',
  female: 'Female',
  f: 'Female',
  other: 'Other',
};

/** A customer as the legacy contract writes it; a sex in other letters is put right. */
export const CustomerFields = z.object({
  sex: z
    .string()
    .max(16)
    .refine((sex) => Object.hasOwn(SEXES, sex.trim().toLowerCase()), 'must be Male, Female or Other')
    .transform((sex) => SEXES[sex.trim().toLowerCase()] ?? sex),
  age: z.int().min(18).max(100),
  annual_income: z.number().min(0).max(1e6),
  spending_score: z.number().min(1).max(100),
  purchase_frequency: z.number().min(0).max(1e6),
});

/** The same in answers. */
export const CustomerData = z.object({
  sex: z.string(),
  age: z.number(),
  annual_income: z.number(),
  spending_score: z.number(),
  purchase_frequency: z.number(),
});

/** Rows to pass over and rows to give. */
export const legacyPage = (limit: number) => ({
  skip: z.coerce.number().int().min(0).max(1_000_000).default(0),
  limit: z.coerce.number().int().min(1).max(500).default(limit),
});

/** What every route of the legacy segmentation API has in common. */
export const SEGMENTATION_API = {
  tag: 'Customer segmentation',
  audience: 'user',
  errorShape: 'detail',
} as const;

/**
 * Answers a missing model in the words and with the status of the legacy contract.
 * @param work what needs the model
 * @throws AppError `model-not-trained` with status 400
 */
export const whenTrained = async <Result>(work: Promise<Result>): Promise<Result> => {
  try {
    return await work;
  } catch (error) {
    if (error instanceof AppError && error.code === MODEL_NOT_TRAINED.code) {
      throw new AppError(MODEL_NOT_TRAINED, { status: 400, detail: 'Model not trained', cause: error });
    }
    throw error;
  }
};
