import { primaryIndex } from '../src/domain/combine.ts';
import { PFC_PRIMARIES } from '@orrery/contracts';
import { fold, readMerchantName, words } from '../src/domain/merchant-name.ts';
import { CLASS_COUNT } from '../src/domain/text-classifier.ts';
import { MAX_FEATURES, writeFeatures } from '../src/domain/text-features.ts';
import { formOf } from './lexicon-entries.ts';
import { loadMcc, loadMerchants, loadNotes, loadTrainingStatements, loadWords } from './load-sources.ts';
import type { StatementRow } from './load-sources.ts';

/** One training row: hashed features, class and weight. */
export interface TrainingRow {
  features: Int32Array;
  label: number;
  weight: number;
  source: string;
}

const BRANCHES = [
  '강남',
  '홍대',
  '부산',
  '대전',
  '신촌',
  '수원',
  '역삼',
  '분당',
  '종로',
  '잠실',
  '인천',
  '대구',
];
const PLACES = [
  'london',
  'paris',
  'austin',
  'leeds',
  'lyon',
  'denver',
  'wellington',
  'store',
  'erie pa',
  'lille',
  'nantes',
];
const HANGUL = /[\uac00-\ud7a3]/;

const scratch = new Int32Array(MAX_FEATURES);

const rowOf = (text: string, label: number, weight: number, source: string): TrainingRow => {
  const name = readMerchantName(text);
  const count = writeFeatures(name, scratch);
  return { features: scratch.slice(0, count), label, weight, source };
};

/** A name as statements show it: cut off, with a branch or a place behind it, or as it is. */
const variantsOf = (name: string, random: () => number): string[] => {
  const form = formOf(name);
  if (HANGUL.test(form)) {
    const branch = BRANCHES[Math.floor(random() * BRANCHES.length)] ?? '';
    return [form, `${form}${branch}점`.slice(0, 9)];
  }
  const plain = words(fold(name)).join(' ');
  if (random() < 0.5) {
    return [plain, plain.slice(0, 15)];
  }
  return [plain, `${plain} ${PLACES[Math.floor(random() * PLACES.length)] ?? ''}`];
};

/** How much a row of each source counts. */
export interface SourceWeights {
  merchants: number;
  notes: number;
  words: number;
  mcc: number;
  statements: number;
  /** How far class sizes are evened out: 0 not at all, 1 fully. */
  balance: number;
}

/**
 * Rows from all sources whose licence allows training.
 * @param weights weight of a row by source
 * @param random seeded generator for the noise
 * @param keep which statement rows may be used (cross-validation leaves some out)
 */
export const trainingRows = (
  weights: SourceWeights,
  random: () => number,
  keep: (row: StatementRow) => boolean = () => true,
): TrainingRow[] => {
  const rows: TrainingRow[] = [];
  for (const merchant of loadMerchants()) {
    if (/power\/|route\/bus/.test(merchant.tag) && random() < 0.7) {
      continue;
    }
    const label = primaryIndex(merchant.category);
    for (const name of [merchant.name, ...merchant.alternatives]) {
      for (const text of variantsOf(name, random)) {
        rows.push(rowOf(text, label, weights.merchants / 2, 'merchants'));
      }
    }
  }
  for (const note of loadNotes()) {
    const label = primaryIndex(note.category);
    for (const name of note.names.flat()) {
      rows.push(rowOf(name, label, note.kind === 'brand' ? weights.notes : weights.words, note.kind));
    }
  }
  for (const { word, category } of loadWords()) {
    rows.push(rowOf(word, primaryIndex(category), weights.words, 'words'));
  }
  for (const { description, category } of loadMcc()) {
    rows.push(rowOf(description, primaryIndex(category), weights.mcc, 'mcc'));
  }
  const primaries: readonly string[] = PFC_PRIMARIES;
  for (const statement of loadTrainingStatements()) {
    const label = primaries.indexOf(statement.primary);
    if (label >= 0 && keep(statement)) {
      rows.push(rowOf(statement.description, label, weights.statements, statement.source));
    }
  }
  const totals = new Float64Array(CLASS_COUNT);
  for (const row of rows) {
    totals[row.label] = (totals[row.label] ?? 0) + row.weight;
  }
  const mean = totals.reduce((sum, value) => sum + value, 0) / CLASS_COUNT;
  for (const row of rows) {
    row.weight *= (mean / (totals[row.label] ?? mean)) ** weights.balance;
  }
  return rows.filter((row) => row.features.length > 0);
};
