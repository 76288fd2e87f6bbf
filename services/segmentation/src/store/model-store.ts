import type { ClientSession, Connection } from 'mongoose';
import type { ModelName, SegmentModel } from '../domain/segment-model.ts';
import type { SegmentSpending } from '../domain/spending/segment-spending.ts';

/** A trained version of a model. */
export interface ModelVersion {
  name: ModelName;
  /** Grows by one with each training of the model. */
  version: number;
  trainedAt: Date;
  /** SHA-256 of the training rows and feature names. */
  dataHash: string;
  /** Whether it was found fit to serve. */
  promoted: boolean;
  /** What spoke against it. */
  reasons: string[];
  model: SegmentModel;
  /** What the members of each persona do, by persona id; spending only. */
  spending: Readonly<Record<string, SegmentSpending>> | null;
  /** Median spending levels by currency; spending only. */
  levels: Readonly<Record<string, number>> | null;
}

/** A version without its centroids and pictures, for lists. */
export interface VersionSummary extends Pick<
  ModelVersion,
  'name' | 'version' | 'trainedAt' | 'dataHash' | 'promoted' | 'reasons'
> {
  model: Pick<SegmentModel, 'metrics' | 'population' | 'seed'>;
}

type StoredVersion = ModelVersion & { _id: string };

/** Which version serves. */
interface ServingRow {
  _id: ModelName;
  version: number;
  since: Date;
}

const SUMMARY_FIELDS = {
  _id: 0,
  name: 1,
  version: 1,
  trainedAt: 1,
  dataHash: 1,
  promoted: 1,
  reasons: 1,
  'model.metrics': 1,
  'model.population': 1,
  'model.seed': 1,
};

const idOf = (name: ModelName, version: number): string => `${name}:${String(version)}`;

/**
 * Trained versions, and which of them serves. Every replica asks for the serving version with each request, so all of
 * them change together; the version itself never changes and may be remembered.
 * @param connection database of the service
 */
export const createModelStore = (connection: Connection) => {
  const versions = connection.collection<StoredVersion>('model_versions');
  const serving = connection.collection<ServingRow>('serving_versions');
  const remembered = new Map<ModelName, ModelVersion>();

  const load = async (name: ModelName, version: number): Promise<ModelVersion | undefined> => {
    const stored = await versions.findOne({ _id: idOf(name, version) });
    if (stored === null) {
      return undefined;
    }
    const { _id, ...found } = stored;
    return found;
  };

  return {
    /** Makes the indexes; safe to repeat. */
    async prepare(): Promise<void> {
      await versions.createIndexes([{ key: { name: 1, version: -1 }, unique: true, name: 'by_version' }]);
    },

    /**
     * The version that serves now, or undefined before the first training.
     * @param name the model
     */
    async current(name: ModelName): Promise<ModelVersion | undefined> {
      const row = await serving.findOne({ _id: name });
      if (row === null) {
        return undefined;
      }
      const known = remembered.get(name);
      if (known?.version === row.version) {
        return known;
      }
      const found = await load(name, row.version);
      if (found !== undefined) {
        remembered.set(name, found);
      }
      return found;
    },

    load,

    /**
     * Number for the next version.
     * @param name the model
     */
    async nextVersion(name: ModelName): Promise<number> {
      const [latest] = await versions
        .find({ name }, { projection: { version: 1 } })
        .sort({ version: -1 })
        .limit(1)
        .toArray();
      return (latest?.version ?? 0) + 1;
    },

    /**
     * Stores a version; two trainings that end together cannot take the same number.
     * @param version the version
     * @param session transaction that also states the event
     */
    async save(version: ModelVersion, session: ClientSession): Promise<void> {
      await versions.insertOne({ _id: idOf(version.name, version.version), ...version }, { session });
    },

    /**
     * Lets a stored version serve.
     * @param name the model
     * @param version its number
     * @param since now
     * @param session transaction that also states the event
     */
    async serve(name: ModelName, version: number, since: Date, session: ClientSession): Promise<void> {
      await serving.updateOne({ _id: name }, { $set: { version, since } }, { upsert: true, session });
    },

    /**
     * Latest versions, newest first, without their centroids.
     * @param name the model
     * @param limit most rows
     */
    async list(name: ModelName, limit: number): Promise<VersionSummary[]> {
      return versions
        .find({ name })
        .project<VersionSummary>(SUMMARY_FIELDS)
        .sort({ version: -1 })
        .limit(limit)
        .toArray();
    },

    /**
     * The newest version below another that was found fit to serve.
     * @param name the model
     * @param below number of the other
     */
    async before(name: ModelName, below: number): Promise<number | undefined> {
      const [found] = await versions
        .find({ name, promoted: true, version: { $lt: below } }, { projection: { version: 1 } })
        .sort({ version: -1 })
        .limit(1)
        .toArray();
      return found?.version;
    },
  };
};

export type ModelStore = ReturnType<typeof createModelStore>;
