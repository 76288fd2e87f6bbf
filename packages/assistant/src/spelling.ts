import { CATEGORY_WORDS } from './categories.ts';
import { fold } from './fold.ts';
import { ENGLISH_WORDS, FRENCH_WORDS } from './vocabulary.ts';

/** Short forms of typed English and French. */
const SHORT: Readonly<Record<string, string>> = {
  wk: 'week',
  wks: 'weeks',
  mo: 'month',
  mth: 'month',
  mths: 'months',
  mos: 'months',
  yr: 'year',
  yrs: 'years',
  yest: 'yesterday',
  tdy: 'today',
  wot: 'what',
  wat: 'what',
  wut: 'what',
  wots: "what's",
  wats: "what's",
  hw: 'how',
  ur: 'your',
  r: 'are',
  im: "i'm",
  ive: "i've",
  id: "i'd",
  thx: 'thanks',
  plz: 'please',
  subs: 'subscriptions',
  nr: 'number',
  nbr: 'number',
  xmas: 'christmas',
  jai: "j'ai",
  cest: "c'est",
  bcp: 'beaucoup',
  ds: 'dans',
  qd: 'quand',
  sem: 'semaine',
  ajd: "aujourd'hui",
  auj: "aujourd'hui",
  qqch: 'quelque',
};

const TIME_WORDS =
  'january february march april june july august september october november december janvier fevrier mars avril juin juillet aout septembre octobre novembre decembre week weeks month months year years quarter weekend yesterday today semaine semaines mois annee trimestre dernier derniere last previous monday tuesday wednesday thursday friday saturday sunday'.split(
    ' ',
  );

const distance = (left: string, right: string, most: number): number => {
  if (Math.abs(left.length - right.length) > most) {
    return most + 1;
  }
  let older: number[] = [];
  let old = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row += 1) {
    const now = [row];
    for (let column = 1; column <= right.length; column += 1) {
      const isSame = left[row - 1] === right[column - 1];
      let best = Math.min(
        (old[column] ?? 0) + 1,
        (now[column - 1] ?? 0) + 1,
        (old[column - 1] ?? 0) + (isSame ? 0 : 1),
      );
      if (
        row > 1 &&
        column > 1 &&
        left[row - 1] === right[column - 2] &&
        left[row - 2] === right[column - 1]
      ) {
        best = Math.min(best, (older[column - 2] ?? 0) + 1);
      }
      now.push(best);
    }
    older = old;
    old = now;
  }
  return old[right.length] ?? most + 1;
};

const skeleton = (word: string): string => word.replaceAll(/[aeiouy]/g, '');
const SKELETONS = new Map<string, string>();
for (const word of [...TIME_WORDS, 'spend', 'spent', 'much', 'what', 'groceries', 'shopping']) {
  SKELETONS.set(skeleton(word), SKELETONS.has(skeleton(word)) ? '' : word);
}

/** Words to correct to, by their first letter, and how long a word must be before it is one misspelt. */
interface Target {
  words: ReadonlyMap<string, readonly string[]>;
  shortest: number;
}

const targetOf = (words: readonly string[], shortest: number): Target => {
  const byLetter = new Map<string, string[]>();
  for (const word of new Set(words.filter(({ length }) => length >= 4))) {
    const letter = word.charAt(0);
    const known = byLetter.get(letter) ?? [];
    known.push(word);
    byLetter.set(letter, known);
  }
  return { words: byLetter, shortest };
};

const nearest = (word: string, { words, shortest }: Target): string | undefined => {
  if (word.length < shortest) {
    return undefined;
  }
  const most = word.length >= 9 ? 2 : 1;
  let found: string | undefined;
  let best = most + 1;
  // A first letter is seldom wrong, and names that differ in it are different names.
  for (const candidate of words.get(word.charAt(0)) ?? []) {
    const far = distance(word, candidate, most);
    if (far < best) {
      best = far;
      found = candidate;
    } else if (far === best && far <= most) {
      // October and octobre are one month.
      found = found !== undefined && skeleton(found) === skeleton(candidate) ? found : undefined;
    }
  }
  return found;
};

const SHORTEST_START = 5;
const SAME_SHARE = 0.75;
const MAX_LONGER = 3;

/** The only name that begins as a word does and ends otherwise: `starbux`. */
const startingLike = (word: string, names: readonly string[]): string | undefined => {
  const isLike = (name: string): boolean => {
    let same = 0;
    while (same < name.length && name[same] === word[same]) {
      same += 1;
    }
    return (
      same >= SHORTEST_START &&
      same >= word.length * SAME_SHARE &&
      Math.abs(name.length - word.length) <= MAX_LONGER
    );
  };
  const meant = names.filter(isLike);
  return meant.length === 1 ? meant[0] : undefined;
};

const COMMON = targetOf(
  [...ENGLISH_WORDS, ...FRENCH_WORDS].filter((word) => word.length >= 5),
  6,
);
const TIMES = targetOf(TIME_WORDS, 5);
const CATEGORIES = targetOf(CATEGORY_WORDS, 7);
const KNOWN: ReadonlySet<string> = new Set([
  ...ENGLISH_WORDS,
  ...FRENCH_WORDS,
  ...TIME_WORDS,
  ...CATEGORY_WORDS,
]);

/**
 * The folded text with short forms written out and slips of the keyboard put right, where only one word can be meant. A
 * word that is known is never touched, so that no name becomes another.
 * @param text what the user wrote
 * @param names words of the user's merchants
 */
export function spelt(text: string, names: readonly string[]): string {
  const own = new Set(names);
  const targets: readonly Target[] = [TIMES, targetOf(names, 5), CATEGORIES, COMMON];
  return fold(text)
    .replaceAll(/\b(?:shell|fork|splash|cough|lay|laid)(?:ed|ing)? (?:out|up)\b/g, 'spent')
    .replaceAll(/\bmoi (?=dernier|passe|precedent)/g, 'mois ')
    .replaceAll(/(?<![\p{L}\p{N}'&.])[a-z]+(?![\p{L}\p{N}&.])/gu, (word) => {
      if (own.has(word) || KNOWN.has(word)) {
        return word;
      }
      const short = SHORT[word];
      if (short !== undefined) {
        return short;
      }
      if (word.length >= 3 && skeleton(word) === word) {
        const whole = SKELETONS.get(word);
        return whole === undefined || whole === '' ? word : whole;
      }
      const begun = startingLike(word, names);
      if (begun !== undefined) {
        return begun;
      }
      for (const target of targets) {
        const right = nearest(word, target);
        if (right !== undefined) {
          return right;
        }
      }
      return word;
    });
}
