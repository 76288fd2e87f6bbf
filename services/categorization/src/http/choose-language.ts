import { LANGUAGES } from '@orrery/contracts';
import type { Language } from '@orrery/contracts';

interface Wish {
  language: string;
  quality: number;
}

const readWish = (part: string): Wish => {
  const [tag = '', ...parameters] = part.split(';');
  const quality = parameters
    .map((parameter) => /^\s*q=(\d(?:\.\d+)?)\s*$/.exec(parameter)?.[1])
    .find(Boolean);
  return {
    language: (tag.trim().toLowerCase().split('-')[0] ?? '').slice(0, 8),
    quality: Number(quality ?? 1),
  };
};

/**
 * Language of an answer from `Accept-Language`; regions are ignored, and English stands in when none fits.
 * @param header value of the header
 */
export const chooseLanguage = (header: string | undefined): Language => {
  const wishes = (header ?? '').slice(0, 512).split(',').map(readWish);
  wishes.sort((a, b) => b.quality - a.quality);
  for (const { language, quality } of wishes) {
    const known = LANGUAGES.find((each) => each === language);
    if (known !== undefined && quality > 0) {
      return known;
    }
  }
  return 'en';
};
