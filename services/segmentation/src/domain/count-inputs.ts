import { binOf } from './drift.ts';
import type { Placement } from './place-row.ts';
import type { SegmentModel } from './segment-model.ts';

/** Counts of some placed rows: nothing of a single one. */
export interface InputCounts {
  rows: number;
  /** For each feature the rows in each bin. */
  bins: number[][];
  /** Rows of each persona, by number. */
  personas: number[];
}

/**
 * Counts placed rows for drift.
 * @param model the model that placed them
 * @param rows raw rows
 * @param placements where each belongs
 */
export const countInputs = (
  model: SegmentModel,
  rows: readonly (readonly number[])[],
  placements: readonly Placement[],
): InputCounts => {
  const bins = model.bins.map(({ shares }) => new Array<number>(shares.length).fill(0));
  const personas = new Array<number>(model.personas.length).fill(0);
  for (const [index, row] of rows.entries()) {
    for (const [feature, one] of model.bins.entries()) {
      const bin = binOf(one, row[feature] ?? 0);
      const counts = bins[feature] ?? [];
      counts[bin] = (counts[bin] ?? 0) + 1;
    }
    const number = placements[index]?.persona.number ?? 0;
    personas[number] = (personas[number] ?? 0) + 1;
  }
  return { rows: rows.length, bins, personas };
};
