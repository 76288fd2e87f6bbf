import type { ClientSession, Connection } from 'mongoose';
import type { Points } from '../domain/kmeans/points.ts';
import type { TableModel } from '../parsing/read-table.ts';

/** One part of the uploaded training rows of a model; a document holds 16 MB at most. */
interface PartRow {
  _id: string;
  model: TableModel;
  part: number;
  columns: number;
  /** Little-endian doubles; the driver gives back a wrapper with the bytes in it. */
  values: Uint8Array | { buffer: Uint8Array };
}

const PART_VALUES = 1_000_000;

const numbersOf = (stored: PartRow['values']): Float64Array => {
  const bytes = stored instanceof Uint8Array ? stored : stored.buffer;
  // A copy, because doubles have to start at a multiple of eight.
  return new Float64Array(new Uint8Array(bytes).buffer);
};

/**
 * Training rows that an administrator uploaded, kept so that the model can be trained again on a schedule.
 * @param connection database of the service
 */
export const createTableStore = (connection: Connection) => {
  const parts = connection.collection<PartRow>('training_tables');
  return {
    /** Makes the indexes; safe to repeat. */
    async prepare(): Promise<void> {
      await parts.createIndexes([{ key: { model: 1, part: 1 }, name: 'by_part' }]);
    },

    /**
     * Puts rows in the place of the model's earlier ones.
     * @param model whose rows these are
     * @param table the rows
     * @param session transaction, so that nobody reads half of each
     */
    async replace(model: TableModel, table: Points, session: ClientSession): Promise<void> {
      await parts.deleteMany({ model }, { session });
      for (let start = 0; start < table.values.length; start += PART_VALUES) {
        const part = start / PART_VALUES;
        const values = table.values.slice(start, start + PART_VALUES);
        await parts.insertOne(
          {
            _id: `${model}:${String(part)}`,
            model,
            part,
            columns: table.columns,
            values: Buffer.from(values.buffer),
          },
          { session },
        );
      }
    },

    /**
     * The model's rows, or undefined when none were uploaded.
     * @param model whose rows
     */
    async find(model: TableModel): Promise<Points | undefined> {
      const found = await parts.find({ model }).sort({ part: 1 }).toArray();
      const [first] = found;
      if (first === undefined) {
        return undefined;
      }
      const chunks = found.map(({ values }) => numbersOf(values));
      const values = new Float64Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
      let at = 0;
      for (const chunk of chunks) {
        values.set(chunk, at);
        at += chunk.length;
      }
      return { rows: values.length / first.columns, columns: first.columns, values };
    },
  };
};

export type TableStore = ReturnType<typeof createTableStore>;
