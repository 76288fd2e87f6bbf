import { ANOMALY_KINDS, detectAnomalies } from '../../src/domain/anomalies/detect-anomalies.ts';
import type { AnomalyKind } from '../../src/domain/anomalies/detect-anomalies.ts';
import { anomalousUser } from './anomalous-user.ts';

export interface AnomalyScore {
  precision: number;
  recall: number;
  f1: number;
  /** Over the scored half year of each user. */
  alertsPerUserMonth: number;
  recallByKind: Record<AnomalyKind, number>;
}

const SCORED_MONTHS = 180 / 30.44;

/**
 * Scores the detector on generated users: an unusual purchase counts as found under any kind.
 * @param seeds one user per seed
 */
export const scoreAnomalies = (seeds: readonly number[]): AnomalyScore => {
  const put = new Map<AnomalyKind, number>();
  const found = new Map<AnomalyKind, number>();
  let alerts = 0;
  let hits = 0;
  let real = 0;
  for (const seed of seeds) {
    const { transactions, injected, scoredFrom } = anomalousUser(seed);
    const dates = new Map(transactions.map(({ id, date }) => [id, date]));
    const flagged = new Set(
      detectAnomalies(transactions)
        .map(({ id }) => id)
        .filter((id) => (dates.get(id) ?? '') >= scoredFrom),
    );
    alerts += flagged.size;
    real += injected.size;
    for (const [id, kind] of injected) {
      put.set(kind, (put.get(kind) ?? 0) + 1);
      if (flagged.has(id)) {
        hits += 1;
        found.set(kind, (found.get(kind) ?? 0) + 1);
      }
    }
  }
  const precision = hits / Math.max(1, alerts);
  const recall = hits / Math.max(1, real);
  const recallOf = (kind: AnomalyKind): number => (found.get(kind) ?? 0) / Math.max(1, put.get(kind) ?? 0);
  return {
    precision,
    recall,
    f1: (2 * precision * recall) / Math.max(1e-9, precision + recall),
    alertsPerUserMonth: alerts / seeds.length / SCORED_MONTHS,
    recallByKind: {
      large: recallOf('large'),
      duplicate: recallOf('duplicate'),
      'price-rise': recallOf('price-rise'),
      'new-merchant': recallOf('new-merchant'),
      foreign: recallOf('foreign'),
    },
  };
};

/** Kinds whose recall is below a floor. */
export const weakKinds = (score: AnomalyScore, floor: number): AnomalyKind[] =>
  ANOMALY_KINDS.filter((kind) => score.recallByKind[kind] < floor);
