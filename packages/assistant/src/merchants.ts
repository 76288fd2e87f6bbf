import type { CalendarDay } from '@orrery/calendar';
import { categoryOf } from './categories.ts';
import { escaped, fold } from './fold.ts';
import { withoutTimes } from './periods.ts';

/** Shorter names would be found inside of other words; two syllables of Hangul are a whole name. */
const isLongEnough = (name: string): boolean => name.length >= (/\p{Script=Hangul}/u.test(name) ? 2 : 3);

// Words that follow "at" or "from" without naming a merchant.
const NO_MERCHANT =
  /^(?:all|the|a|an|my|me|it|them|least|most|home|work|once|all my|what|which|that|this|these|those|there|average|shops?|stores?|restaurants?|merchants?|moi|toi|quoi|quel.*|mes|mon|ma|le|la|les|in|each|every|any|one|card|cash)$/;

const named = (folded: string, merchants: readonly string[]): string | undefined => {
  const known = merchants
    .filter(isLongEnough)
    .map((merchant) => ({ merchant, key: fold(merchant) }))
    .sort((left, right) => right.key.length - left.key.length);
  const whole = (key: string): boolean =>
    /\p{Script=Hangul}/u.test(key)
      ? folded.includes(key)
      : new RegExp(String.raw`(?<![\p{L}\p{N}])${escaped(key)}(?:'s)?(?![a-z0-9])`, 'u').test(folded);
  return known.find(({ key }) => whole(key))?.merchant;
};

// A name written in Latin letters takes Korean particles without a space.
const PATTERNS: readonly RegExp[] = [
  /\b(?:at|from|with|to|on|chez|aupres de)\s+((?:[a-z0-9&.'*+-]+)(?: [a-z0-9&.'*+-]+){0,2}?)(?=\s*(?:$|[?!.,⌛]|\b(?:in|on|for|since|during|so far|this|last|over|between|and|is|was|did|compared|than|en|au|du|pour|pendant|depuis|ce|cette|le|la|entre|et|d)\b))/,
  /([\p{L}\p{N}&.'*+-]{2,}?)(?:에서|한테|에다)(?![\p{L}])/u,
];

/**
 * The merchant that a text names: one of the user's own, else what stands where a merchant would.
 * @param text what the user wrote
 * @param context the user's merchants, the most frequent first, and day
 */
export function merchantOf(
  text: string,
  context: { merchants: readonly string[]; today: CalendarDay },
): string | undefined {
  const folded = withoutTimes(fold(text), context.today);
  const own = named(folded, context.merchants);
  if (own !== undefined) {
    // A merchant that is called like a category ("Food") is one only when the text says more than the word.
    return categoryOf(own)?.slug !== undefined &&
      categoryOf(folded)?.slug === categoryOf(own)?.slug &&
      fold(own).split(' ').length === 1 &&
      !new RegExp(String.raw`\b(?:at|from|chez) ${escaped(fold(own))}`).test(folded)
      ? undefined
      : own;
  }
  for (const pattern of PATTERNS) {
    const candidate = pattern
      .exec(folded)?.[1]
      ?.trim()
      .replace(/^(?:the|les?|la) /, '');
    if (
      candidate !== undefined &&
      candidate.length > 1 &&
      !NO_MERCHANT.test(candidate) &&
      !NO_MERCHANT.test(candidate.split(' ')[0] ?? '') &&
      categoryOf(candidate) === undefined &&
      /[\p{L}]/u.test(candidate)
    ) {
      return candidate;
    }
  }
  return undefined;
}
