import { primaryIndex } from '../src/domain/combine.ts';
import { PFC_PRIMARIES } from '@orrery/contracts';
import { fold, words } from '../src/domain/merchant-name.ts';
import type { TrainingText } from '../src/domain/learning/training-set.ts';
import { formOf } from './lexicon-entries.ts';
import { loadMcc, loadMerchants, loadNotes, loadTrainingStatements, loadWords } from './load-sources.ts';
import type { StatementRow } from './load-sources.ts';

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
}

/**
 * Texts from all sources whose licence allows training.
 * @param weights weight of a row by source
 * @param random seeded generator for the noise
 * @param keep which statement rows may be used (cross-validation leaves some out)
 */
export const trainingTexts = (
  weights: SourceWeights,
  random: () => number,
  keep: (row: StatementRow) => boolean = () => true,
): TrainingText[] => {
  const rows: TrainingText[] = [];
  const put = (text: string, label: number, weight: number, source: string) => {
    rows.push({ text, label, weight, source });
  };
  for (const merchant of loadMerchants()) {
    if (/power\/|route\/bus/.test(merchant.tag) && random() < 0.7) {
      continue;
    }
    const label = primaryIndex(merchant.category);
    for (const name of [merchant.name, ...merchant.alternatives]) {
      for (const text of variantsOf(name, random)) {
        put(text, label, weights.merchants / 2, 'merchants');
      }
    }
  }
  for (const note of loadNotes()) {
    const label = primaryIndex(note.category);
    for (const name of note.names.flat()) {
      put(name, label, note.kind === 'brand' ? weights.notes : weights.words, note.kind);
    }
  }
  for (const { word, category } of loadWords()) {
    put(word, primaryIndex(category), weights.words, 'words');
  }
  for (const { description, category } of loadMcc()) {
    put(description, primaryIndex(category), weights.mcc, 'mcc');
  }
  const primaries: readonly string[] = PFC_PRIMARIES;
  for (const statement of loadTrainingStatements()) {
    const label = primaries.indexOf(statement.primary);
    if (label >= 0 && keep(statement)) {
      put(statement.description, label, weights.statements, statement.source);
    }
  }
  return rows;
};
