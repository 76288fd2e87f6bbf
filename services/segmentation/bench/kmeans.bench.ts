import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { kmeans } from 'ml-kmeans';
import { candidateKs, chooseK, measureKs } from '../src/domain/choose-k.ts';
import { generateCustomers } from '../src/domain/customers/generate-customers.ts';
import { CUSTOMER_SPECS, customerRow } from '../src/domain/customers/customer.ts';
import { createMlKmeansEngine } from '../src/domain/kmeans/ml-kmeans-engine.ts';
import { pointsOf, rowOf } from '../src/domain/kmeans/points.ts';
import type { Points } from '../src/domain/kmeans/points.ts';
import { createWasmEngine } from '../src/domain/kmeans/wasm-engine.ts';
import { nameCustomers } from '../src/domain/personas/name-customers.ts';
import { explainRow, placeRow } from '../src/domain/place-row.ts';
import { seededRandom } from '../src/domain/seeded-random.ts';
import { trainModel } from '../src/domain/train-model.ts';
import { fitTransform, transformPoints } from '../src/domain/transform.ts';
import type { FeatureSpec } from '../src/domain/transform.ts';
import { benchPoints } from './bench-points.ts';

const ROWS = 100_000;
const COLUMNS = 8;
const K = 8;
const ROUNDS = 3;
const LIMITS = { maxIterations: 20, tolerance: 0 };

const say = (name: string, text: string): void => {
  process.stdout.write(`${`${name}:`.padEnd(46)}${text}\n`);
};

const timed = <Result>(work: () => Result): { ms: number; result: Result } => {
  const startedAt = performance.now();
  const result = work();
  return { ms: performance.now() - startedAt, result };
};

const listOf = (points: Points): number[][] =>
  Array.from({ length: points.rows }, (_unused, row) => [...rowOf(points, row)]);

const points = benchPoints(ROWS, COLUMNS);
const list = listOf(points);
const engine = createWasmEngine(COLUMNS);
engine.load(points);
const start = engine.seed(K, seededRandom(2));
const starts = listOf({ rows: K, columns: COLUMNS, values: start });

/** scikit-learn on one thread from the same start, where Debian's python3-sklearn is installed. */
const SKLEARN = `
import sys, time, json, numpy as np
from sklearn.cluster import KMeans
X = np.fromfile(sys.argv[1]).reshape(-1, ${String(COLUMNS)}); S = np.fromfile(sys.argv[2]).reshape(-1, ${String(COLUMNS)})
best = None
for _ in range(${String(ROUNDS)}):
    t = time.perf_counter()
    m = KMeans(n_clusters=len(S), init=S, n_init=1, max_iter=20, tol=0, algorithm='lloyd').fit(X)
    ms = (time.perf_counter() - t) * 1000
    best = ms if best is None else min(best, ms)
print(json.dumps({'ms': best, 'inertia': m.inertia_}))
`;

const askSklearn = async (): Promise<{ ms: number; inertia: number } | undefined> => {
  if (spawnSync('python3', ['-c', 'import sklearn']).status !== 0) {
    return undefined;
  }
  const folder = await mkdtemp(join(tmpdir(), 'orrery-kmeans-'));
  try {
    const files = [join(folder, 'points'), join(folder, 'start')] as const;
    await writeFile(files[0], new Uint8Array(points.values.buffer));
    await writeFile(files[1], new Uint8Array(start.buffer));
    const env = { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' };
    const answer = execFileSync('python3', ['-W', 'ignore', '-c', SKLEARN, ...files], {
      env,
      encoding: 'utf8',
    });
    return JSON.parse(answer) as { ms: number; inertia: number };
  } finally {
    await rm(folder, { recursive: true });
  }
};

// Rounds alternate and the best of each counts, since neighbours on the machine disturb single ones.
let own = { ms: Number.POSITIVE_INFINITY, inertia: 0 };
let whole = Number.POSITIVE_INFINITY;
let oracle = Number.POSITIVE_INFINITY;
let oracleWhole = Number.POSITIVE_INFINITY;
for (let round = 0; round < ROUNDS; round += 1) {
  const mine = timed(() => engine.refine(start, LIMITS));
  own = { ms: Math.min(own.ms, mine.ms), inertia: mine.result.inertia };
  oracle = Math.min(oracle, timed(() => kmeans(list, K, { initialization: starts, ...LIMITS })).ms);
  whole = Math.min(
    whole,
    timed(() => {
      engine.load(points);
      return engine.refine(engine.seed(K, seededRandom(round)), LIMITS);
    }).ms,
  );
  oracleWhole = Math.min(
    oracleWhole,
    timed(() => kmeans(list, K, { initialization: 'kmeans++', seed: round, ...LIMITS })).ms,
  );
}
const other = createMlKmeansEngine();
other.load(points);
const difference = Math.abs(own.inertia / other.refine(start, LIMITS).inertia - 1);

say('inertia against ml-kmeans, relative', `${difference.toExponential(1)} (goal 1e-9)`);
say('20 rounds of 100,000 x 8, k = 8', `${own.ms.toFixed(0)} ms, ml-kmeans ${oracle.toFixed(0)} ms`);
say('time against ml-kmeans', `${(own.ms / oracle).toFixed(3)} (goal 0.30)`);
say('with k-means++ and loading, against ml-kmeans', `${(whole / oracleWhole).toFixed(3)} (goal 0.20)`);
const sklearn = await askSklearn();
say(
  'time against scikit-learn, one thread',
  sklearn === undefined
    ? 'not measured: python3-sklearn is not installed'
    : `${(own.ms / sklearn.ms).toFixed(2)} (goal 1.10), inertia differs by ${Math.abs(own.inertia / sklearn.inertia - 1).toExponential(1)}`,
);

const child = execFileSync(process.execPath, [fileURLToPath(new URL('peak-memory.ts', import.meta.url))], {
  encoding: 'utf8',
});
const { megabytes } = JSON.parse(child) as { megabytes: number };
say('peak memory of a process with 500,000 x 8', `${megabytes.toFixed(0)} MB (goal 160 MB)`);

const raw = pointsOf(generateCustomers().map(customerRow));
const training = timed(() =>
  trainModel({ name: 'customers', specs: CUSTOMER_SPECS, raw, seed: 42 }, nameCustomers),
);
say(
  'whole training of 5,000 customers',
  `${(training.ms / 1_000).toFixed(1)} s, ${training.result.metrics.structure} structure`,
);

const rows = generateCustomers(2_000, 5).map(customerRow);
const times = rows
  .map((row) => timed(() => explainRow(training.result, row)).ms)
  .sort((left, right) => left - right);
say(
  'one prediction with reasons, p99',
  `${(times[Math.floor(times.length * 0.99)] ?? 0).toFixed(3)} ms (goal 1 ms)`,
);

/** A million rows in pages, as the job reads them; only one page is in memory. */
const before = process.memoryUsage.rss();
let placed = 0;
let peak = before;
const million = timed(() => {
  for (let page = 0; page < 1_000; page += 1) {
    for (const row of generateCustomers(1_000, page).map(customerRow)) {
      placed += placeRow(training.result, row).persona.number >= 0 ? 1 : 0;
    }
    peak = Math.max(peak, process.memoryUsage.rss());
  }
});
say(
  'a million rows placed, page by page',
  `${placed.toLocaleString('en')} in ${(million.ms / 1_000).toFixed(1)} s, ${((peak - before) / 1e6).toFixed(0)} MB more than before`,
);

/** Data that may not be shipped: give a folder with `Mall_Customers.csv` in `SEGMENTATION_DATA`. */
const folder = process.env['SEGMENTATION_DATA'];
const mall = folder === undefined ? undefined : join(folder, 'Mall_Customers.csv');
if (mall === undefined || !existsSync(mall)) {
  say('mall visitors', 'not measured: set SEGMENTATION_DATA to a folder with Mall_Customers.csv');
} else {
  const visitors = pointsOf(
    readFileSync(mall, 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.split(',').slice(-2).map(Number)),
  );
  const specs: readonly FeatureSpec[] = [
    { name: 'income', kind: 'level' },
    { name: 'score', kind: 'level' },
  ];
  const { curve } = measureKs(
    transformPoints(fitTransform(specs, visitors), visitors),
    candidateKs(visitors.rows),
    42,
  );
  const choice = chooseK(curve, visitors.rows);
  const chosen = curve.find(({ k }) => k === choice.k);
  say(
    'mall visitors by income and score',
    `K = ${String(choice.k)} (goal 5), silhouette ${(chosen?.silhouette ?? 0).toFixed(3)}, stability ${(chosen?.stability ?? 0).toFixed(3)} (goal 0.95)`,
  );
}
