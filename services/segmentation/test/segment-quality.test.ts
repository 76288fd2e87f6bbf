import { describe, expect, it } from '@jest/globals';
import { candidateKs, chooseK, measureKs } from '../src/domain/choose-k.ts';
import { CUSTOMER_SPECS, customerRow } from '../src/domain/customers/customer.ts';
import { bestPairing } from '../src/domain/hungarian.ts';
import { generateCustomers } from '../src/domain/customers/generate-customers.ts';
import { pointsOf, squaredDistance, takeRows } from '../src/domain/kmeans/points.ts';
import { createFitter } from '../src/domain/kmeans/fit-kmeans.ts';
import { nameCustomers } from '../src/domain/personas/name-customers.ts';
import { nameShoppers } from '../src/domain/personas/name-shoppers.ts';
import { explainRow } from '../src/domain/place-row.ts';
import { adjustedRand } from '../src/domain/quality/adjusted-rand.ts';
import { seededRandom, shuffled } from '../src/domain/seeded-random.ts';
import { generateShoppers } from '../src/domain/shopping/generate-shoppers.ts';
import { SHOPPER_FEATURES, shopperRow } from '../src/domain/shopping/shopper.ts';
import { labelRows, trainModel } from '../src/domain/train-model.ts';
import { fitTransform, transformPoints, transformRow } from '../src/domain/transform.ts';
import type { FeatureSpec } from '../src/domain/transform.ts';
import { mallVisitors, wholesaleCustomers } from './generators.ts';

const MALL: readonly FeatureSpec[] = [
  { name: 'income', kind: 'level' },
  { name: 'score', kind: 'level' },
];
const GOODS = ['fresh', 'milk', 'grocery', 'frozen', 'detergents', 'delicatessen'];
const nameByNumber = (clusters: readonly unknown[]) =>
  clusters.map((_cluster, index) => {
    const name = `Segment ${String(index)}`;
    return { names: { en: name, fr: name, ko: name }, descriptions: { en: name, fr: name, ko: name } };
  });

describe('data with five visible groups', () => {
  it('get five clusters, clear and stable', () => {
    const { rows, groups } = mallVisitors(1);
    const raw = pointsOf(rows);
    const { curve, fits } = measureKs(
      transformPoints(fitTransform(MALL, raw), raw),
      candidateKs(raw.rows),
      42,
    );
    const choice = chooseK(curve, raw.rows);
    const chosen = curve.find(({ k }) => k === choice.k);

    expect(choice).toMatchObject({ k: 5, structure: 'clear' });
    expect(chosen?.stability).toBeGreaterThanOrEqual(0.95);
    expect(adjustedRand(fits[3]?.labels ?? [], groups)).toBeGreaterThan(0.9);
  });

  it('keep the persona of at least 97 of 100 people when trained again on four fifths of them', () => {
    const raw = pointsOf(mallVisitors(1).rows);
    const first = trainModel({ name: 'customers', specs: MALL, raw, seed: 42 }, nameByNumber);
    const shares = Array.from({ length: 3 }, (_unused, round) => {
      const some = shuffled(raw.rows, seededRandom(round)).subarray(0, raw.rows * 0.8);
      const again = trainModel(
        { name: 'customers', specs: MALL, raw: takeRows(raw, some), seed: round, previous: first },
        nameByNumber,
      );
      const before = labelRows(first, raw);
      const after = labelRows(again, raw);
      const kept = [...before].filter(
        (label, row) => first.personas[label]?.id === again.personas[after[row] ?? -1]?.id,
      );
      return kept.length / raw.rows;
    });

    expect(shares.reduce((sum, share) => sum + share, 0) / shares.length).toBeGreaterThanOrEqual(0.97);
  });
});

describe('spending of two channels', () => {
  it('is told apart by the default transform, and hardly without it', () => {
    const { rows, groups } = wholesaleCustomers(3);
    const raw = pointsOf(rows);
    const agreement = (kind: FeatureSpec['kind']): number => {
      const points = transformPoints(
        fitTransform(
          GOODS.map((name) => ({ name, kind })),
          raw,
        ),
        raw,
      );
      const fitter = createFitter(points.columns);
      fitter.load(points);
      return adjustedRand(fitter.fit(2, seededRandom(1)).labels, groups);
    };

    expect(agreement('amount')).toBeGreaterThanOrEqual(0.5);
    expect(agreement('amount')).toBeGreaterThan(agreement('flag') + 0.2);
  });
});

describe('noise', () => {
  const raw = pointsOf(generateCustomers(1_500, 42).map(customerRow));
  const model = trainModel({ name: 'customers', specs: CUSTOMER_SPECS, raw, seed: 42 }, nameCustomers);

  it('is called weak structure', () => {
    expect(model.metrics.structure).toBe('weak');
  });

  it('is given confidences that hold: so many of fresh fits on other samples place a customer alike', () => {
    const random = seededRandom(99);
    const points = transformPoints(model.features, raw);
    const fitter = createFitter(points.columns);
    const centroids = model.personas.map(({ centroid }) => centroid);
    const fresh = Array.from({ length: 20 }, () => {
      fitter.load(
        takeRows(
          points,
          Int32Array.from({ length: raw.rows }, () => random.integer(raw.rows)),
        ),
      );
      const fit = fitter.fit(centroids.length, random, 2);
      const found = centroids.map((_unused, cluster) =>
        fit.centroids.subarray(cluster * fit.columns, (cluster + 1) * fit.columns),
      );
      const paired = bestPairing(
        centroids.map((centroid) => found.map((other) => -squaredDistance(centroid, other))),
      );
      return paired.map((other) => found[other] ?? []);
    });
    const nearest = (row: ArrayLike<number>, among: readonly ArrayLike<number>[]): number => {
      const distances = among.map((centroid) => squaredDistance(row, centroid));
      return distances.indexOf(Math.min(...distances));
    };
    const asked = generateCustomers(600, 7).map((customer) => {
      const row = transformRow(model.features, customerRow(customer));
      const own = nearest(row, centroids);
      return {
        confidence: explainRow(model, customerRow(customer)).confidence,
        agreement: fresh.filter((one) => nearest(row, one) === own).length / fresh.length,
      };
    });

    for (const [from, to] of [
      [0, 0.5],
      [0.5, 0.7],
      [0.7, 0.9],
      [0.9, 1.01],
    ] as const) {
      const band = asked.filter(({ confidence }) => confidence >= from && confidence < to);
      const mean = (pick: 'confidence' | 'agreement'): number =>
        band.reduce((sum, one) => sum + one[pick], 0) / band.length;
      expect(band.length).toBeGreaterThan(10);
      expect(Math.abs(mean('confidence') - mean('agreement'))).toBeLessThan(0.12);
    }
  });
});

describe('shoppers with seven kinds of behaviour', () => {
  it('keep every persona on the group that it describes, whatever the seed of the training', () => {
    const raw = pointsOf(generateShoppers(1_200, 11).map(shopperRow));
    const order = { name: 'shopping-personas', specs: SHOPPER_FEATURES, raw, fixedK: 7 } as const;
    const first = trainModel({ ...order, seed: 1 }, nameShoppers);

    expect(first.metrics.structure).toBe('clear');
    for (const seed of [2, 3]) {
      const again = trainModel({ ...order, seed, previous: first }, nameShoppers);
      expect(again.metrics.retention).toBeGreaterThanOrEqual(0.97);
      expect(again.personas.map(({ id, names }) => [id, names.ko])).toEqual(
        first.personas.map(({ id, names }) => [id, names.ko]),
      );
    }
  });
});
