import { createWasmEngine } from '../src/domain/kmeans/wasm-engine.ts';
import { seededRandom } from '../src/domain/seeded-random.ts';
import { benchPoints } from './bench-points.ts';

/** A fit of half a million rows in a process of its own; prints the largest resident set in megabytes. */
const points = benchPoints(500_000, 8);
const engine = createWasmEngine(8);
engine.load(points);
const { inertia } = engine.refine(engine.seed(8, seededRandom(2)), { maxIterations: 20, tolerance: 0 });
process.stdout.write(JSON.stringify({ megabytes: process.resourceUsage().maxRSS / 1_000, inertia }));
