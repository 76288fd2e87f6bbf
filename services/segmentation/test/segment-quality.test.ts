import { describe, expect, it } from '@jest/globals';
import { candidateKs, chooseK, measureKs } from '../src/domain/choose-k.ts';
import { CUSTOMER_SPECS, customerRow } from '../src/domain/customers/customer.ts';
import { generateCustomers } from '../src/domain/customers/generate-customers.ts';
import { pointsOf, takeRows } from '../src/domain/kmeans/points.ts';
import { createFitter } from '../src/domain/kmeans/fit-kmeans.ts';
import { nameCustomers } from '../src/domain/personas/name-customers.ts';
import { nameShoppers } from '../src/domain/personas/name-shoppers.ts';
import { explainRow } from '../src/domain/place-row.ts';
import { adjustedRand } from '../src/domain/quality/adjusted-rand.ts';
import { seededRandom, shuffled } from '../src/domain/seeded-random.ts';
import { generateShoppers } from '../src/domain/shopping/generate-shoppers.ts';
import { SHOPPER_FEATURES, shopperRow } from '../src/domain/shopping/shopper.ts';
import { labelRows, trainModel } from '../src/domain/train-model.ts';
import { fitTransform, transformPoints } from '../src/domain/transform.ts';
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
  it('is called weak structure, and the confidence in it is the agreement of fresh fits', () => {
    const raw = pointsOf(generateCustomers(2_000, 42).map(customerRow));
    const model = trainModel({ name: 'customers', specs: CUSTOMER_SPECS, raw, seed: 42 }, nameCustomers);

    expect(model.metrics.structure).toBe('weak');
    const confidences = generateCustomers(400, 7).map(
      (customer) => explainRow(model, customerRow(customer)).confidence,
    );
    const mean = confidences.reduce((sum, value) => sum + value, 0) / confidences.length;
    // Clusters of noise move with every sample, so nobody may be called very confident on average.
    expect(mean).toBeLessThan(0.85);
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
