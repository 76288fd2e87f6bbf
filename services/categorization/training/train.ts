import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import type { Manifest } from '../src/artifacts/load-artifacts.ts';
import { parseLexicon, parseMcc } from '../src/artifacts/load-artifacts.ts';
import { DEFAULT_WEIGHTS } from '../src/domain/combine.ts';
import type { Artifacts } from '../src/domain/decide-from-text.ts';
import { buildLexicon } from '../src/domain/merchant-lexicon.ts';
import { readMerchantName } from '../src/domain/merchant-name.ts';
import type { TextModel } from '../src/domain/text-classifier.ts';
import { compress, lexiconText, mccText } from './build-lexicon.ts';
import { formatGolden, measure } from '../src/domain/learning/measure-decisions.ts';
import type { Scores } from '../src/domain/learning/score-outcomes.ts';
import { seededRandom } from '../src/domain/learning/seeded-random.ts';
import { trainClassifier } from '../src/domain/learning/train-candidate.ts';
import { formatTrainingTexts } from '../src/domain/learning/training-set.ts';
import type { TrainingText } from '../src/domain/learning/training-set.ts';
import { tableLine } from './evaluate.ts';
import { loadGolden, loadTrainingStatements } from './load-sources.ts';
import type { StatementRow } from './load-sources.ts';
import { trainingTexts } from './training-rows.ts';

const SEED = 20_261_120;
const FOLDS = 5;
const SETTINGS = {
  merchants: 1,
  notes: 1.5,
  words: 3,
  mcc: 1,
  statements: 3,
  balance: 0.6,
  step: 0.25,
  penalty: 2e-4,
  epochs: 6,
  faint: 2,
};

/** Fold of a row by the first word of its name, so that a merchant is never in two folds. */
const foldOf = (row: StatementRow): number => {
  const word = readMerchantName(row.description).key.split(' ')[0] ?? '';
  return createHash('sha256').update(`${row.source} ${word}`).digest().readUInt32BE(0) % FOLDS;
};

const trainModel = (
  version: string,
  keep?: (row: StatementRow) => boolean,
): { model: TextModel; texts: TrainingText[] } => {
  const texts = trainingTexts(SETTINGS, seededRandom(SEED), keep);
  return { model: trainClassifier(texts, SETTINGS, SEED + 1, version), texts };
};

const version = process.argv[2] ?? '1';
const lexicon = lexiconText();
const codes = mccText();
const parts: Omit<Artifacts, 'model'> = {
  version,
  lexicon: buildLexicon(parseLexicon(lexicon)),
  mcc: parseMcc(codes),
  weights: DEFAULT_WEIGHTS,
};

const metrics: Record<string, Scores> = {};
const statements = loadTrainingStatements();
const foldModels: TextModel[] = [];
for (let fold = 0; fold < FOLDS; fold += 1) {
  foldModels.push(trainModel(version, (row) => foldOf(row) !== fold).model);
}
for (const source of new Set(statements.map((row) => row.source))) {
  const rows = statements.filter((row) => row.source === source);
  metrics[source] = measure(rows, (row) => ({ ...parts, model: foldModels[foldOf(row)] ?? null }));
}
const { model, texts } = trainModel(version);
const golden = new Map(['en', 'fr', 'ko'].map((language) => [`golden_${language}`, loadGolden(language)]));
for (const [name, rows] of golden) {
  metrics[name] = measure(rows, () => ({ ...parts, model }));
}
const counts: Record<string, number> = {};
for (const { source } of texts) {
  counts[source] = (counts[source] ?? 0) + 1;
}

const data = new URL('../data/', import.meta.url);
const files: Record<string, string> = {};
const write = (name: string, bytes: Uint8Array): void => {
  writeFileSync(new URL(name, data), bytes);
  files[name] = createHash('sha256').update(bytes).digest('hex');
};
write('lexicon.tsv.br', compress(Buffer.from(lexicon, 'utf8')));
write('mcc.tsv', Buffer.from(codes, 'utf8'));
write('model.i8.br', compress(new Uint8Array(model.weights.buffer)));
write('training-texts.tsv.br', compress(Buffer.from(formatTrainingTexts(texts), 'utf8')));
write('golden.tsv.br', compress(Buffer.from(formatGolden(golden), 'utf8')));

const rounded = (value: number): number => Math.round(value * 10_000) / 10_000;
const manifest: Manifest = {
  version,
  trainedOn: counts,
  seed: SEED,
  settings: SETTINGS,
  files,
  scales: [...model.scales],
  bias: [...model.bias],
  weights: { ...DEFAULT_WEIGHTS },
  metrics: Object.fromEntries(
    Object.entries(metrics).map(([name, { rows, accuracy, macroF1 }]) => [
      name,
      { rows, accuracy: rounded(accuracy), macroF1: rounded(macroF1) },
    ]),
  ),
};
writeFileSync(new URL('manifest.json', data), `${JSON.stringify(manifest, null, 2)}\n`);
process.stdout.write(
  `${Object.entries(metrics)
    .map(([name, scores]) => tableLine(name, scores))
    .join('\n')}\n`,
);
