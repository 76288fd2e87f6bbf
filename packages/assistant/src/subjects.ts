import { categoriesIn } from './categories.ts';
import { escaped, fold } from './fold.ts';
import { ENGLISH_WORDS, FRENCH_WORDS, unreadWords } from './vocabulary.ts';

/** What spending is asked about: a category, or a merchant. */
export type Subject = { category: string } | { merchant: string };

/** A subject where a text names it. */
export interface FoundSubject {
  subject: Subject;
  start: number;
  end: number;
}

const HANGUL = /\p{Script=Hangul}/u;
/** As many letters make a beginning that stands for a name. */
const SHORTEST_START = 5;

/**
 * A name without the marks that people leave out: `trader joe's` is `trader joes`, `e.leclerc` is `e leclerc`.
 * @param name folded name
 */
export const squashed = (name: string): string =>
  name
    .replaceAll("'", '')
    .replaceAll(/[^\p{L}\p{N}+]+/gu, ' ')
    .trim();

const HOLDS: readonly ((whole: string, key: string) => boolean)[] = [
  (whole, key) => ` ${whole} `.includes(` ${key} `),
  // `total` is found in `TotalEnergies`, where nothing is called just so.
  (whole, key) => key.length >= SHORTEST_START && ` ${whole}`.includes(` ${key}`),
];

/**
 * Who is meant by a name: whoever holds it as whole words, or, if there is nobody, whose words begin with it. Hangul is
 * written without spaces and found anywhere.
 * @param wanted as it was asked for
 * @param names all names that there are, as the ledger has them
 * @returns whether one of those names is meant
 */
export function namesMeant(wanted: string, names: Iterable<string>): (name: string) => boolean {
  const key = squashed(fold(wanted));
  if (key === '') {
    return () => false;
  }
  if (HANGUL.test(key)) {
    const bare = key.replaceAll(' ', '');
    return (name) => squashed(fold(name)).replaceAll(' ', '').includes(bare);
  }
  const forms = new Map([...names].map((name) => [name, squashed(fold(name))]));
  const holds = HOLDS.find((rule) => [...forms.values()].some((whole) => rule(whole, key)));
  return (name) => holds?.(forms.get(name) ?? squashed(fold(name)), key) ?? false;
}

const isOrdinary = (word: string): boolean => ENGLISH_WORDS.has(word) || FRENCH_WORDS.has(word);
const AT = /\b(?:at|from|with|chez)\s+(?:the\s+)?$/;

/** A name as long as this stays itself when it is written in two words. */
const LONG_NAME = 7;

/** Where a squashed name stands in a text that has its own marks: between letters there may be one mark. */
const patternOf = (key: string): RegExp => {
  const body = [...key]
    .map((letter) => (letter === ' ' ? String.raw`[^\p{L}\p{N}⌛¤]{0,3}` : escaped(letter)))
    .join(key.length >= LONG_NAME ? "['’. -]?" : "['’.]?");
  return HANGUL.test(key)
    ? new RegExp(String.raw`(?<![\p{L}\p{N}])${body}`, 'gu')
    : new RegExp(String.raw`(?<![\p{L}\p{N}])${body}(?:'?s)?(?![a-z0-9+])`, 'gu');
};

interface Name {
  merchant: string;
  pattern: RegExp;
  /** An ordinary word ("Total") or a category ("Loyer"): it is meant only where a merchant would stand. */
  isDoubtful: boolean;
}

/** The names by which a user's merchants can be called. */
interface Names {
  /** Full names first, then words that only one or several merchants hold, the longest first. */
  names: readonly Name[];
  keys: readonly { key: string; merchant: string }[];
  /** Single words of them all. */
  words: readonly string[];
}

const SHORTEST_PART = 2;
/** Short words of many names that mean no merchant. */
const NO_NAME =
  /^(?:co|uk|fr|us|eu|sa|ag|st|dd|cb|tv|pc|id|no|nr|ltd|plc|inc|llc|gmbh|sarl|sas|com|the|les|des|shop|store|stores|cafe|city|paris|london|www)$/;

const nameOf = (key: string, merchant: string): Name => ({
  merchant,
  pattern: patternOf(key),
  isDoubtful: isOrdinary(key) || (!key.includes(' ') && categoriesIn(key, 'GBP').length > 0),
});

const namesFrom = (merchants: readonly string[]): Names => {
  const keys = merchants.map((merchant) => ({ key: squashed(fold(merchant)), merchant }));
  const parts = new Map<string, string[]>();
  for (const { key, merchant } of keys) {
    for (const part of key.split(' ')) {
      const isName =
        part.length >= (HANGUL.test(part) ? 2 : SHORTEST_PART) &&
        !isOrdinary(part) &&
        !NO_NAME.test(part) &&
        /\p{L}/u.test(part) &&
        part !== key &&
        categoriesIn(part, 'GBP').length === 0;
      if (isName) {
        parts.set(part, [...(parts.get(part) ?? []), merchant]);
      }
    }
  }
  const byLength = (left: { key: string }, right: { key: string }): number =>
    right.key.length - left.key.length;
  const whole = keys.filter(({ key }) => key.length >= 2).sort(byLength);
  const single = [...parts]
    .map(([key, own]) => ({ key, merchant: own.length === 1 ? (own[0] ?? key) : key }))
    .sort(byLength);
  return {
    names: [...whole, ...single].map(({ key, merchant }) => nameOf(key, merchant)),
    keys,
    words: [...new Set(keys.flatMap(({ key }) => key.split(' ')))].filter(({ length }) => length > 1),
  };
};

const MAX_REMEMBERED = 100;
const remembered = new Map<string, Names>();

/** Patterns of a list of merchants are made once: the same user asks several things. */
const namesOf = (merchants: readonly string[]): Names => {
  const key = merchants.join('\n');
  const known = remembered.get(key);
  if (known !== undefined) {
    return known;
  }
  const made = namesFrom(merchants);
  const [oldest] = remembered.keys();
  if (remembered.size >= MAX_REMEMBERED && oldest !== undefined) {
    remembered.delete(oldest);
  }
  remembered.set(key, made);
  return made;
};

/**
 * Single words of which the names of merchants consist, squashed.
 * @param merchants the user's
 */
export const wordsOfMerchants = (merchants: readonly string[]): readonly string[] => namesOf(merchants).words;

const overlaps = (found: readonly { start: number; end: number }[], start: number, end: number): boolean =>
  found.some((other) => start < other.end && end > other.start);

/** Merchants of the user that a text names. */
const ownMerchants = (text: string, merchants: readonly string[]): FoundSubject[] => {
  const found: FoundSubject[] = [];
  for (const { merchant, pattern, isDoubtful } of namesOf(merchants).names) {
    for (const match of text.matchAll(pattern)) {
      const start = match.index;
      const end = start + match[0].length;
      const tail = /^[\p{Script=Hangul}]*/u.exec(text.slice(end))?.[0] ?? '';
      const isWhole = unreadWords(tail).length === 0;
      const isPlace = AT.test(text.slice(0, start)) || /^(?:에서|한테)/.test(tail);
      if (isWhole && (!isDoubtful || isPlace) && !overlaps(found, start, end)) {
        found.push({ subject: { merchant }, start, end });
      }
    }
  }
  return found;
};

/** No name of a merchant is a longer word. */
const LONGEST_NAME = 24;

/** Beginnings of names: `홈플` for `홈플러스`, if only one merchant begins so. */
const shortened = (
  text: string,
  merchants: readonly string[],
  taken: readonly FoundSubject[],
): FoundSubject[] => {
  const { keys } = namesOf(merchants);
  return [...text.matchAll(/[\p{L}\p{M}]+/gu)].flatMap((match) => {
    const start = match.index;
    const [word] = match;
    if (overlaps(taken, start, start + word.length) || word.length > LONGEST_NAME) {
      return [];
    }
    const stems = HANGUL.test(word)
      ? Array.from({ length: word.length - 1 }, (_, cut) => word.slice(0, word.length - cut)).filter(
          (stem) =>
            stem.length >= 2 &&
            unreadWords(stem).length > 0 &&
            unreadWords(word.slice(stem.length)).length === 0,
        )
      : word.length >= SHORTEST_START && unreadWords(word).length > 0
        ? [word]
        : [];
    for (const stem of stems) {
      const meant = keys.filter(({ key }) => key.startsWith(stem));
      if (meant.length === 1 && meant[0] !== undefined && categoriesIn(stem, 'GBP').length === 0) {
        return [{ subject: { merchant: meant[0].merchant }, start, end: start + stem.length }];
      }
    }
    return [];
  });
};

/** Words behind "at" and "chez" that are no merchant. */
const NO_PLACE =
  /^(?:moi|toi|lui|elle|eux|nous|vous|home|work|stores?|shops?|restaurants?|office|night|weekends?|all|least|most|once|the|a|an|my|that|this|these|those|it|them|there|which|what|who|any|each|one|first|last|moment|present|now|least .*|most .*|all .*|the .*|which .*|what .*)$/;

// What stands where a merchant would: "at Ikea", "chez Ikea", "이케아에서".
const PLACES: readonly RegExp[] = [
  /\b(?:at|from|chez|aupres de)\s+(?:the |les? |la |my |mon )?((?:[\p{L}\p{N}&.'*+]+)(?: [\p{L}\p{N}&.'*+]+){0,2}?)(?=\s*(?:$|[?!.,;⌛¤]|\b(?:in|on|for|since|during|so|over|between|and|or|is|was|did|compared|than|en|au|du|pour|pendant|depuis|et|ou|que|d|this|last|ce|cette|le|la|it|i|have|total|please|combien)\b))/gu,
  /(?<![\p{L}\p{N}])([\p{L}\p{N}&.'*+-]{2,}?)(?:에서|한테|에다)(?![\p{L}])/gu,
];

const unknownMerchants = (text: string): FoundSubject[] =>
  PLACES.flatMap((pattern) =>
    [...text.matchAll(pattern)].flatMap((match) => {
      const name = match[1] ?? '';
      const start = match.index + match[0].lastIndexOf(name);
      const isPlace = /^(?:chez|aupres|at)\b/.test(match[0]) && !NO_PLACE.test(name);
      return (isPlace || unreadWords(name).length > 0) && !/^\d+$/.test(name)
        ? [{ subject: { merchant: name }, start, end: start + name.length }]
        : [];
    }),
  );

/** Words that are a category alone and nothing beside another one: "my Verizon bills". */
const GENERIC = /^(?:bills?|factures?|(?:mes |les )?charges|shopping|food|쇼핑)$/;

/**
 * The categories and merchants that a text names, in its order. The user's own merchants win over categories, and both
 * over names that nobody knows.
 * @param text folded text in which times and amounts are already blanked
 * @param context the user's merchants, the most frequent first, and currency
 */
export function subjectsIn(
  text: string,
  { merchants, currency }: { merchants: readonly string[]; currency: string },
): FoundSubject[] {
  const found = ownMerchants(text, merchants);
  for (const { slugs, start, end } of categoriesIn(text, currency)) {
    if (!overlaps(found, start, end)) {
      found.push(...slugs.map((category) => ({ subject: { category }, start, end })));
    }
  }
  found.push(...shortened(text, merchants, found));
  const isSpecific = found.some(({ start, end }) => !GENERIC.test(text.slice(start, end)));
  const named = isSpecific ? found.filter(({ start, end }) => !GENERIC.test(text.slice(start, end))) : found;
  for (const unknown of unknownMerchants(text)) {
    if (!overlaps(found, unknown.start, unknown.end)) {
      named.push(unknown);
    }
  }
  return named.sort((left, right) => left.start - right.start);
}

/**
 * The text with some stretches blanked; every other character keeps its place.
 * @param text any text
 * @param stretches where
 * @param by the character that stands there instead
 */
export const blanked = (
  text: string,
  stretches: readonly { start: number; end: number }[],
  by = '⌛',
): string =>
  stretches.reduce(
    (rest, { start, end }) => `${rest.slice(0, start)}${by.repeat(end - start)}${rest.slice(end)}`,
    text,
  );

const EXCEPT_BEFORE =
  /(?:\b(?:take|leave|leaving|taking|(?:everything|all|anything) but|except|excluding|excl|without|apart from|other than|besides|minus|aside from|not counting|not including|leaving out|ignoring|hors|sauf|sans|excepte|a part|en dehors de|mis a part|sans compter)(?: for| from| the| my| all| le| la| les| l'| mon| ma| mes| de)*|⊖(?:\s|,|\band\b|\bor\b|\bet\b|\bni\b|\bnor\b)*)\s*$/;
const EXCEPT_AFTER =
  /^\s*(?:off\b|away\b|aside|excluded|apart|not included|mis a part|exclue?s?|(?:은|는|을|를|랑|이랑|하고)?\s*(?:빼고|뺀|제외|말고|제하고|외에|이외|빼면))/;

/** What joins two things that are left out together: "rent and insurance aside". */
const JOINED = /^\s*(?:,|and|et|&|\+|랑|이랑|과|와|하고|,)?\s*$/;

/**
 * Which of the subjects are meant to be left out: "except rent", "hors loyer", "월세 빼고".
 * @param text the text in which they stand
 * @param found subjects in the order of the text
 */
export function splitExcept(
  text: string,
  found: readonly FoundSubject[],
): { wanted: Subject[]; except: Subject[]; words: { start: number; end: number }[] } {
  let marked = text;
  const isEnded = (index: number): boolean => {
    const here = found[index];
    const next = found[index + 1];
    return (
      here !== undefined &&
      (EXCEPT_AFTER.test(text.slice(here.end)) ||
        (next !== undefined && JOINED.test(text.slice(here.end, next.start)) && isEnded(index + 1)))
    );
  };
  const wanted: Subject[] = [];
  const except: Subject[] = [];
  const words: { start: number; end: number }[] = [];
  for (const [index, { subject, start, end }] of found.entries()) {
    const before = EXCEPT_BEFORE.exec(marked.slice(0, start));
    const after = EXCEPT_AFTER.exec(marked.slice(end));
    if (before === null && after === null && !isEnded(index)) {
      wanted.push(subject);
      continue;
    }
    except.push(subject);
    if (before !== null) {
      words.push({ start: before.index, end: start });
    }
    if (after !== null) {
      words.push({ start: end, end: end + after[0].length });
    }
    marked = `${marked.slice(0, start)}${'⊖'.repeat(end - start)}${marked.slice(end)}`;
  }
  return { wanted, except, words };
}

/**
 * The subjects without those of which only a part is asked about: "식비 중에 장보기".
 * @param text the text in which they stand
 * @param found subjects in the order of the text
 */
export const withoutWholes = (text: string, found: readonly FoundSubject[]): FoundSubject[] =>
  found.filter(({ end }, index) => {
    const next = found[index + 1];
    return next === undefined || !/^\s*(?:중에서?|중)\s*$/.test(text.slice(end, next.start));
  });

/** Whether two subjects are one. */
export const isSame = (left: Subject, right: Subject): boolean =>
  JSON.stringify(left) === JSON.stringify(right);
