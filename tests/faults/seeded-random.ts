/**
 * Numbers from 0 up to 1, the same on every machine for the same seed.
 * @param seed any whole number
 */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    // Numerical Recipes' linear congruential generator: enough to scatter faults.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
}

/**
 * The same things in another order.
 * @param things any
 * @param random from 0 up to 1
 */
export function shuffled<Thing>(things: readonly Thing[], random: () => number): Thing[] {
  const result = [...things];
  for (let last = result.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [result[last], result[other]] = [result[other] as Thing, result[last] as Thing];
  }
  return result;
}
