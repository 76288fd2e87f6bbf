import { categoryName, type ToolArguments, type ToolResult } from '@orrery/assistant';
import { AppError } from '@orrery/service-kit';
import { ReadOwnSegment } from '../clients/routes.ts';
import type { RunTool } from './tool-access.ts';

const MAX_CATEGORIES = 3;

const nameOf = (category: unknown, language: 'en' | 'fr' | 'ko'): string[] => {
  if (typeof category === 'string') {
    return [categoryName(category, language)];
  }
  const named =
    typeof category === 'object' && category !== null && 'name' in category ? category.name : undefined;
  return typeof named === 'string' ? [named] : [];
};

/** Which kind of spender the user is. */
export const getSpendingProfile: RunTool<
  ToolArguments<'get_spending_profile'>,
  ToolResult<'get_spending_profile'>
> = async (_args, access) => {
  try {
    const { body } = await access.call('segmentation', ReadOwnSegment, {});
    const { segment } = body;
    return {
      asOf: access.today,
      segment:
        segment === null
          ? null
          : {
              name: segment.name,
              description: segment.description,
              topCategories: segment.topCategories
                .flatMap((category) => nameOf(category, access.language))
                .slice(0, MAX_CATEGORIES),
            },
    };
  } catch (error) {
    // A user without enough rows has no segment.
    if (error instanceof AppError && error.status === 404 && error.code === 'not-found') {
      return { asOf: access.today, segment: null };
    }
    throw error;
  }
};
