import { LANGUAGES, type Language } from '@orrery/contracts';

const isLanguage = (text: string): text is Language => LANGUAGES.some((language) => language === text);

/**
 * The best language that a client accepts, by `Accept-Language` (RFC 9110 12.5.4); regions are ignored.
 * @param header value of the header
 * @param fallback when it names none of ours
 */
export function chooseLanguage(header: string | undefined, fallback: Language): Language {
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
}
