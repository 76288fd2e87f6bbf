import { createHash } from 'node:crypto';
import { brotliCompress, brotliDecompress, constants } from 'node:zlib';
import { promisify } from 'node:util';
import type { ClientSession, Connection } from 'mongoose';
import { CLASS_COUNT } from '../domain/text-classifier.ts';
import type { TextModel } from '../domain/text-classifier.ts';
import { FEATURE_BUCKETS } from '../domain/text-features.ts';

const compress = promisify(brotliCompress);
const decompress = promisify(brotliDecompress);
/** A middle setting: a second of work for a megabyte. */
const QUALITY = 5;
/** Models kept for each release, for looking back. */
const KEPT = 3;

/** Share of right answers and mean F1 on one golden set, 0 to 1. */
export interface ModelScore {
  rows: number;
  accuracy: number;
  macroF1: number;
}

/** What is known about a model that was trained here. */
export interface TrainedModel {
  version: string;
  /** Fingerprint of the shipped files that it was trained beside. */
  base: string;
  trainedAt: Date;
  promoted: boolean;
  /** Agreed corrections that it learnt from. */
  corrections: number;
  scores: Record<string, ModelScore>;
}

interface ModelDocument extends Omit<TrainedModel, 'version'> {
  _id: string;
  weights?: Buffer;
  sha256?: string;
  scales?: number[];
  bias?: number[];
}

interface ActiveDocument {
  /** Fingerprint of the shipped files. */
  _id: string;
  version: string;
}

/** Thrown when a stored model is not what was stored. */
export class StoredModelBroken extends Error {
  constructor(version: string) {
    super(`stored model ${version} does not match its checksum`);
    this.name = 'StoredModelBroken';
  }
}

const bytesOf = (weights: { buffer: Uint8Array } | Uint8Array): Uint8Array =>
  weights instanceof Uint8Array ? weights : weights.buffer;

/**
 * Models trained here, and which of them decides. All replicas read the same database.
 * @param mongo the service's database
 */
export const createModelStore = (mongo: Connection) => {
  const models = mongo.collection<ModelDocument>('models');
  const active = mongo.collection<ActiveDocument>('activeModels');
  const describe = ({
    _id,
    base,
    trainedAt,
    promoted,
    corrections,
    scores,
  }: ModelDocument): TrainedModel => ({
    version: _id,
    base,
    trainedAt,
    promoted,
    corrections,
    scores,
  });
  return {
    /** Makes the index; safe to repeat. */
    async prepare(): Promise<void> {
      await models.createIndex({ base: 1, trainedAt: -1 });
    },

    /**
     * Version of the trained model that decides beside these shipped files; null for the shipped one.
     * @param base fingerprint of the shipped files
     */
    async activeVersion(base: string): Promise<string | null> {
      return (await active.findOne({ _id: base }))?.version ?? null;
    },

    /**
     * Packs a model's weights for `save`, outside of any transaction.
     * @param model the model
     */
    pack: (model: TextModel): Promise<Buffer> =>
      compress(new Uint8Array(model.weights), { params: { [constants.BROTLI_PARAM_QUALITY]: QUALITY } }),

    /**
     * Stores what is known about a model; with its weights when it is to decide from now on.
     * @param trained description
     * @param promoted the model with its packed weights, or null
     * @param session transaction to write in
     */
    async save(
      trained: TrainedModel,
      promoted: { model: TextModel; packed: Buffer } | null,
      session: ClientSession,
    ): Promise<void> {
      const { version, ...rest } = trained;
      await models.replaceOne(
        { _id: version },
        promoted === null
          ? rest
          : {
              ...rest,
              weights: promoted.packed,
              sha256: createHash('sha256').update(promoted.packed).digest('hex'),
              scales: [...promoted.model.scales],
              bias: [...promoted.model.bias],
            },
        { upsert: true, session },
      );
      if (promoted !== null) {
        await active.replaceOne({ _id: trained.base }, { version }, { upsert: true, session });
        const older = await models
          .find({ base: trained.base, promoted: true }, { session, projection: { _id: 1 } })
          .sort({ trainedAt: -1 })
          .skip(KEPT)
          .toArray();
        await models.deleteMany({ _id: { $in: older.map(({ _id }) => _id) } }, { session });
      }
    },

    /**
     * Loads a promoted model; null when it is gone.
     * @param version its version
     * @throws StoredModelBroken when the bytes are not those that were stored
     */
    async load(version: string): Promise<TextModel | null> {
      const found = await models.findOne({ _id: version });
      if (found?.weights === undefined) {
        return null;
      }
      const packed = bytesOf(found.weights);
      if (createHash('sha256').update(packed).digest('hex') !== found.sha256) {
        throw new StoredModelBroken(version);
      }
      const raw = await decompress(packed);
      if (raw.length !== FEATURE_BUCKETS * CLASS_COUNT) {
        throw new StoredModelBroken(version);
      }
      return {
        version,
        weights: new Int8Array(raw.buffer, raw.byteOffset, raw.length),
        scales: Float32Array.from(found.scales ?? []),
        bias: Float32Array.from(found.bias ?? []),
      };
    },

    /**
     * Latest trainings beside these shipped files, newest first.
     * @param base fingerprint of the shipped files
     * @param limit most rows to return
     */
    async latest(base: string, limit: number): Promise<TrainedModel[]> {
      const found = await models
        .find({ base }, { projection: { weights: 0 } })
        .sort({ trainedAt: -1 })
        .limit(limit)
        .toArray();
      return found.map(describe);
    },
  };
};

export type ModelStore = ReturnType<typeof createModelStore>;
