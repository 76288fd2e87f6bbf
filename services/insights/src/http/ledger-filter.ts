import { CalendarDate, CATEGORIES, categoryBySlug, CategorySlug, ResourceId } from '@orrery/contracts';
import { AppError } from '@orrery/service-kit';
import { z } from 'zod';
import { UNCATEGORISED } from '../domain/types.ts';

/** Query fields that choose rows of the ledger; days are inclusive. */
export const LEDGER_FILTER = {
  from: CalendarDate.optional(),
  to: CalendarDate.optional(),
  category: CategorySlug.optional(),
  q: z
    .string()
    .min(1)
    .max(200)
    .refine((text) => !text.includes('\0'), 'must not contain a null character')
    .optional(),
  account: ResourceId.optional(),
};

/**
 * The categories that a query means: a group stands for its leaves, and `uncategorised` for decided as unknown.
 * @param slug what was asked for, if anything
 * @throws AppError `validation-failed` when it is no category
 */
export const categoriesMeant = (slug: string | undefined): (string | null)[] | undefined => {
  if (slug === undefined) {
    return undefined;
  }
  if (slug === UNCATEGORISED) {
    return [null];
  }
  if (categoryBySlug(slug) === undefined) {
    throw new AppError('validation-failed', {
      fields: [{ in: 'query', field: 'category', message: 'is not a category' }],
    });
  }
  return [slug, ...CATEGORIES.filter(({ parent }) => parent === slug).map((leaf) => leaf.slug)];
};
