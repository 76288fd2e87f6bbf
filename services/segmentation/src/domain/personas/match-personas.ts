import { bestPairing } from '../hungarian.ts';

/** A persona as far as matching needs it. */
export interface KnownPersona {
  id: string;
  number: number;
}

/** Two clusters with less in common are different people (Jaccard index of their members). */
const LEAST_OVERLAP = 0.3;

/**
 * Finds for each new cluster the earlier persona with most members in common, so that names stay with the people.
 * @param labels cluster of each row in the new model
 * @param k clusters of the new model
 * @param earlier index into `known` of each row in the version before
 * @param known personas of the version before
 * @returns for each new cluster the persona, or undefined when it is a new one
 */
export const matchPersonas = (
  labels: ArrayLike<number>,
  k: number,
  earlier: ArrayLike<number>,
  known: readonly KnownPersona[],
): (KnownPersona | undefined)[] => {
  const together = Array.from({ length: k }, () => known.map(() => 0));
  const sizes = Array.from({ length: k }, () => 0);
  const earlierSizes = known.map(() => 0);
  for (let row = 0; row < labels.length; row += 1) {
    const now = labels[row] ?? 0;
    const then = earlier[row] ?? 0;
    const line = together[now] ?? [];
    line[then] = (line[then] ?? 0) + 1;
    sizes[now] = (sizes[now] ?? 0) + 1;
    earlierSizes[then] = (earlierSizes[then] ?? 0) + 1;
  }
  const overlaps = together.map((line, now) =>
    line.map((common, then) => {
      const union = (sizes[now] ?? 0) + (earlierSizes[then] ?? 0) - common;
      return union === 0 ? 0 : common / union;
    }),
  );
  return bestPairing(overlaps).map((then, now) =>
    (overlaps[now]?.[then] ?? 0) >= LEAST_OVERLAP ? known[then] : undefined,
  );
};

/**
 * Ids and numbers of new clusters: matched ones keep theirs, others get an id that was never used and a free number.
 * @param matched the earlier persona of each new cluster
 * @param prefix first part of new ids
 * @param next number of the next new id
 * @returns ids and numbers in the order of the clusters, and the next new id
 */
export const numberPersonas = (
  matched: readonly (KnownPersona | undefined)[],
  prefix: string,
  next: number,
): { ids: string[]; numbers: number[]; next: number } => {
  const k = matched.length;
  const taken = new Set(
    matched.flatMap((known) => (known !== undefined && known.number < k ? [known.number] : [])),
  );
  const free = Array.from({ length: k }, (_unused, number) => number).filter((number) => !taken.has(number));
  let following = next;
  const ids: string[] = [];
  const numbers: number[] = [];
  for (const known of matched) {
    ids.push(known?.id ?? `${prefix}-${String(following)}`);
    following += known === undefined ? 1 : 0;
    numbers.push(known !== undefined && known.number < k ? known.number : (free.shift() ?? 0));
  }
  return { ids, numbers, next: following };
};
