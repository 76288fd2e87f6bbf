import { seededRandom, shuffled } from '../seeded-random.ts';
import type { SeededRandom } from '../seeded-random.ts';
import type { KmeansEngine, KmeansFit, RefineLimits } from './engine.ts';
import { createMlKmeansEngine } from './ml-kmeans-engine.ts';
import { takeRows } from './points.ts';
import type { Points } from './points.ts';
import { createWasmEngine } from './wasm-engine.ts';
import { runsWasmSimd } from './wasm-kernel.ts';

/** Starts from which the best result is taken: one start of ten thousand rows was up to 0.7 % worse than the best of ten. */
export const STARTS = 10;

const ROUGH: RefineLimits = { maxIterations: 100, tolerance: 1e-4 };
// Below this nothing moves that anybody could see; exact rest can take hundreds of rounds more on data without groups.
const EXACT: RefineLimits = { maxIterations: 300, tolerance: 1e-12 };
/** Starts are tried on this many rows; the best is then refined on all of them. */
const START_ROWS = 20_000;

/**
 * The fastest engine that runs here: the WebAssembly kernel, else ml-kmeans.
 * @param columns columns of all points that it will be given
 */
export const createEngine = (columns: number): KmeansEngine =>
  runsWasmSimd() ? createWasmEngine(columns) : createMlKmeansEngine();

/** Finds clusters among the points that it was given last. */
export interface Fitter {
  /** Takes the points; earlier ones are forgotten. */
  load(points: Points): void;
  /**
   * The best of several starts, refined until nothing moves.
   * @param k number of clusters, at most the number of rows
   * @param random decides the starts; the same source gives the same result
   * @param starts how many starts
   */
  fit(k: number, random: SeededRandom, starts?: number): KmeansFit;
}

/**
 * Makes a fitter.
 * @param columns columns of all points that it will be given
 * @param engine what it finds clusters with
 */
export const createFitter = (columns: number, engine = createEngine(columns)): Fitter => {
  let points: Points | undefined;
  let sample: Points | undefined;

  const bestStart = (k: number, random: SeededRandom, starts: number): KmeansFit => {
    let best = engine.refine(engine.seed(k, random), ROUGH);
    // One cluster has one solution, whatever the start.
    for (let start = 1; start < starts && k > 1; start += 1) {
      const fit = engine.refine(engine.seed(k, random), ROUGH);
      best = fit.inertia < best.inertia ? fit : best;
    }
    return best;
  };

  return {
    load(next) {
      points = next;
      sample =
        next.rows <= START_ROWS
          ? undefined
          : takeRows(next, shuffled(next.rows, seededRandom(next.rows)).subarray(0, START_ROWS));
      engine.load(next);
    },
    fit(k, random, starts = STARTS) {
      if (points === undefined) {
        throw new RangeError('there are no points to fit');
      }
      if (sample !== undefined) {
        engine.load(sample);
      }
      const best = bestStart(k, random, starts);
      if (sample !== undefined) {
        engine.load(points);
      }
      const exact = engine.refine(best.centroids, EXACT);
      return { ...exact, iterations: best.iterations + exact.iterations };
    },
  };
};
