const pairs = (count: number): number => (count * (count - 1)) / 2;

/**
 * How far two labellings of the same rows agree: 1 for the same groups under any names, about 0 for chance (adjusted
 * Rand index, Hubert and Arabie 1985).
 * @param left label of each row, 0 and up
 * @param right another label of each row
 */
export const adjustedRand = (left: ArrayLike<number>, right: ArrayLike<number>): number => {
  const cells = new Map<number, number>();
  const leftSizes = new Map<number, number>();
  const rightSizes = new Map<number, number>();
  const add = (sizes: Map<number, number>, key: number): void => {
    sizes.set(key, (sizes.get(key) ?? 0) + 1);
  };
  for (let row = 0; row < left.length; row += 1) {
    const a = left[row] ?? 0;
    const b = right[row] ?? 0;
    add(leftSizes, a);
    add(rightSizes, b);
    add(cells, a * 4096 + b);
  }
  const sum = (sizes: Map<number, number>): number =>
    [...sizes.values()].reduce((total, count) => total + pairs(count), 0);
  const together = sum(cells);
  const inLeft = sum(leftSizes);
  const inRight = sum(rightSizes);
  const all = pairs(left.length);
  const expected = all === 0 ? 0 : (inLeft * inRight) / all;
  const most = (inLeft + inRight) / 2;
  return most === expected ? 1 : (together - expected) / (most - expected);
};
