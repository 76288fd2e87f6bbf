/** One name or word of the lexicon with the categories it stands for. */
export interface LexiconEntry {
  /** `brand`: a shop. `word`: a common noun that tells the trade. */
  kind: 'brand' | 'word';
  /** Slug of the category. */
  category: string;
  /** ISO alpha-2 codes; empty means everywhere. */
  countries: readonly string[];
  /** The name as people write it. */
  name: string;
  /** Forms to look for, already folded; Latin forms have words apart by one space, Hangul forms have no spaces. */
  forms: readonly string[];
  /** How surely the form names this entry when it stands inside other words: 0 an ordinary word, 1 a distinctive name. */
  distinct: number;
}

/** Where an entry was found. Positions count words for Latin text and letters for Hangul. */
export interface LexiconHit {
  entry: LexiconEntry;
  start: number;
  length: number;
  /** Letters that matched. */
  letters: number;
  /** The rest of the name was cut off by the terminal. */
  cut: boolean;
  atStart: boolean;
  atEnd: boolean;
  /** Nothing but the entry stands in the name. */
  whole: boolean;
  hangul: boolean;
}

interface TrieNode {
  next: Map<string, TrieNode>;
  entries: LexiconEntry[] | null;
}

/** Compiled lexicon: a trie over words and one over letters of Hangul forms. */
export interface Lexicon {
  byWord: TrieNode;
  byLetter: TrieNode;
  /** Single words of brands, sorted, to recognise one that was cut off. */
  longWords: readonly string[];
  size: number;
}

const node = (): TrieNode => ({ next: new Map(), entries: null });
const HANGUL = /[\uac00-\ud7a3]/;
const MIN_CUT_PREFIX = 3;
const MIN_CUT_WORD = 7;
const MIN_INSIDE = 5;

const insert = (root: TrieNode, path: Iterable<string>, entry: LexiconEntry): void => {
  let at = root;
  for (const step of path) {
    let next = at.next.get(step);
    if (next === undefined) {
      next = node();
      at.next.set(step, next);
    }
    at = next;
  }
  at.entries ??= [];
  if (!at.entries.some((known) => known.category === entry.category && known.kind === entry.kind)) {
    at.entries.push(entry);
  }
};

/**
 * Compiles entries for search.
 * @param entries order matters: of several entries with the same form and category the first is kept
 */
export const buildLexicon = (entries: readonly LexiconEntry[]): Lexicon => {
  const byWord = node();
  const byLetter = node();
  const single = new Set<string>();
  for (const entry of entries) {
    for (const form of entry.forms) {
      if (HANGUL.test(form)) {
        insert(byLetter, form, entry);
        continue;
      }
      const parts = form.split(' ');
      if (entry.countries.includes('KR')) {
        insert(byLetter, parts.join(''), entry);
      }
      insert(byWord, parts, entry);
      const joined = parts.join('');
      if (parts.length > 1 && joined.length >= 8) {
        insert(byWord, [joined], entry);
        single.add(joined);
      } else if (parts.length === 1 && form.length > MIN_CUT_WORD) {
        single.add(form);
      }
    }
  }
  return { byWord, byLetter, longWords: [...single].sort(), size: entries.length };
};

const lowerBound = (sorted: readonly string[], value: string): number => {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? '') < value) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
};

/** The only long word that begins with `prefix`, or with its shortest continuation; undefined when words disagree. */
const completeWord = (lexicon: Lexicon, prefix: string): readonly LexiconEntry[] | undefined => {
  const from = lowerBound(lexicon.longWords, prefix);
  let found: readonly LexiconEntry[] | undefined;
  for (let index = from; index < lexicon.longWords.length; index += 1) {
    const word = lexicon.longWords[index] ?? '';
    if (!word.startsWith(prefix)) {
      break;
    }
    const entries = lexicon.byWord.next.get(word)?.entries ?? [];
    if (found !== undefined && found[0]?.category !== entries[0]?.category) {
      return undefined;
    }
    found ??= entries;
  }
  return found;
};

/** Longest known word at the end, else at the start, of a word written together, such as "carpark" in "ncpcarpark". */
const insideWord = (lexicon: Lexicon, word: string): readonly LexiconEntry[] | null => {
  for (let cut = 2; cut <= word.length - MIN_INSIDE; cut += 1) {
    const entries = lexicon.byWord.next.get(word.slice(cut))?.entries;
    if (entries !== undefined && entries !== null) {
      return entries;
    }
  }
  for (let cut = word.length - 2; cut >= MIN_INSIDE; cut -= 1) {
    const entries = lexicon.byWord.next.get(word.slice(0, cut))?.entries;
    if (entries !== undefined && entries !== null) {
      return entries;
    }
  }
  return null;
};

/**
 * Finds every entry in the words of a name. A phrase must match whole words; its last word may be cut off at the end of the text.
 * @param lexicon compiled lexicon
 * @param tokens words of the name
 */
export const findInWords = (lexicon: Lexicon, tokens: readonly string[]): LexiconHit[] => {
  const hits: LexiconHit[] = [];
  const count = tokens.length;
  const push = (
    entries: readonly LexiconEntry[] | null,
    start: number,
    length: number,
    letters: number,
    cut: boolean,
  ) => {
    if (entries === null) {
      return;
    }
    for (const entry of entries) {
      hits.push({
        entry,
        start,
        length,
        letters,
        cut,
        atStart: start === 0,
        atEnd: start + length === count,
        whole: length === count,
        hangul: false,
      });
    }
  };
  for (let start = 0; start < count; start += 1) {
    const first = tokens[start] ?? '';
    const second = tokens[start + 1];
    if (second !== undefined) {
      const joined = lexicon.byWord.next.get(first + second);
      if (joined !== undefined && first.length + second.length >= 5) {
        push(joined.entries, start, 2, first.length + second.length, false);
      }
    }
    let at: TrieNode | undefined = lexicon.byWord.next.get(first);
    let letters = first.length;
    let index = start;
    if (at === undefined) {
      const stem = first.endsWith('s') ? lexicon.byWord.next.get(first.slice(0, -1)) : undefined;
      if (stem?.entries !== undefined && stem.entries !== null && first.length >= 4) {
        push(stem.entries, start, 1, first.length - 1, false);
      } else if (first.length >= MIN_CUT_WORD) {
        const completed = start === count - 1 || start === 0 ? completeWord(lexicon, first) : undefined;
        push(completed ?? insideWord(lexicon, first), start, 1, first.length, true);
      }
      continue;
    }
    while (at !== undefined) {
      push(at.entries, start, index - start + 1, letters, false);
      const following: string | undefined = tokens[index + 1];
      if (following === undefined) {
        break;
      }
      const child: TrieNode | undefined = at.next.get(following);
      if (child === undefined && following.length >= MIN_CUT_PREFIX && at.next.size <= 24) {
        for (const [word, candidate] of at.next) {
          if (word.length > following.length && word.startsWith(following) && candidate.entries !== null) {
            push(candidate.entries, start, index - start + 2, letters + following.length, true);
          }
        }
      }
      at = child;
      index += 1;
      letters += following.length;
    }
  }
  return hits;
};

const LATIN = /[a-z]/;

/** "KT" is not in "KTX": a Latin form must not begin or end inside a run of Latin letters. */
const cutsLatinWord = (letters: readonly string[], first: number, last: number): boolean =>
  (LATIN.test(letters[first] ?? '') && LATIN.test(letters[first - 1] ?? '')) ||
  (LATIN.test(letters[last] ?? '') && LATIN.test(letters[last + 1] ?? ''));

/**
 * Finds every entry in Hangul text without spaces.
 * @param lexicon compiled lexicon
 * @param text lower-case text without spaces
 */
export const findInHangul = (lexicon: Lexicon, text: string): LexiconHit[] => {
  const hits: LexiconHit[] = [];
  const letters = [...text];
  const count = letters.length;
  for (let start = 0; start < count; start += 1) {
    let at = lexicon.byLetter.next.get(letters[start] ?? '');
    let index = start;
    while (at !== undefined) {
      if (at.entries !== null && !cutsLatinWord(letters, start, index)) {
        const length = index - start + 1;
        for (const entry of at.entries) {
          hits.push({
            entry,
            start,
            length,
            letters: length,
            cut: false,
            atStart: start === 0,
            atEnd: index + 1 === count,
            whole: length === count,
            hangul: true,
          });
        }
      }
      index += 1;
      at = index < count ? at.next.get(letters[index] ?? '') : undefined;
    }
  }
  return hits;
};

/** Brute-force search over the same entries, the yardstick of the benchmark. */
export const findByScanning = (entries: readonly LexiconEntry[], body: string): LexiconEntry[] =>
  entries.filter((entry) => entry.forms.some((form) => body.includes(form)));
