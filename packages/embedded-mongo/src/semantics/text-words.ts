import { stemmer } from 'stemmer';

/** English words that say nothing of a text's subject: neither searched for nor counted. */
const STOP_WORDS: ReadonlySet<string> = new Set(
  [
    'a about above after again against all am an and any are as at be because been before being below between',
    'both but by could did do does doing down during each few for from further had has have having he her here',
    'hers herself him himself his how i if in into is it its itself me more most my myself no nor not of off on',
    'once only or other ought our ours ourselves out over own same she should so some such than that the their',
    'theirs them themselves then there these they this those through to too under until up very was we were what',
    'when where which while who whom why with would you your yours yourself yourselves',
    "i'm you're he's she's it's we're they're i've you've we've they've i'd you'd he'd she'd we'd they'd i'll",
    "you'll he'll she'll we'll they'll isn't aren't wasn't weren't hasn't haven't hadn't doesn't don't didn't",
    "won't wouldn't shan't shouldn't can't cannot couldn't mustn't let's that's who's what's here's there's",
    "when's where's why's how's",
  ].flatMap((line) => line.split(' ')),
);

/** How a text search cuts texts into words. */
export interface WordRules {
  /** Words are cut down to their English stems, and words without meaning are left out. */
  english: boolean;
  keepsCase: boolean;
  keepsMarks: boolean;
}

const plain = (word: string): string => word.normalize('NFD').replace(/\p{M}/gu, '');

/** A text in the form in which it is compared: without capitals and accents, unless they count. */
export function foldText(text: string, rules: WordRules): string {
  const cased = rules.keepsCase ? text : text.toLowerCase();
  return rules.keepsMarks ? cased : plain(cased);
}

/** The words of a folded text, stop words left out, each as its stem. */
export function wordsOf(text: string, rules: WordRules): string[] {
  return [...wordsIn(text, rules)].map((word) => stemOf(word, rules));
}

function* wordsIn(text: string, rules: WordRules): Iterable<string> {
  for (const [word] of text.matchAll(/[\p{L}\p{N}_']+/gu)) {
    if (!rules.english || !STOP_WORDS.has(word.toLowerCase())) {
      yield word;
    }
  }
}

/** Words that texts are searched for, each as its stem. */
export class WantedWords {
  readonly stems: ReadonlySet<string>;
  private readonly rules: WordRules;
  /** How the words begin: finding a stem takes long, and a word keeps its beginning in its stem. */
  private readonly beginnings = new Set<string>();

  constructor(stems: Iterable<string>, rules: WordRules) {
    this.stems = new Set(stems);
    this.rules = rules;
    for (const stem of this.stems) {
      this.beginnings.add(stem.length > 2 ? stem.slice(0, 2) : stem.slice(0, 1));
    }
  }

  /** How often a folded text has each of the wanted words, and how many words it has in all. */
  countIn(text: string): { counts: Map<string, number>; total: number } {
    const counts = new Map<string, number>();
    let total = 0;
    for (const word of wordsIn(text, this.rules)) {
      total += 1;
      if (this.beginnings.has(word.slice(0, 2)) || this.beginnings.has(word.slice(0, 1))) {
        const stem = stemOf(word, this.rules);
        if (this.stems.has(stem)) {
          counts.set(stem, (counts.get(stem) ?? 0) + 1);
        }
      }
    }
    return { counts, total };
  }

  /** True when a folded text has one of the wanted words. */
  isIn(text: string): boolean {
    return this.stems.size > 0 && this.countIn(text).counts.size > 0;
  }
}

/** Longer words are no English ones. */
const MAX_STEMMED = 64;

function stemOf(word: string, { english, keepsCase }: WordRules): string {
  if (!english || word.length > MAX_STEMMED) {
    return word;
  }
  const bare = word.replace(/'s?$/i, '');
  // The stemmer answers in small letters; where capitals count, the stem is cut from the word itself.
  const stem = stemmer(bare);
  return keepsCase && bare.toLowerCase().startsWith(stem) ? bare.slice(0, stem.length) : stem;
}
