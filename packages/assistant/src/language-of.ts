import type { Language } from '@orrery/contracts';
import { fold } from './fold.ts';
import { ENGLISH_WORDS, FRENCH_WORDS } from './vocabulary.ts';

// Words of one language that the other has not.
const FRENCH = new Set([
  ...[...FRENCH_WORDS].filter((word) => word.length > 1 && !ENGLISH_WORDS.has(word)),
  ...'janvier fevrier mars avril juin juillet aout septembre octobre novembre decembre loyer courses'.split(
    ' ',
  ),
]);
const ENGLISH = new Set([...ENGLISH_WORDS].filter((word) => !FRENCH_WORDS.has(word)));

/**
 * The language of a question.
 * @param text what the user wrote
 * @param fallback when the text shows none
 */
export function languageOf(text: string, fallback: Language): Language {
  if (/\p{Script=Hangul}/u.test(text)) {
    return 'ko';
  }
  const words = fold(text)
    .replaceAll(/\b(?:[dlnscmtj]|qu|jusqu)'/g, 'le ')
    .split(/[^\p{L}-]+/u);
  const french = words.filter((word) => FRENCH.has(word)).length + (/[éèêàçùœ]/iu.test(text) ? 1 : 0);
  const english = words.filter((word) => ENGLISH.has(word)).length;
  if (french === english) {
    return fallback;
  }
  return french > english ? 'fr' : 'en';
}
