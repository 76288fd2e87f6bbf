import type { Connection } from 'mongoose';
import type { MeasuredCurve } from '../compute/training-tasks.ts';

type CurveRow = MeasuredCurve & { _id: string };

/**
 * Curves that were measured before any model was trained, by the data they belong to.
 * @param connection database of the service
 */
export const createCurveStore = (connection: Connection) => {
  const curves = connection.collection<CurveRow>('measured_curves');
  return {
    /**
     * The curve of a data set, or undefined.
     * @param dataHash hash of the rows
     */
    async find(dataHash: string): Promise<MeasuredCurve | undefined> {
      return (await curves.findOne({ _id: dataHash })) ?? undefined;
    },

    /**
     * Keeps a curve.
     * @param dataHash hash of the rows
     * @param measured the curve
     */
    async keep(dataHash: string, measured: MeasuredCurve): Promise<void> {
      await curves.updateOne({ _id: dataHash }, { $set: measured }, { upsert: true });
    },
  };
};

export type CurveStore = ReturnType<typeof createCurveStore>;
