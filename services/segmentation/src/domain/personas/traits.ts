import type { Texts } from '../segment-model.ts';

/** From here on a mean is worth a word: half a standard deviation off. */
export const NOTABLE_Z = 0.5;

/** What is said of a cluster whose mean of a feature is high or low. */
export interface TraitWords {
  high: Texts;
  low: Texts;
}

/**
 * The most telling traits of a cluster, strongest first.
 * @param z distance from the mean of all rows, by feature
 * @param words what can be said of each feature; undefined for one that is never named
 * @param most how many at most
 */
export const strongestTraits = (
  z: readonly number[],
  words: readonly (TraitWords | undefined)[],
  most: number,
): Texts[] =>
  z
    .map((value, index) => ({ value, word: words[index] }))
    .filter(({ value, word }) => word !== undefined && Math.abs(value) >= NOTABLE_Z)
    .sort((left, right) => Math.abs(right.value) - Math.abs(left.value))
    .slice(0, most)
    .flatMap(({ value, word }) => (word === undefined ? [] : [value > 0 ? word.high : word.low]));

/**
 * Joins texts language by language.
 * @param texts what to join
 * @param separator between two of them
 */
export const joinTexts = (texts: readonly Texts[], separator: string): Texts => ({
  en: texts.map(({ en }) => en).join(separator),
  fr: texts.map(({ fr }) => fr).join(separator),
  ko: texts.map(({ ko }) => ko).join(separator),
});

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/**
 * The same texts with a capital first letter.
 * @param texts texts that start a line
 */
export const capitalised = ({ en, fr, ko }: Texts): Texts => ({ en: capital(en), fr: capital(fr), ko });

/**
 * Names that occur more than once get a number behind, so that no two clusters are called alike.
 * @param names names in the order of the clusters
 */
export const distinctNames = (names: readonly Texts[]): Texts[] => {
  const seen = new Map<string, number>();
  return names.map((name) => {
    const count = (seen.get(name.en) ?? 0) + 1;
    seen.set(name.en, count);
    return count === 1
      ? name
      : {
          en: `${name.en} ${String(count)}`,
          fr: `${name.fr} ${String(count)}`,
          ko: `${name.ko} ${String(count)}`,
        };
  });
};
