import type { MerchantName } from './types.ts';

/** Features are hashed into 2^17 buckets. */
export const FEATURE_BITS = 17;
export const FEATURE_BUCKETS = 1 << FEATURE_BITS;
/** Longest feature list of one descriptor; what does not fit is left out. */
export const MAX_FEATURES = 512;

const MASK = FEATURE_BUCKETS - 1;
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
const SHORTEST_GRAM = 3;
const LONGEST_GRAM = 5;

const mix = (hash: number, unit: number): number => Math.imul(hash ^ unit, FNV_PRIME);
const bucket = (hash: number): number => (hash ^ (hash >>> 15)) & MASK;

const hashText = (text: string, seed: number): number => {
  let hash = mix(FNV_OFFSET, seed);
  for (let index = 0; index < text.length; index += 1) {
    hash = mix(hash, text.charCodeAt(index));
  }
  return hash;
};

/** Kinds of features, mixed into the hash so that they do not meet. */
const WORD = 1;
const PAIR = 2;
const GRAM = 3;
const HEAD = 4;
const TAIL = 5;
const SYLLABLES = 6;

const isDigits = (text: string): boolean => /^\d+$/.test(text);

/**
 * Writes the hashed features of a name: words, pairs of words, character 3- to 5-grams inside words, and for Hangul
 * syllable 1- to 4-grams with marks for start and end.
 * @param name result of the normaliser
 * @param into buffer of at least MAX_FEATURES
 * @param visit called with each feature's bucket and its text, for explanations only
 * @returns how many were written
 */
export const writeFeatures = (
  name: Pick<MerchantName, 'tokens' | 'hangul'>,
  into: Int32Array,
  visit?: (bucket: number, text: string) => void,
): number => {
  let count = 0;
  const put = (hash: number, text: () => string) => {
    if (count < MAX_FEATURES) {
      const index = bucket(hash);
      into[count] = index;
      count += 1;
      visit?.(index, text());
    }
  };
  if (name.hangul !== '') {
    const letters = [...name.hangul];
    const size = letters.length;
    for (let length = 1; length <= 4; length += 1) {
      for (let start = 0; start + length <= size; start += 1) {
        const text = letters.slice(start, start + length).join('');
        const hash = hashText(text, SYLLABLES);
        put(hash, () => text);
        if (start === 0 && length > 1) {
          put(mix(hash, HEAD), () => text);
        }
        if (start + length === size && length > 1) {
          put(mix(hash, TAIL), () => text);
        }
      }
    }
    return count;
  }
  let previous = '';
  let position = 0;
  for (const token of name.tokens) {
    if (isDigits(token) && token.length > 2) {
      continue;
    }
    const whole = hashText(token, WORD);
    put(whole, () => token);
    put(mix(whole, WORD), () => token);
    if (position === 0) {
      put(mix(whole, HEAD), () => token);
    }
    if (previous !== '') {
      const pair = `${previous} ${token}`;
      put(hashText(pair, PAIR), () => pair);
    }
    const padded = `<${token}>`;
    for (let start = 0; start < padded.length; start += 1) {
      let hash = mix(FNV_OFFSET, GRAM);
      for (let length = 1; length <= LONGEST_GRAM && start + length <= padded.length; length += 1) {
        hash = mix(hash, padded.charCodeAt(start + length - 1));
        if (length >= SHORTEST_GRAM) {
          const end = start + length;
          put(hash, () => padded.slice(start, end).replace(/[<>]/g, ''));
        }
      }
    }
    previous = token;
    position += 1;
  }
  return count;
};
