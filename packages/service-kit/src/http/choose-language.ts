import { LANGUAGES } from '@orrery/contracts';
import type { Language } from '@orrery/contracts';

const isLanguage = (text: string): text is Language => LANGUAGES.some((language) => language === text);

/**
 * The language of an answer: what the user set, else the best match of the header, else the surface's default.
 * @param header `Accept-Language` (RFC 9110 12.5.4); regions are ignored, so `fr-CA` means French
 * @param fallback default of the surface
 * @param setting what the user chose, if anything
 */
export const chooseLanguage = (
  header: string | undefined,
  fallback: Language,
  setting?: Language,
): Language => {
  if (setting !== undefined) {
    return setting;
  }
  const wishes = (header ?? '')
    .slice(0, 512)
    .split(',')
    .map((part) => {
      const [tag = '', ...parameters] = part.split(';').map((piece) => piece.trim());
      const quality = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
      return { language: tag.toLowerCase().split('-')[0] ?? '', quality: Number(quality ?? '1') };
    })
    .filter(({ quality }) => quality > 0)
    .sort((left, right) => right.quality - left.quality);
  return wishes.map(({ language }) => language).find(isLanguage) ?? fallback;
};
