import { categoryByPfc, PFC_PRIMARIES } from '@orrery/contracts';
import { loadArtifacts } from '../src/artifacts/load-artifacts.ts';
import { categorize } from '../src/domain/categorize.ts';
import { primaryIndex } from '../src/domain/combine.ts';
import { decideFromText } from '../src/domain/decide-from-text.ts';
import type { Artifacts } from '../src/domain/decide-from-text.ts';
import { measure, outcomeOf } from '../src/domain/learning/measure-decisions.ts';
import type { LabelledRow } from '../src/domain/learning/measure-decisions.ts';
import { score } from '../src/domain/learning/score-outcomes.ts';
import type { Outcome, Scores } from '../src/domain/learning/score-outcomes.ts';
import { readMerchantName } from '../src/domain/merchant-name.ts';
import { DEFAULT_THRESHOLDS } from '../src/domain/thresholds.ts';
import { remember } from '../src/domain/user-memory.ts';
import type { MemoryVote } from '../src/domain/user-memory.ts';
import { loadEvaluationSets, loadGolden } from './load-sources.ts';

/** A day on which all choices of the simulated user fall: the order counts, not the decay. */
const STREAM_DAY = 20_000;

/** Share of right answers over a stretch of a stream. */
export interface CurvePoint {
  from: number;
  to: number;
  withoutMemory: number;
  withMemory: number;
}

/**
 * Learning from corrections: rows in time order, each true label told to the memory after the row was decided.
 * @param rows rows of one user in time order
 * @param artifacts artifacts of the text decision
 * @param stretch rows per point of the curve
 */
export const learningCurve = (
  rows: readonly LabelledRow[],
  artifacts: Artifacts,
  stretch: number,
): CurvePoint[] => {
  const memory = new Map<string, MemoryVote[]>();
  const points: CurvePoint[] = [];
  let unaided = 0;
  let remembered = 0;
  for (const [index, row] of rows.entries()) {
    const name = readMerchantName(row.description);
    const text = decideFromText(row, name, artifacts);
    const decision = categorize(
      row,
      name,
      { rules: [], memory, day: STREAM_DAY },
      { auto: DEFAULT_THRESHOLDS.auto, suggest: 0 },
      () => text,
    );
    const primaryOf = (slug: string | null): string =>
      slug === null ? '' : (PFC_PRIMARIES[primaryIndex(slug)] ?? '');
    unaided += primaryOf(text.category) === row.primary ? 1 : 0;
    remembered += primaryOf(decision.category) === row.primary ? 1 : 0;
    const truth = categoryByPfc(row.primary)?.slug ?? '';
    for (const [key, votes] of remember(memory, name, row.amountMinor, truth, STREAM_DAY)) {
      memory.set(key, votes);
    }
    const length = (index % stretch) + 1;
    if (length === stretch || index === rows.length - 1) {
      const [withoutMemory, withMemory] = [unaided / length, remembered / length];
      points.push({ from: index - length + 2, to: index + 1, withoutMemory, withMemory });
      unaided = 0;
      remembered = 0;
    }
  }
  return points;
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
  const pooled: Outcome[] = [];
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
        if (!name.startsWith('stream_')) {
          pooled.push(...rows.map((row) => outcomeOf(row, artifacts)));
        }
      }
      if (name.startsWith('stream_')) {
        for (const { from, to, withoutMemory, withMemory } of learningCurve(rows, artifacts, 100)) {
          const text = (value: number): string => (100 * value).toFixed(1);
          lines.push(
            `  rows ${String(from)} to ${String(to)}: ${text(withoutMemory)} without memory, ${text(withMemory)} with`,
          );
        }
      }
    }
    lines.push(
      tableLine('together, no stream', score(pooled, DEFAULT_THRESHOLDS.auto)),
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
