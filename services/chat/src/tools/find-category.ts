import { categoryName, categoryNamed } from '@orrery/assistant';
import type { Language } from '@orrery/contracts';
import { ToolRefusal } from './tool-access.ts';

const NO_CATEGORY: Readonly<Record<Language, (word: string) => string>> = {
  en: (word) => `There is no category called ${word}.`,
  fr: (word) => `Il n’existe pas de catégorie « ${word} ».`,
  ko: (word) => `${word} 카테고리는 없어요.`,
};

/**
 * The category that an argument means.
 * @param word slug or name; undefined stays undefined
 * @param language of the user
 * @throws ToolRefusal when there is none
 */
export function findCategory(
  word: string | undefined,
  language: Language,
): { slug: string; name: string } | undefined {
  if (word === undefined) {
    return undefined;
  }
  const slug = categoryNamed(word);
  if (slug === undefined) {
    throw new ToolRefusal('not-found', NO_CATEGORY[language](word));
  }
  return { slug, name: categoryName(slug, language) };
}
