import type { Clock } from '@orrery/calendar';
import { driftOf, overallDrift } from '../domain/drift.ts';
import type { DriftState, FeatureDrift } from '../domain/drift.ts';
import type { ModelName } from '../domain/segment-model.ts';
import type { InputStore } from '../store/input-store.ts';
import type { AskModels } from './ask-models.ts';

/** Recent rows of a model beside its training rows. */
export interface DriftReport {
  version: number;
  /** First day that counts. */
  since: string;
  asOf: string;
  rows: number;
  state: DriftState;
  features: FeatureDrift[];
  personas: { id: string; trainedShare: number; recentShare: number | null }[];
}

const DAY_MS = 86_400_000;
const rounded = (value: number): number => Math.round(value * 1e4) / 1e4;

/**
 * Makes the use case of watching for drift.
 * @param parts models, counts of inputs, and clock
 */
export const createWatchDrift = (parts: { ask: AskModels; inputs: InputStore; clock: Clock }) => ({
  /**
   * Compares the rows of the last days with the training rows.
   * @param name the model
   * @param days how many days, today included
   * @throws AppError `model-not-trained`
   */
  async report(name: ModelName, days: number): Promise<DriftReport> {
    const { version, model } = await parts.ask.requireModel(name);
    const now = parts.clock.now();
    const since = new Date(now.getTime() - (days - 1) * DAY_MS).toISOString().slice(0, 10);
    const sums = await parts.inputs.sums(name, version, since, {
      bins: model.bins.map(({ shares }) => shares.length),
      personas: model.personas.length,
    });
    const features = model.bins.map((bins, index) =>
      driftOf(bins, sums.bins[index] ?? [], model.population.rows),
    );
    return {
      version,
      since,
      asOf: now.toISOString(),
      rows: sums.rows,
      state: overallDrift(features),
      features: features.map(({ psi, ...drift }) => ({ ...drift, psi: rounded(psi) })),
      personas: model.personas.map(({ id, number, share }) => ({
        id,
        trainedShare: rounded(share),
        recentShare: sums.rows === 0 ? null : rounded((sums.personas[number] ?? 0) / sums.rows),
      })),
    };
  },
});

export type WatchDrift = ReturnType<typeof createWatchDrift>;
