import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { kmeans } from 'ml-kmeans';
import { seededRandom } from '../seeded-random.ts';
import type { KmeansEngine } from './engine.ts';
import { createEngine, createFitter } from './fit-kmeans.ts';
import { createMlKmeansEngine } from './ml-kmeans-engine.ts';
import { pointsOf, rowOf, squaredDistance } from './points.ts';
import type { Points } from './points.ts';
import { createWasmEngine } from './wasm-engine.ts';

const EXACT = { maxIterations: 100, tolerance: 0 };

const cloud = (rows: number, columns: number, groups: number, seed: number): Points => {
  const random = seededRandom(seed);
  const centres = Array.from({ length: groups }, () =>
    Array.from({ length: columns }, () => random.normal() * 4),
  );
  return pointsOf(
    Array.from({ length: rows }, (_unused, row) =>
      (centres[row % groups] ?? []).map((centre) => centre + random.normal()),
    ),
  );
};

const inertiaOf = (points: Points, centroids: readonly (readonly number[])[]): number =>
  Array.from({ length: points.rows }, (_unused, row) =>
    Math.min(...centroids.map((centroid) => squaredDistance(rowOf(points, row), centroid))),
  ).reduce((sum, distance) => sum + distance, 0);

const engines: readonly [string, (columns: number) => KmeansEngine][] = [
  ['the WebAssembly engine', createWasmEngine],
  ['the ml-kmeans engine', () => createMlKmeansEngine()],
];

describe.each(engines)('%s', (_name, create) => {
  it.each([
    [1, 2],
    [2, 3],
    [3, 5],
    [8, 8],
    [11, 4],
  ])('agrees with ml-kmeans from the same start with %d columns and %d clusters', (columns, k) => {
    const points = cloud(600, columns, 6, columns);
    const engine = create(columns);
    engine.load(points);
    const start = engine.seed(k, seededRandom(5));
    const oracle = kmeans(
      Array.from({ length: points.rows }, (_unused, row) => [...rowOf(points, row)]),
      k,
      {
        initialization: Array.from({ length: k }, (_unused, cluster) => [
          ...start.subarray(cluster * columns, (cluster + 1) * columns),
        ]),
        maxIterations: 100,
        tolerance: 0,
      },
    );

    const fit = engine.refine(start, EXACT);

    const expected = inertiaOf(points, oracle.centroids);
    expect(Math.abs(fit.inertia - expected) / expected).toBeLessThan(1e-9);
    expect([...fit.labels]).toEqual(oracle.clusters);
  });

  it('restarts a cluster that no row is near to, instead of keeping it empty', () => {
    const points = pointsOf([[0], [0.1], [0.2], [10], [10.1], [30]]);
    const engine = create(1);
    engine.load(points);

    const { counts, centroids } = engine.refine(Float64Array.from([0, 10, 1e6]), EXACT);

    expect(counts.every((count) => count > 0)).toBe(true);
    expect([...centroids].sort((a, b) => a - b).map((value) => Math.round(value))).toEqual([0, 10, 30]);
  });

  it('takes rows that are all alike, and as many clusters as rows', () => {
    const fitter = createFitter(2, create(2));
    fitter.load(
      pointsOf([
        [1, 1],
        [1, 1],
        [1, 1],
      ]),
    );
    expect(fitter.fit(2, seededRandom(1)).inertia).toBe(0);

    fitter.load(
      pointsOf([
        [1, 1],
        [2, 5],
        [9, 1],
      ]),
    );
    expect(fitter.fit(3, seededRandom(1)).inertia).toBeCloseTo(0, 12);
  });
});

describe('fitting', () => {
  it('gives the same clusters for the same seed, and is not worse than any single start', () => {
    const points = cloud(800, 4, 5, 9);
    const engine = createEngine(4);
    const fitter = createFitter(4);
    engine.load(points);
    fitter.load(points);
    const first = fitter.fit(5, seededRandom(3));
    const again = fitter.fit(5, seededRandom(3));

    expect([...again.labels]).toEqual([...first.labels]);
    for (let seed = 0; seed < 10; seed += 1) {
      const single = engine.refine(engine.seed(5, seededRandom(seed)), EXACT);
      expect(first.inertia).toBeLessThanOrEqual(single.inertia * (1 + 1e-9));
    }
  });

  it('finds the same groups in many rows as in all of their kinds, although starts are tried on a sample', () => {
    const points = cloud(25_000, 3, 4, 21);
    const fitter = createFitter(3);
    fitter.load(points);
    const { counts, labels, inertia } = fitter.fit(4, seededRandom(2), 3);

    counts.forEach((count) => expect(Math.abs(count / 6_250 - 1)).toBeLessThan(0.01));
    expect(new Set(Array.from({ length: 4 }, (_unused, row) => labels[row])).size).toBe(4);
    // Three columns of unit variance around each centre, less what overlapping groups take from each other.
    expect(inertia / points.rows).toBeGreaterThan(2.8);
    expect(inertia / points.rows).toBeLessThan(3.05);
  });

  it('puts every row of any data into the cluster that is nearest', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }).chain((columns) =>
          fc.array(
            fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), {
              minLength: columns,
              maxLength: columns,
            }),
            { minLength: 3, maxLength: 40 },
          ),
        ),
        fc.integer({ min: 1, max: 3 }),
        (rows, k) => {
          const points = pointsOf(rows);
          const fitter = createFitter(points.columns);
          fitter.load(points);
          const fit = fitter.fit(k, seededRandom(1), 2);
          const centroids = Array.from({ length: k }, (_unused, cluster) =>
            fit.centroids.subarray(cluster * points.columns, (cluster + 1) * points.columns),
          );
          const distances = rows.map((_row, row) =>
            centroids.map((centroid) => squaredDistance(rowOf(points, row), centroid)),
          );

          expect([...fit.counts].reduce((sum, count) => sum + count, 0)).toBe(rows.length);
          for (const [row, ofRow] of distances.entries()) {
            expect(ofRow[fit.labels[row] ?? -1]).toBeLessThanOrEqual(Math.min(...ofRow) * (1 + 1e-9) + 1e-9);
          }
          const total = distances.reduce((sum, ofRow) => sum + Math.min(...ofRow), 0);
          expect(Math.abs(fit.inertia - total)).toBeLessThanOrEqual(1e-9 * Math.max(1, total));
        },
      ),
      { numRuns: 60 },
    );
  });
});
