/** Outcome of one measured row. */
export interface Outcome {
  expected: string;
  predicted: string;
  confidence: number;
}

/** Scores of a set of outcomes. */
export interface Scores {
  rows: number;
  /** 0 to 1. */
  accuracy: number;
  /** Mean F1 over the classes that occur in the expected labels, 0 to 1. */
  macroF1: number;
  /** Expected calibration error over ten equal bins, 0 to 1. */
  calibrationError: number;
  /** Share of rows at or above the automatic threshold, and how many of those are right. */
  autoShare: number;
  autoPrecision: number;
}

/**
 * Accuracy, macro-F1, calibration and the automatic part.
 * @param outcomes measured rows
 * @param auto threshold from which a row would be filed without a mark
 */
export const score = (outcomes: readonly Outcome[], auto: number): Scores => {
  const classes = new Map<string, { hit: number; predicted: number; expected: number }>();
  const of = (name: string) => {
    const known = classes.get(name) ?? { hit: 0, predicted: 0, expected: 0 };
    classes.set(name, known);
    return known;
  };
  const bins = Array.from({ length: 10 }, () => ({ rows: 0, right: 0, confidence: 0 }));
  let right = 0;
  let autoRows = 0;
  let autoRight = 0;
  for (const { expected, predicted, confidence } of outcomes) {
    const hit = expected === predicted;
    of(expected).expected += 1;
    of(predicted).predicted += 1;
    if (hit) {
      of(expected).hit += 1;
      right += 1;
    }
    const bin = bins[Math.min(9, Math.floor(confidence * 10))];
    if (bin !== undefined) {
      bin.rows += 1;
      bin.right += hit ? 1 : 0;
      bin.confidence += confidence;
    }
    if (confidence >= auto) {
      autoRows += 1;
      autoRight += hit ? 1 : 0;
    }
  }
  const present = [...classes.values()].filter((counts) => counts.expected > 0);
  const rows = outcomes.length;
  return {
    rows,
    accuracy: right / rows,
    macroF1:
      present.reduce((sum, { hit, predicted, expected }) => sum + (2 * hit) / (predicted + expected), 0) /
      present.length,
    calibrationError: bins.reduce((sum, bin) => sum + Math.abs(bin.right - bin.confidence), 0) / rows,
    autoShare: autoRows / rows,
    autoPrecision: autoRows === 0 ? 1 : autoRight / autoRows,
  };
};
