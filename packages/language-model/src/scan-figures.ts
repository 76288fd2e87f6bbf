import { readingsOf, shifted, sumOf, type Decimal } from './decimal.ts';

/** A figure as it stands in a text; `values` are its possible readings, none when it cannot be read. */
export interface Figure {
  /** As written, for the log. */
  text: string;
  kind: 'money' | 'percent' | 'number';
  values: Decimal[];
  /** ISO 4217 codes that the sign or word may mean; empty for `percent` and `number`. */
  currencies: readonly string[];
  /** `-£5`, `£-5`, `−5 %`. */
  isNegative: boolean;
  /** `3rd`, `1er`, the 1 of `1 to 28 February`: possibly a day of a month. */
  isOrdinal: boolean;
}

const DOLLARS = ['USD', 'CAD', 'AUD', 'NZD', 'SGD', 'HKD', 'MXN'] as const;
const YEN = ['JPY', 'CNY'] as const;

/** Signs, codes and words of currencies, lower case. Pence and cents count hundredths. */
const CURRENCY_WORDS: ReadonlyMap<string, { currencies: readonly string[]; hundredths?: true }> = new Map([
  ['£', { currencies: ['GBP'] }],
  ['€', { currencies: ['EUR'] }],
  ['₩', { currencies: ['KRW'] }],
  ['¥', { currencies: YEN }],
  ['₹', { currencies: ['INR'] }],
  ['us$', { currencies: ['USD'] }],
  ['ca$', { currencies: ['CAD'] }],
  ['c$', { currencies: ['CAD'] }],
  ['au$', { currencies: ['AUD'] }],
  ['a$', { currencies: ['AUD'] }],
  ['nz$', { currencies: ['NZD'] }],
  ['$', { currencies: DOLLARS }],
  ...[
    'gbp',
    'eur',
    'usd',
    'krw',
    'jpy',
    'chf',
    'cad',
    'aud',
    'nzd',
    'sek',
    'nok',
    'dkk',
    'pln',
    'inr',
    'cny',
  ].map((code): [string, { currencies: readonly string[] }] => [code, { currencies: [code.toUpperCase()] }]),
  ...['pound', 'pounds', 'quid', 'livre sterling', 'livres sterling', 'livres', '파운드'].map(
    (word): [string, { currencies: readonly string[] }] => [word, { currencies: ['GBP'] }],
  ),
  ...['euro', 'euros', '유로'].map((word): [string, { currencies: readonly string[] }] => [
    word,
    { currencies: ['EUR'] },
  ]),
  ...['dollar', 'dollars', 'bucks', '달러'].map((word): [string, { currencies: readonly string[] }] => [
    word,
    { currencies: DOLLARS },
  ]),
  ...['won', 'wons', '원'].map((word): [string, { currencies: readonly string[] }] => [
    word,
    { currencies: ['KRW'] },
  ]),
  ...['yen', '엔'].map((word): [string, { currencies: readonly string[] }] => [word, { currencies: YEN }]),
  ...['pence', 'penny', 'p', '펜스'].map(
    (word): [string, { currencies: readonly string[]; hundredths: true }] => [
      word,
      { currencies: ['GBP'], hundredths: true },
    ],
  ),
  ...['cent', 'cents', 'centimes', 'centime', 'c', '센트'].map(
    (word): [string, { currencies: readonly string[]; hundredths: true }] => [
      word,
      { currencies: ['EUR', ...DOLLARS], hundredths: true },
    ],
  ),
]);

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const LONGEST_FIRST = [...CURRENCY_WORDS.keys()]
  .sort((left, right) => right.length - left.length)
  .map(escaped)
  .join('|');

const NUMBER = String.raw`\d{1,3}(?:[ ,.'’]\d{3})+(?!\d)(?:[.,]\d+)?|\d+(?:[.,]\d+)*`;
const SCIENTIFIC = /^e[+-]?\d/i;
// Signs and codes stand before a number (`£5`, `EUR 5`), words never: the p of `step 5` is no penny.
const PREFIXES = [...CURRENCY_WORDS.keys()]
  .filter((name) => /\p{Sc}/u.test(name) || (/^[a-z]{3}$/.test(name) && name !== 'won' && name !== 'yen'))
  .sort((left, right) => right.length - left.length)
  .map(escaped)
  .join('|');
const BEFORE = new RegExp(
  String.raw`(?<sign>-)?(?:(?<!\p{L})(?<currency>${PREFIXES})\s?)?(?<inner>-)?$`,
  'iu',
);
// A word of a currency ends where letters end: `10 cents`, never `10 centuries`. Korean particles follow `원` directly.
const AFTER = new RegExp(
  String.raw`^[\s-]?(?:(?<korean>원|유로|파운드|달러|엔|펜스|센트)|(?<currency>${LONGEST_FIRST})(?![\p{L}\p{N}]))`,
  'iu',
);
const PERCENT =
  /^\s?(?:%|(?:percent|per cent|pour cent|pourcent|percentage points?|points? de pourcentage|pp)(?!\p{L})|퍼센트|프로)/iu;
/** Units of ratio that we never state. */
const REFUSED_UNIT = /^\s?(?:‰|bps(?!\p{L})|basis points?(?!\p{L}))/iu;
const SCALES: readonly [RegExp, number][] = [
  [/^\s?(?:thousand|grand|mille|k)(?!\p{L})/iu, 3],
  [/^\s?(?:millions?|mn|m)(?!\p{L})/iu, 6],
  [/^\s?(?:billions?|milliards?|bn|b)(?!\p{L})/iu, 9],
  [/^백만/u, 6],
  [/^천만/u, 7],
  [/^억/u, 8],
  [/^만/u, 4],
  [/^천/u, 3],
];
const ORDINAL = /^(?:st|nd|rd|th|er|ère|e|ème)(?!\p{L})/iu;
/** `1 and 28 February`: dates are cut out of the text by then, and leave a mark. */
const BEFORE_DATE = /^\s?(?:and|to|until|through|et|au|[-~])\s*⌁/u;
const KOREAN_TAIL = new RegExp(String.raw`^\s?(${NUMBER})(억|만|천)?`, 'u');
const KOREAN_POWER: Readonly<Record<string, number>> = { 억: 8, 만: 4, 천: 3 };

interface Scaled {
  values: Decimal[];
  /** Characters after the number that belong to it. */
  length: number;
}

const scale = (values: Decimal[], after: string): Scaled => {
  for (const [pattern, power] of SCALES) {
    const match = pattern.exec(after);
    if (match === null) {
      continue;
    }
    const scaled = values.map((value) => shifted(value, power));
    const rest = after.slice(match[0].length);
    // `12만 5천` and `12만 5,000` go on with a smaller part.
    const tail = power >= 4 && /[만억]$/u.test(match[0]) ? KOREAN_TAIL.exec(rest) : null;
    if (tail === null) {
      return { values: scaled, length: match[0].length };
    }
    const [whole, digits = '', unit] = tail;
    const parts = readingsOf(digits).map((value) => shifted(value, KOREAN_POWER[unit ?? ''] ?? 0));
    return {
      values: scaled.flatMap((value) => parts.map((part) => sumOf(value, part))),
      length: match[0].length + whole.length,
    };
  }
  return { values, length: 0 };
};

const unreadable = (text: string): Figure => ({
  text,
  kind: 'number',
  values: [],
  currencies: [],
  isNegative: false,
  isOrdinal: false,
});

/** A figure and where it ends in the text. */
interface Found {
  figure: Figure;
  end: number;
}

const figureAt = (text: string, start: number, written: string): Found => {
  const numberEnd = start + written.length;
  const before = BEFORE.exec(text.slice(Math.max(0, start - 16), start))?.groups ?? {};
  const afterNumber = text.slice(numberEnd, numberEnd + 48);
  if (SCIENTIFIC.test(afterNumber) || REFUSED_UNIT.test(afterNumber)) {
    return { figure: unreadable(written + afterNumber.slice(0, 4)), end: numberEnd };
  }
  const { values, length } = scale(readingsOf(written), afterNumber);
  const scaledEnd = numberEnd + length;
  const after = afterNumber.slice(length);
  // A minus directly after a digit or letter joins two things: `10-20`, `Q4-2`.
  const joins = /[\p{L}\p{N}]$/u.test(
    text.slice(0, start - (before['sign'] ?? before['inner'] ?? '').length),
  );
  const isNegative = (before['sign'] !== undefined || before['inner'] !== undefined) && !joins;
  const percent = PERCENT.exec(after);
  const word = AFTER.exec(after);
  const name = (before['currency'] ?? word?.groups?.['korean'] ?? word?.groups?.['currency'])?.toLowerCase();
  const currency = name === undefined ? undefined : CURRENCY_WORDS.get(name);
  const wordLength = before['currency'] === undefined ? (word?.[0].length ?? 0) : 0;
  const end = scaledEnd + (percent?.[0].length ?? wordLength);
  const shown = text.slice(start - (before['currency']?.length ?? 0), end).trim();
  if (percent !== null) {
    return {
      figure: { text: shown, kind: 'percent', values, currencies: [], isNegative, isOrdinal: false },
      end,
    };
  }
  if (currency !== undefined) {
    const inUnits =
      currency.hundredths === true
        ? values.map((value) => ({ digits: value.digits, places: value.places + 2 }))
        : values;
    return {
      figure: {
        text: shown,
        kind: 'money',
        values: inUnits,
        currencies: currency.currencies,
        isNegative,
        isOrdinal: false,
      },
      end,
    };
  }
  return {
    figure: {
      text: text.slice(start, scaledEnd),
      kind: 'number',
      values,
      currencies: [],
      isNegative,
      isOrdinal: length === 0 && (ORDINAL.test(afterNumber) || BEFORE_DATE.test(afterNumber)),
    },
    end: scaledEnd,
  };
};

const NUMBER_WORDS =
  'one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen|' +
  '(?:twen|thir|for|fif|six|seven|eigh|nine)ty|hundred|thousand|million|dozen|' +
  'deux|trois|quatre|cinq|sept|huit|neuf|dix|onze|douze|quinze|vingt|trente|quarante|cinquante|soixante|mille';
// Numbers in words count only with a unit: `two ways` says nothing about money, `two hundred pounds` does.
const SPELT = new RegExp(
  String.raw`(?<![\p{L}])(?:${NUMBER_WORDS})(?:[\s-]+(?:and|et|${NUMBER_WORDS}|cents?))*[\s-]+(?:pounds?|quid|pence|euros?|dollars?|bucks|cents?|centimes?|won|yen|livres|percent|per cent|pour cent)(?!\p{L})`,
  'giu',
);
const SPELT_KOREAN =
  /(?<![\p{L}\p{N}])[일이삼사오육칠팔구십백천만억一二三四五六七八九十百千萬万億]+\s?(?:원|퍼센트|파운드|유로|달러|won|円|元)/gu;
// A hundred or a thousand of something is an amount also without its unit.
const SPELT_SCALE = new RegExp(
  String.raw`(?<!\p{L})(?:an?|several|some|${NUMBER_WORDS})[\s-]+(?:hundred|thousand|million|billion|dozen|grand|cents|mille|millions?|milliards?)(?!\p{L})`,
  'giu',
);
/** The sign of a currency before something that is no number, such as a Roman one. */
const SIGN_WITHOUT_NUMBER = /(?<![\p{L}\d]|\d\s)[£€₩¥₹$]\s?\p{L}+/gu;

/**
 * Every figure of a text: digits with a currency, a percent sign or nothing, and spelt-out amounts, which count as
 * unreadable.
 * @param text normalised text (NFKC, no format characters)
 */
export const scanFigures = (text: string): Figure[] => {
  const figures: Figure[] = [SPELT, SPELT_KOREAN, SPELT_SCALE, SIGN_WITHOUT_NUMBER].flatMap((pattern) =>
    [...text.matchAll(pattern)].map(([match]) => unreadable(match)),
  );
  // Digits of other scripts are figures too, but not ones that we write.
  figures.push(...(text.match(/(?![0-9])\p{Nd}+/gu) ?? []).map(unreadable));
  const numbers = new RegExp(NUMBER, 'g');
  for (let match = numbers.exec(text); match !== null; match = numbers.exec(text)) {
    const { figure, end } = figureAt(text, match.index, match[0]);
    figures.push(figure);
    numbers.lastIndex = Math.max(end, match.index + match[0].length);
  }
  return figures;
};
