import { parseDecimal } from '@orrery/money';
import { fold } from './fold.ts';

/** An amount that a text names. */
export interface NamedAmount {
  amountMinor: number;
  currency: string;
}

const SIGNS: Readonly<Record<string, string>> = {
  '£': 'GBP',
  '€': 'EUR',
  $: 'USD',
  '₩': 'KRW',
  '¥': 'JPY',
  us$: 'USD',
  ca$: 'CAD',
  c$: 'CAD',
  au$: 'AUD',
  a$: 'AUD',
  nz$: 'NZD',
  hk$: 'HKD',
  s$: 'SGD',
  pounds: 'GBP',
  pound: 'GBP',
  quid: 'GBP',
  livres: 'GBP',
  gbp: 'GBP',
  euros: 'EUR',
  euro: 'EUR',
  eur: 'EUR',
  dollars: 'USD',
  dollar: 'USD',
  usd: 'USD',
  won: 'KRW',
  krw: 'KRW',
  원: 'KRW',
  유로: 'EUR',
  파운드: 'GBP',
  달러: 'USD',
  yen: 'JPY',
  jpy: 'JPY',
  엔: 'JPY',
  yuan: 'CNY',
  cny: 'CNY',
  위안: 'CNY',
  chf: 'CHF',
  cad: 'CAD',
  aud: 'AUD',
  nzd: 'NZD',
  hkd: 'HKD',
  sgd: 'SGD',
  sek: 'SEK',
  nok: 'NOK',
  dkk: 'DKK',
  pln: 'PLN',
  inr: 'INR',
};
/** Signs and words that several currencies share: they mean the user's own, where it is one of them. */
const SHARED: Readonly<Record<string, ReadonlySet<string>>> = {
  USD: new Set(['USD', 'CAD', 'AUD', 'NZD', 'HKD', 'SGD']),
  JPY: new Set(['JPY', 'CNY']),
};
const IS_SHARED = /^(?:\$|dollars?|달러|¥)$/;
const CODES = Object.keys(SIGNS)
  .filter((sign) => /^[a-z]{3}$/.test(sign) && SIGNS[sign] === sign.toUpperCase())
  .join('|');
const WORDS = Object.keys(SIGNS)
  .filter((sign) => !/[£€$₩¥]/.test(sign))
  .sort((left, right) => right.length - left.length)
  .join('|');
const NUMBER = String.raw`\d{1,3}(?:[ ,.]\d{3})+(?:[.,]\d{1,2})?(?!\d)|\d+(?:[.,]\d{1,2})?`;
const BEFORE = new RegExp(
  String.raw`((?<![a-z])(?:(?:us|ca|c|au|a|nz|hk|s)\$|(?:${CODES})(?=[\s\d]))|[£€$₩¥])\s?(${NUMBER})(k\b|천만|백만|십만|천|만|억)?`,
);
/** `1만 5천원` is one amount of several parts, which is not read, and never its last part. */
const NO_PART = String.raw`(?<![\d.,]|[천만억백]\s?)`;
const AFTER = new RegExp(
  String.raw`${NO_PART}(${NUMBER})\s?(k\b|천만|백만|십만|천|만|억)?\s?((?<=[\d\s])(?:us|ca|au|nz|hk)\$|[£€$₩¥]|(?:${WORDS})(?![a-z]))`,
);
const BARE_KOREAN = new RegExp(
  String.raw`${NO_PART}(${NUMBER})\s?(천만|백만|십만|천|만|억)(?!\s?\d)(?!\S*(?:월|일|년))`,
);

const SCALE: Readonly<Record<string, number>> = {
  k: 1_000,
  천: 1_000,
  만: 10_000,
  십만: 100_000,
  백만: 1_000_000,
  천만: 10_000_000,
  억: 100_000_000,
};

/** The currency that a sign or word stands for. */
const currencyOf = (sign: string, own: string): string => {
  const usual = SIGNS[sign] ?? own;
  return IS_SHARED.test(sign) && SHARED[usual]?.has(own) === true ? own : usual;
};

/** The decimal text of a written number: a last group of one or two digits is its fraction. */
const plain = (written: string): string => {
  const match = /^(.*?)(?:[.,](\d{1,2}))?$/.exec(written);
  const whole = (match?.[1] ?? '').replaceAll(/[ ,.]/g, '');
  return match?.[2] === undefined ? whole : `${whole}.${match[2]}`;
};

const minorOf = (written: string, scale: string | undefined, currency: string): number | undefined => {
  try {
    const minor = parseDecimal(plain(written), currency) * (SCALE[scale ?? ''] ?? 1);
    return Number.isSafeInteger(minor) ? minor : undefined;
  } catch (error) {
    if (error instanceof Error && 'code' in error) {
      return undefined;
    }
    throw error;
  }
};

// "over 80" names an amount too, as long as no unit of time follows.
const BARE_LIMIT = new RegExp(
  String.raw`\b(?:over|above|more than|under|below|less than|at least|at most|plus de|moins de|au moins)\s(${NUMBER})(?!\s?(?:days?|weeks?|months?|years?|times|jours?|semaines?|mois|ans?|fois|%))(?![\d.,/])`,
);

/**
 * Where a text names amounts of money.
 * @param folded folded text
 */
export const amountStretches = (folded: string): { start: number; end: number }[] =>
  [BEFORE, AFTER, BARE_KOREAN, BARE_LIMIT].flatMap((pattern) =>
    [...folded.matchAll(new RegExp(pattern.source, 'g'))].map((match) => {
      const end = match.index + match[0].length;
      const words = pattern === BARE_LIMIT ? match[0].length - (match[1]?.length ?? 0) : 0;
      return { start: match.index + words, end };
    }),
  );

/**
 * The first amount of money in a text: `£1,200.50`, `200 euros`, `5만 원`.
 * @param text what the user wrote
 * @param defaultCurrency the user's own currency, for numbers without a unit and signs that several currencies share
 * @returns undefined when it names none
 */
export function amountOf(text: string, defaultCurrency: string): NamedAmount | undefined {
  const folded = fold(text);
  const before = BEFORE.exec(folded);
  const after = before === null ? AFTER.exec(folded) : null;
  const bare = before === null && after === null ? BARE_KOREAN.exec(folded) : null;
  const [written, scale, sign] =
    before !== null
      ? [before[2], before[3], before[1]]
      : after !== null
        ? [after[1], after[2], after[3]]
        : [bare?.[1] ?? BARE_LIMIT.exec(folded)?.[1], bare?.[2], undefined];
  if (written === undefined) {
    return undefined;
  }
  const currency = sign === undefined ? defaultCurrency : currencyOf(sign, defaultCurrency);
  const amountMinor = minorOf(written, scale, currency);
  return amountMinor === undefined ? undefined : { amountMinor, currency };
}
