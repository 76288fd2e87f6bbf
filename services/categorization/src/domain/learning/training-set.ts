import { readMerchantName } from '../merchant-name.ts';
import { CLASS_COUNT } from '../text-classifier.ts';
import { MAX_FEATURES, writeFeatures } from '../text-features.ts';

/** A text with its class, before it is turned into features. */
export interface TrainingText {
  text: string;
  /** Index into PFC_PRIMARIES. */
  label: number;
  weight: number;
  source: string;
}

/** One training row: hashed features, class and weight. */
export interface TrainingRow {
  features: Int32Array;
  label: number;
  weight: number;
}

/**
 * Turns texts into rows for the optimiser; texts without features are left out.
 * @param texts labelled texts
 * @param balance how far class sizes are evened out: 0 not at all, 1 fully
 */
export const toTrainingRows = (texts: readonly TrainingText[], balance: number): TrainingRow[] => {
  const scratch = new Int32Array(MAX_FEATURES);
  const totals = new Float64Array(CLASS_COUNT);
  for (const { label, weight } of texts) {
    totals[label] = (totals[label] ?? 0) + weight;
  }
  const mean = totals.reduce((sum, value) => sum + value, 0) / CLASS_COUNT;
  const factors = totals.map((total) => (total === 0 ? 1 : (mean / total) ** balance));
  const rows: TrainingRow[] = [];
  for (const { text, label, weight } of texts) {
    const count = writeFeatures(readMerchantName(text), scratch);
    if (count > 0) {
      rows.push({ features: scratch.slice(0, count), label, weight: weight * (factors[label] ?? 1) });
    }
  }
  return rows;
};

/**
 * Texts in the form in which they ship: `label weight source text`, apart by tabs, one a line.
 * @param texts labelled texts
 */
export const formatTrainingTexts = (texts: readonly TrainingText[]): string =>
  texts
    .map(
      ({ label, weight, source, text }) =>
        `${[label, weight, source, text.replace(/[\t\n]/g, ' ')].join('\t')}\n`,
    )
    .join('');

/**
 * Reads what `formatTrainingTexts` wrote.
 * @param file its content
 */
export const parseTrainingTexts = (file: string): TrainingText[] =>
  file.split('\n').flatMap((line) => {
    const [label, weight, source, text] = line.split('\t');
    return source === undefined || text === undefined
      ? []
      : [{ label: Number(label), weight: Number(weight), source, text }];
  });
