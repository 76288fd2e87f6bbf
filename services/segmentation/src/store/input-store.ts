import type { Connection } from 'mongoose';
import type { InputCounts } from '../domain/count-inputs.ts';
import type { ModelName } from '../domain/segment-model.ts';

/** How many rows of a day fell in each bin; numbers only, nothing of a person. */
interface InputRow {
  _id: string;
  model: ModelName;
  version: number;
  day: string;
  rows: number;
  /** By feature place and bin: `f0b3`. */
  bins: Record<string, number>;
  /** By persona number: `p2`. */
  personas: Record<string, number>;
  /** When the row may be forgotten. */
  expiresAt: Date;
}

const KEEP_MS = 90 * 86_400_000;

const keysOf = (counts: InputCounts): Record<string, number> => ({
  rows: counts.rows,
  ...Object.fromEntries(
    counts.bins.flatMap((bins, feature) =>
      bins.flatMap((count, bin) => (count === 0 ? [] : [[`bins.f${String(feature)}b${String(bin)}`, count]])),
    ),
  ),
  ...Object.fromEntries(
    counts.personas.flatMap((count, number) => (count === 0 ? [] : [[`personas.p${String(number)}`, count]])),
  ),
});

/**
 * What models were asked about, in bins and by day: the base of drift.
 * @param connection database of the service
 */
export const createInputStore = (connection: Connection) => {
  const inputs = connection.collection<InputRow>('model_inputs');
  return {
    /** Makes the indexes; safe to repeat. */
    async prepare(): Promise<void> {
      await inputs.createIndexes([
        { key: { model: 1, version: 1, day: 1 }, name: 'by_day' },
        { key: { expiresAt: 1 }, expireAfterSeconds: 0 },
      ]);
    },

    /**
     * Adds counts to a day.
     * @param model the model
     * @param version the version that placed the rows
     * @param now the instant
     * @param counts what to add
     */
    async add(model: ModelName, version: number, now: Date, counts: InputCounts): Promise<void> {
      const day = now.toISOString().slice(0, 10);
      await inputs.updateOne(
        { _id: `${model}:${String(version)}:${day}` },
        {
          $inc: keysOf(counts),
          $setOnInsert: { model, version, day, expiresAt: new Date(now.getTime() + KEEP_MS) },
        },
        { upsert: true },
      );
    },

    /**
     * Sums since a day.
     * @param model the model
     * @param version the version
     * @param since first day, `YYYY-MM-DD`
     * @param shape bins of each feature, and personas
     */
    async sums(
      model: ModelName,
      version: number,
      since: string,
      shape: { bins: readonly number[]; personas: number },
    ): Promise<InputCounts> {
      const days = await inputs.find({ model, version, day: { $gte: since } }).toArray();
      const sum = (pick: (row: InputRow) => number | undefined): number =>
        days.reduce((total, row) => total + (pick(row) ?? 0), 0);
      return {
        rows: sum(({ rows }) => rows),
        bins: shape.bins.map((count, feature) =>
          Array.from({ length: count }, (_unused, bin) =>
            sum(({ bins }) => bins?.[`f${String(feature)}b${String(bin)}`]),
          ),
        ),
        personas: Array.from({ length: shape.personas }, (_unused, number) =>
          sum(({ personas }) => personas?.[`p${String(number)}`]),
        ),
      };
    },
  };
};

export type InputStore = ReturnType<typeof createInputStore>;
