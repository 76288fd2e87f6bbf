import { categoryByPfc } from '@orrery/contracts';
import type { Transaction } from './types.ts';

/**
 * The leaf that the provider's own codes mean; null without a hint, with unknown codes or with its catch-all.
 * @param hint PFC codes, version 1 or 2
 */
export const categoryOfHint = (hint: Transaction['providerCategory']): string | null => {
  if (hint === undefined || hint.primary === 'OTHER') {
    return null;
  }
  const category = hint.detailed === undefined ? undefined : categoryByPfc(hint.detailed);
  return category === undefined || category.parent === null ? null : category.slug;
};
