import type { Artifacts } from '../decide-from-text.ts';
import { primaryIndex } from '../combine.ts';
import type { TextModel } from '../text-classifier.ts';
import { fit, quantise } from './fit-classifier.ts';
import { measure } from './measure-decisions.ts';
import type { LabelledRow } from './measure-decisions.ts';
import type { Scores } from './score-outcomes.ts';
import { toTrainingRows } from './training-set.ts';
import type { TrainingText } from './training-set.ts';

/** Settings of one training; part of the manifest. */
export interface TrainingSettings {
  balance: number;
  step: number;
  penalty: number;
  epochs: number;
  faint: number;
}

/** A merchant on whose category several users agreed. */
export interface AgreedCorrection {
  /** The normalised name, without numbers of branches and cards. */
  text: string;
  /** Slug of a leaf. */
  category: string;
  /** How many users filed it so. */
  users: number;
}

/** Weight of an agreed merchant by the number of users, against 1 for a row of the merchant tables. */
const AGREED_WEIGHT = 1;
const MOST_USERS_THAT_COUNT = 5;

/**
 * Training texts of agreed corrections.
 * @param corrections merchants and their categories
 */
export const toAgreedTexts = (corrections: readonly AgreedCorrection[]): TrainingText[] =>
  corrections.map(({ text, category, users }) => ({
    text,
    label: primaryIndex(category),
    weight: AGREED_WEIGHT * Math.min(users, MOST_USERS_THAT_COUNT),
    source: 'agreed',
  }));

/**
 * Trains the classifier. Equal texts, settings and seed give equal weights.
 * @param texts labelled texts
 * @param settings settings of the optimiser
 * @param seed seed of the shuffling
 * @param version name of the result
 */
export const trainClassifier = (
  texts: readonly TrainingText[],
  settings: TrainingSettings,
  seed: number,
  version: string,
): TextModel =>
  quantise(fit(toTrainingRows(texts, settings.balance), { ...settings, seed }), version, settings.faint);

/**
 * Scores on each golden set.
 * @param golden rows by set
 * @param artifacts what to measure
 */
export const measureGolden = (
  golden: ReadonlyMap<string, readonly LabelledRow[]>,
  artifacts: Artifacts,
): Record<string, Scores> =>
  Object.fromEntries([...golden].map(([name, rows]) => [name, measure(rows, () => artifacts)]));

/** Worst fall of a score that counts as "not worse": below it a difference is a row or two of chance. */
const TOLERANCE = 0.002;

/**
 * Whether a new model may replace the present one: on no golden set worse by accuracy or macro-F1, and filed rows still
 * right.
 * @param present scores of the model in use by set
 * @param candidate scores of the new one
 */
export const mayReplace = (
  present: Readonly<Record<string, Scores>>,
  candidate: Readonly<Record<string, Scores>>,
): boolean =>
  Object.entries(present).every(([name, before]) => {
    const after = candidate[name];
    return (
      after !== undefined &&
      after.accuracy >= before.accuracy - TOLERANCE &&
      after.macroF1 >= before.macroF1 - TOLERANCE &&
      after.autoPrecision >= Math.min(0.95, before.autoPrecision)
    );
  });
