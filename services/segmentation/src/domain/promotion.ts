import type { FeatureDrift } from './drift.ts';
import type { SegmentModel } from './segment-model.ts';

/** Whether a new version may serve. */
export interface Verdict {
  promoted: boolean;
  /** What spoke against it, in plain English; empty when nothing did. */
  reasons: string[];
}

/** Differences of this size come from chance in starts and samples. */
const SILHOUETTE_SLACK = 0.05;
const STABILITY_SLACK = 0.15;
/** While the population is the same, most people must keep their persona. */
const LEAST_RETENTION = 0.6;

const shown = (value: number): string => value.toFixed(3);

/**
 * Compares a trained version with the one that serves. A first version always serves. Where the population has changed,
 * people may be told apart differently and the figures of the old version are no measure.
 * @param candidate the new version
 * @param serving the version that serves
 * @param drift the candidate's rows against the training rows of the version that serves
 */
export const judgeVersion = (
  candidate: SegmentModel,
  serving: SegmentModel | undefined,
  drift: readonly FeatureDrift[],
): Verdict => {
  if (serving === undefined || drift.some(({ state }) => state === 'retrain')) {
    return { promoted: true, reasons: [] };
  }
  const now = candidate.metrics;
  const before = serving.metrics;
  const reasons: string[] = [];
  if (now.silhouette < before.silhouette - SILHOUETTE_SLACK) {
    reasons.push(`silhouette fell from ${shown(before.silhouette)} to ${shown(now.silhouette)}`);
  }
  if (now.stability < before.stability - STABILITY_SLACK) {
    reasons.push(`stability fell from ${shown(before.stability)} to ${shown(now.stability)}`);
  }
  if (before.structure === 'clear' && now.retention !== null && now.retention < LEAST_RETENTION) {
    reasons.push(`only ${shown(now.retention)} of the rows would keep their persona`);
  }
  return { promoted: reasons.length === 0, reasons };
};
