import { PFC_PRIMARIES } from '@orrery/contracts';
import { loadArtifacts } from '../src/artifacts/load-artifacts.ts';
import { primaryIndex } from '../src/domain/combine.ts';
import { decideFromText } from '../src/domain/decide-from-text.ts';
import type { Artifacts } from '../src/domain/decide-from-text.ts';
import { readMerchantName } from '../src/domain/merchant-name.ts';
import { DEFAULT_THRESHOLDS } from '../src/domain/thresholds.ts';
import { loadEvaluationSets, loadGolden } from './load-sources.ts';
import { score } from './measure.ts';
import type { Outcome, Scores } from './measure.ts';

/** A row that can be measured. */
export interface LabelledRow {
  description: string;
  amountMinor: number;
  currency: string;
  country: string;
  primary: string;
}

/**
 * Measures rows at the level of the sixteen primaries.
 * @param rows labelled rows
 * @param artifactsOf artifacts to use for a row; cross-validation gives each row those that never saw it
 */
export const measure = <Row extends LabelledRow>(
  rows: readonly Row[],
  artifactsOf: (row: Row) => Artifacts,
): Scores => {
  const outcomes = rows.map((row): Outcome => {
    const decision = decideFromText(row, readMerchantName(row.description), artifactsOf(row));
    return {
      expected: row.primary,
      predicted: PFC_PRIMARIES[primaryIndex(decision.category)] ?? '',
      confidence: decision.confidence,
    };
  });
  return score(outcomes, DEFAULT_THRESHOLDS.auto);
};

/** The sets whose rows are also training rows; they are measured by cross-validation instead. */
export const TRAINED_ON: ReadonlySet<string> = new Set(['uk_bham', 'za_statement']);

/**
 * One line of the accuracy table.
 * @param name name of the set
 * @param scores its scores
 */
export const tableLine = (name: string, scores: Scores): string => {
  const percent = (value: number): string => (100 * value).toFixed(1).padStart(6);
  return (
    `${name.padEnd(20)} ${String(scores.rows).padStart(5)} accuracy ${percent(scores.accuracy)} macro-F1 ${percent(scores.macroF1)}` +
    ` calibration error ${percent(scores.calibrationError)} auto ${percent(scores.autoShare)} right ${percent(scores.autoPrecision)}`
  );
};

if (import.meta.main) {
  const artifacts = loadArtifacts();
  const lines: string[] = [];
  const folder = process.env['ORRERY_EVALUATION_DATA'];
  if (folder !== undefined) {
    for (const [name, rows] of loadEvaluationSets(folder)) {
      if (!TRAINED_ON.has(name)) {
        lines.push(
          tableLine(
            name,
            measure(rows, () => artifacts),
          ),
        );
      }
    }
    lines.push(
      `(${[...TRAINED_ON].join(', ')}: see metrics in data/manifest.json, measured by cross-validation)`,
    );
  }
  for (const language of ['en', 'fr', 'ko']) {
    lines.push(
      tableLine(
        `golden_${language}`,
        measure(loadGolden(language), () => artifacts),
      ),
    );
  }
  process.stdout.write(`${lines.join('\n')}\n`);
}
