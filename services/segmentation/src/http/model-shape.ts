import { Instant, SegmentModelName } from '@orrery/contracts';
import type { Language } from '@orrery/contracts';
import { z } from 'zod';
import type { SegmentModel } from '../domain/segment-model.ts';
import type { ModelVersion, VersionSummary } from '../store/model-store.ts';

export const modelParams = z.object({ name: SegmentModelName });

/** Figures of a version. */
export const VersionShape = z
  .object({
    version: z.int(),
    trainedAt: Instant,
    rows: z.int(),
    seed: z.int(),
    /** SHA-256 of the training rows and feature names. */
    dataHash: z.string(),
    structure: z.enum(['clear', 'weak']),
    reason: z.string(),
    silhouette: z.number(),
    stability: z.number(),
    inertia: z.number(),
    /** Share of rows that kept their persona; null for a first version. */
    retention: z.number().nullable(),
    promoted: z.boolean(),
    /** What spoke against it. */
    objections: z.array(z.string()),
  })
  .meta({ id: 'SegmentModelVersion' });

export const PersonaShape = z
  .object({
    id: z.string(),
    number: z.int(),
    name: z.string(),
    description: z.string(),
    size: z.int(),
    share: z.number(),
    features: z.array(
      z.object({
        feature: z.string(),
        average: z.number(),
        /** Standard deviations from the mean of all rows. */
        z: z.number(),
      }),
    ),
  })
  .meta({ id: 'SegmentPersona' });

const rounded = (value: number): number => Math.round(value * 1e4) / 1e4;

/**
 * A version as lists show it.
 * @param version the version
 */
export const shownVersion = (version: VersionSummary | ModelVersion): z.input<typeof VersionShape> => {
  const { metrics, population, seed } = version.model;
  return {
    version: version.version,
    trainedAt: version.trainedAt.toISOString(),
    rows: population.rows,
    seed,
    dataHash: version.dataHash,
    structure: metrics.structure,
    reason: metrics.reason,
    silhouette: rounded(metrics.silhouette),
    stability: rounded(metrics.stability),
    inertia: rounded(metrics.inertia),
    retention: metrics.retention === null ? null : rounded(metrics.retention),
    promoted: version.promoted,
    objections: version.reasons,
  };
};

/**
 * The personas of a model.
 * @param model the model
 * @param language of names and descriptions
 */
export const shownPersonas = (
  { personas, features }: SegmentModel,
  language: Language,
): z.input<typeof PersonaShape>[] =>
  personas.map(({ id, number, names, descriptions, size, share, averages, z: distances }) => ({
    id,
    number,
    name: names[language],
    description: descriptions[language],
    size,
    share: rounded(share),
    features: features.map(({ name }, index) => ({
      feature: name,
      average: rounded(averages[index] ?? 0),
      z: rounded(distances[index] ?? 0),
    })),
  }));
