/** A repeatable source of numbers. */
export interface SeededRandom {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform integer in [0, limit). */
  integer(limit: number): number;
  /** Standard normal. */
  normal(): number;
}

/**
 * Makes a source that gives the same numbers for the same seed on every machine (mulberry32, by Tommy Ettinger, public
 * domain; period 2^32).
 * @param seed any integer
 */
export const seededRandom = (seed: number): SeededRandom => {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  return {
    next,
    integer: (limit) => Math.floor(next() * limit),
    // Box and Muller; 1 - next() is never 0, so the logarithm is finite.
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
  };
};

/**
 * Numbers 0 to `count - 1` in a random order (Fisher and Yates).
 * @param count how many
 * @param random the source
 */
export const shuffled = (count: number, random: SeededRandom): Int32Array => {
  const order = Int32Array.from({ length: count }, (_unused, index) => index);
  for (let last = count - 1; last > 0; last -= 1) {
    const other = random.integer(last + 1);
    const kept = order[last] ?? 0;
    order[last] = order[other] ?? 0;
    order[other] = kept;
  }
  return order;
};
