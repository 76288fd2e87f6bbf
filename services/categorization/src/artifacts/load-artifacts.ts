import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { brotliDecompressSync } from 'node:zlib';
import { z } from 'zod';
import { DEFAULT_WEIGHTS } from '../domain/combine.ts';
import type { CombinerWeights } from '../domain/combine.ts';
import type { Artifacts } from '../domain/decide-from-text.ts';
import { buildLexicon } from '../domain/merchant-lexicon.ts';
import type { LexiconEntry } from '../domain/merchant-lexicon.ts';
import { CLASS_COUNT } from '../domain/text-classifier.ts';
import { parseGolden } from '../domain/learning/measure-decisions.ts';
import type { LabelledRow } from '../domain/learning/measure-decisions.ts';
import { parseTrainingTexts } from '../domain/learning/training-set.ts';
import type { TrainingText } from '../domain/learning/training-set.ts';
import type { TextModel } from '../domain/text-classifier.ts';
import { FEATURE_BUCKETS } from '../domain/text-features.ts';

const DATA = new URL('../../data/', import.meta.url);

/** What is written beside the artifacts: what they are made of and how good they were. */
export const Manifest = z.object({
  version: z.string(),
  trainedOn: z.record(z.string(), z.number()),
  seed: z.int(),
  settings: z.record(z.string(), z.union([z.number(), z.string()])),
  /** SHA-256 of each file in `data/` by name. */
  files: z.record(z.string(), z.string()),
  scales: z.array(z.number()).length(CLASS_COUNT),
  bias: z.array(z.number()).length(CLASS_COUNT),
  weights: z.record(z.string(), z.number()),
  metrics: z.record(z.string(), z.object({ rows: z.int(), accuracy: z.number(), macroF1: z.number() })),
});
export type Manifest = z.output<typeof Manifest>;

const TrainingSettings = z.object({
  balance: z.number(),
  step: z.number(),
  penalty: z.number(),
  epochs: z.number(),
  faint: z.number(),
});
type TrainingSettings = z.output<typeof TrainingSettings>;

/**
 * Fingerprint of the shipped files. A model that was trained later belongs to the files that it was trained beside.
 * @param manifest the shipped manifest
 */
export const baseOf = (manifest: Manifest): string =>
  createHash('sha256')
    .update(JSON.stringify([manifest.files, manifest.weights]))
    .digest('hex')
    .slice(0, 12);

/** Thrown when a file in `data/` is not the one that the manifest names. */
export class ArtifactMismatch extends Error {
  constructor(file: string) {
    super(`artifact ${file} does not match its manifest`);
    this.name = 'ArtifactMismatch';
  }
}

/**
 * Reads the lexicon's text form.
 * @param text lines of `kind category countries distinct name form`, apart by tabs
 */
export const parseLexicon = (text: string): LexiconEntry[] => {
  const entries: LexiconEntry[] = [];
  for (const line of text.split('\n')) {
    const [kind, category, countries, distinct, name, form] = line.split('\t');
    if (category !== undefined && form !== undefined) {
      entries.push({
        kind: kind === 'b' ? 'brand' : 'word',
        category,
        countries: countries === undefined || countries === '' ? [] : countries.split(','),
        name: name === undefined || name === '' ? form : name,
        forms: [form],
        distinct: Number(distinct),
      });
    }
  }
  return entries;
};

/**
 * Reads merchant category codes.
 * @param text lines of `code category`, apart by tabs
 */
export const parseMcc = (text: string): Map<string, string> =>
  new Map(
    text.split('\n').flatMap((line): [string, string][] => {
      const [code, category] = line.split('\t');
      return code === undefined || category === undefined ? [] : [[code, category]];
    }),
  );

const completeWeights = (given: Readonly<Record<string, number>>): CombinerWeights => ({
  ...DEFAULT_WEIGHTS,
  ...given,
});

const readManifest = (): Manifest =>
  Manifest.parse(JSON.parse(readFileSync(new URL('manifest.json', DATA), 'utf8')));

const readArtifact = (file: string, manifest: Manifest): Buffer => {
  const bytes = readFileSync(new URL(file, DATA));
  if (createHash('sha256').update(bytes).digest('hex') !== manifest.files[file]) {
    throw new ArtifactMismatch(file);
  }
  return bytes;
};

/**
 * Loads the shipped artifacts and checks each file against the manifest.
 * @throws ArtifactMismatch when a file was changed
 */
export const loadArtifacts = (): Artifacts & { manifest: Manifest } => {
  const manifest = readManifest();
  const read = (file: string): Buffer => readArtifact(file, manifest);
  const model = existsSync(new URL('model.i8.br', DATA)) ? readModel(read('model.i8.br'), manifest) : null;
  return {
    version: manifest.version,
    lexicon: buildLexicon(parseLexicon(brotliDecompressSync(read('lexicon.tsv.br')).toString('utf8'))),
    mcc: parseMcc(read('mcc.tsv').toString('utf8')),
    model,
    weights: completeWeights(manifest.weights),
    manifest,
  };
};

/** What a training needs beside the shipped artifacts. */
export interface TrainingMaterial {
  texts: TrainingText[];
  golden: Map<string, LabelledRow[]>;
  settings: TrainingSettings;
  seed: number;
}

/**
 * Loads the texts that the shipped model was trained on and the golden sets.
 * @throws ArtifactMismatch when a file was changed
 */
export const loadTrainingMaterial = (): TrainingMaterial => {
  const manifest = readManifest();
  const read = (file: string): string => brotliDecompressSync(readArtifact(file, manifest)).toString('utf8');
  return {
    texts: parseTrainingTexts(read('training-texts.tsv.br')),
    golden: parseGolden(read('golden.tsv.br')),
    settings: TrainingSettings.parse(manifest.settings),
    seed: manifest.seed,
  };
};

const readModel = (bytes: Buffer, manifest: Manifest): TextModel => {
  const raw = brotliDecompressSync(bytes);
  if (raw.length !== FEATURE_BUCKETS * CLASS_COUNT) {
    throw new ArtifactMismatch('model.i8.br');
  }
  return {
    version: manifest.version,
    weights: new Int8Array(raw.buffer, raw.byteOffset, raw.length),
    scales: Float32Array.from(manifest.scales),
    bias: Float32Array.from(manifest.bias),
  };
};
