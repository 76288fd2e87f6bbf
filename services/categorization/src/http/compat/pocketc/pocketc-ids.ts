import { categoryBySlug } from '@orrery/contracts';

/** PocketC's ids of a decision; `fallback` marks "other spending" that stands for "not known". */
export interface PocketcIds {
  majorId: number;
  subId: number;
  isFixed: boolean;
  fallback?: true;
}

/**
 * PocketC's ids of a category.
 * @param slug category, or null when undecided
 */
export const pocketcIds = (slug: string | null): PocketcIds => {
  const category = slug === null ? undefined : categoryBySlug(slug);
  return category === undefined
    ? { majorId: 10, subId: 39, isFixed: false, fallback: true }
    : { majorId: category.pocketcMajor, subId: category.pocketcSub, isFixed: category.fixed };
};
