import type { Connection } from 'mongoose';

/** How far a source was read. */
export interface SourceMark {
  _id: string;
  /** Id after which a full pass goes on; null before the first row. */
  fullAfter: string | null;
  /** When the last full pass was done; null before the first. */
  fullDoneAt: Date | null;
  /** Everything written before this instant was seen. */
  seenUpTo: Date | null;
  /** How many rows of the source we have met; null before the first look. */
  count: number | null;
}

/**
 * How far sources were read; nothing about any user.
 * @param connection database of the service
 */
export const createSourceMarkStore = (connection: Connection) => {
  const marks = connection.collection<SourceMark>('source_marks');
  return {
    /**
     * How far a source was read.
     * @param source its name
     */
    async find(source: string): Promise<SourceMark> {
      const found = await marks.findOne({ _id: source });
      return { fullAfter: null, fullDoneAt: null, seenUpTo: null, count: null, ...found, _id: source };
    },

    /**
     * Stores how far a source was read.
     * @param mark the mark
     */
    async save({ _id, ...mark }: SourceMark): Promise<void> {
      await marks.updateOne({ _id }, { $set: mark }, { upsert: true });
    },
  };
};

export type SourceMarkStore = ReturnType<typeof createSourceMarkStore>;
