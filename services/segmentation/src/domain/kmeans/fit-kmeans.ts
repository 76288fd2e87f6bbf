import type { SeededRandom } from '../seeded-random.ts';
import type { KmeansEngine, KmeansFit, RefineLimits } from './engine.ts';
import { createMlKmeansEngine } from './ml-kmeans-engine.ts';
import { createWasmEngine } from './wasm-engine.ts';
import { runsWasmSimd } from './wasm-kernel.ts';

/** Starts from which the best result is taken: one start of ten thousand rows was up to 0.7 % worse than the best of ten. */
export const STARTS = 10;

const ROUGH: RefineLimits = { maxIterations: 100, tolerance: 1e-4 };
const EXACT: RefineLimits = { maxIterations: 300, tolerance: 0 };

/**
 * The fastest engine that runs here: the WebAssembly kernel, else ml-kmeans.
 * @param columns columns of all points that it will be given
 */
export const createEngine = (columns: number): KmeansEngine =>
  runsWasmSimd() ? createWasmEngine(columns) : createMlKmeansEngine();

/**
 * The best of several starts on the points that the engine holds; the winner is refined until nothing moves.
 * @param engine an engine with points loaded
 * @param k number of clusters, at most the number of rows
 * @param random decides the starts; the same source gives the same result
 * @param starts how many starts
 */
export const fitKmeans = (
  engine: KmeansEngine,
  k: number,
  random: SeededRandom,
  starts: number = STARTS,
): KmeansFit => {
  let best: KmeansFit | undefined;
  // One cluster has one solution, whatever the start.
  const tries = k === 1 ? 1 : starts;
  for (let start = 0; start < tries; start += 1) {
    const fit = engine.refine(engine.seed(k, random), ROUGH);
    if (best === undefined || fit.inertia < best.inertia) {
      best = fit;
    }
  }
  if (best === undefined) {
    throw new RangeError('at least one start is needed');
  }
  const exact = engine.refine(best.centroids, EXACT);
  return { ...exact, iterations: best.iterations + exact.iterations };
};
