import { describe, expect, it } from '@jest/globals';
import { judgeVersion } from './promotion.ts';
import type { SegmentModel } from './segment-model.ts';
import { pointsOf } from './kmeans/points.ts';
import { trainModel } from './train-model.ts';

const rows = pointsOf(
  Array.from({ length: 40 }, (_unused, index) => [(index % 4) * 10 + index / 100, index % 2]),
);
const model = trainModel(
  {
    name: 'customers',
    specs: [
      { name: 'a', kind: 'level' },
      { name: 'b', kind: 'flag' },
    ],
    raw: rows,
    seed: 1,
  },
  (clusters) =>
    clusters.map((_cluster, index) => {
      const name = String(index);
      return { names: { en: name, fr: name, ko: name }, descriptions: { en: name, fr: name, ko: name } };
    }),
);
const withMetrics = (metrics: Partial<SegmentModel['metrics']>): SegmentModel => ({
  ...model,
  metrics: {
    ...model.metrics,
    silhouette: 0.5,
    stability: 0.9,
    structure: 'clear',
    retention: 0.95,
    ...metrics,
  },
});

describe('a new version', () => {
  it('serves when it is the first, or as good as the one before', () => {
    expect(judgeVersion(withMetrics({}), undefined, [])).toEqual({ promoted: true, reasons: [] });
    expect(judgeVersion(withMetrics({ silhouette: 0.47 }), withMetrics({}), [])).toMatchObject({
      promoted: true,
    });
  });

  it.each([
    ['silhouette', { silhouette: 0.3 }],
    ['stability', { stability: 0.6 }],
    ['keep their persona', { retention: 0.3 }],
  ])('does not serve when it is worse, and says why: %s', (reason, metrics) => {
    const verdict = judgeVersion(withMetrics(metrics), withMetrics({}), []);

    expect(verdict.promoted).toBe(false);
    expect(verdict.reasons.join()).toContain(reason);
  });

  it('serves whatever the old figures were when the population has changed', () => {
    const drift = [{ feature: 'a', psi: 0.9, state: 'retrain' as const }];

    expect(
      judgeVersion(withMetrics({ silhouette: 0.1, retention: 0 }), withMetrics({}), drift),
    ).toMatchObject({
      promoted: true,
    });
  });
});
