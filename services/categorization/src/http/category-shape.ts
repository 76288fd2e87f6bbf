import { categoryBySlug, CategorySlug } from '@orrery/contracts';
import type { Language } from '@orrery/contracts';
import { z } from 'zod';

/** A category inside another answer. */
export const CategoryShape = z
  .object({
    slug: CategorySlug,
    name: z.string(),
    pfcPrimary: z.string(),
    pfcDetailed: z.string().nullable(),
  })
  .meta({ id: 'CategoryReference' });

/**
 * A category in the caller's language; null for none.
 * @param slug category, or null when undecided
 * @param language language of the name
 */
export const shownCategory = (
  slug: string | null,
  language: Language,
): z.output<typeof CategoryShape> | null => {
  const category = slug === null ? undefined : categoryBySlug(slug);
  return category === undefined
    ? null
    : {
        slug: category.slug,
        name: category.names[language],
        pfcPrimary: category.pfcPrimary,
        pfcDetailed: category.pfcDetailed,
      };
};
