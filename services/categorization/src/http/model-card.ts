import { defineRoute, Instant } from '@orrery/contracts';
import { handle } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import type { Manifest } from '../artifacts/load-artifacts.ts';
import { DEFAULT_THRESHOLDS } from '../domain/thresholds.ts';
import type { ModelStore } from '../store/model-store.ts';

const Scores = z.record(z.string(), z.object({ rows: z.int(), accuracy: z.number(), macroF1: z.number() }));
const LISTED = 10;

const ModelCard = defineRoute({
  method: 'get',
  path: '/v1/models/categorizer',
  operationId: 'categorizerModelCard',
  summary: 'The category model at work: what it is made of, how good it was, and its latest trainings',
  tag: 'Categories',
  audience: 'user',
  responses: {
    200: z.object({
      name: z.literal('categorizer'),
      /** Version at work. */
      version: z.string(),
      shippedVersion: z.string(),
      kind: z.string(),
      languages: z.array(z.string()),
      /** Training texts by source. */
      trainedOn: z.record(z.string(), z.number()),
      /** Shares of 0 to 1 at the level of the sixteen primaries; names with `golden_` are our own test rows. */
      metrics: Scores,
      thresholds: z.object({ auto: z.number(), suggest: z.number() }),
      /** SHA-256 of the shipped files. */
      files: z.record(z.string(), z.string()),
      limits: z.array(z.string()),
      trainings: z.array(
        z.object({
          version: z.string(),
          trainedAt: Instant,
          promoted: z.boolean(),
          corrections: z.int(),
          metrics: Scores,
        }),
      ),
    }),
  },
});

const LIMITS = [
  'Reads English, French and Korean statements; other languages are decided by brands and codes only.',
  'Shops that sell many things are offered for a check, since their name does not tell what was bought.',
  'The leaf below a primary comes from brands, words and codes; the classifier tells primaries only.',
];

/**
 * `GET /v1/models/categorizer`.
 * @param manifest the shipped manifest
 * @param models models trained here
 * @param base fingerprint of the shipped files
 * @param versionAtWork tells the version that decides
 */
export const modelCard = (
  manifest: Manifest,
  models: ModelStore,
  base: string,
  versionAtWork: () => string,
): MountedRoute =>
  handle(ModelCard, async () => {
    const trainings = await models.latest(base, LISTED);
    const version = versionAtWork();
    return {
      status: 200,
      body: {
        name: 'categorizer' as const,
        version,
        shippedVersion: manifest.version,
        kind: 'rules, memory, rails, names and words, trade codes, and a linear classifier over hashed n-grams',
        languages: ['en', 'fr', 'ko'],
        trainedOn: manifest.trainedOn,
        metrics: trainings.find((trained) => trained.version === version)?.scores ?? manifest.metrics,
        thresholds: DEFAULT_THRESHOLDS,
        files: manifest.files,
        limits: LIMITS,
        trainings: trainings.map(({ version: name, trainedAt, promoted, corrections, scores }) => ({
          version: name,
          trainedAt: trainedAt.toISOString(),
          promoted,
          corrections,
          metrics: scores,
        })),
      },
    };
  });
