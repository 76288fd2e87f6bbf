import type { Connection } from 'mongoose';
import type { ReportCell } from '../domain/mission-report.ts';

interface StoredDay {
  /** The day, in UTC, on which the missions were settled. */
  _id: string;
  cells: ReportCell[];
}

/**
 * What became of missions, added up per day; it names no user.
 * @param connection database of the service
 */
export const createReportStore = (connection: Connection) => {
  const days = connection.collection<StoredDay>('report_days');
  return {
    /**
     * Stores a day in place of what is there, so that adding it up again changes nothing.
     * @param day in UTC
     * @param cells one per template, segment and currency
     */
    async save(day: string, cells: readonly ReportCell[]): Promise<void> {
      await days.replaceOne({ _id: day }, { cells: [...cells] }, { upsert: true });
    },

    /**
     * The cells of some days.
     * @param from first day
     * @param to last day
     */
    async *between(from: string, to: string): AsyncGenerator<ReportCell> {
      for await (const { cells } of days.find({ _id: { $gte: from, $lte: to } })) {
        yield* cells;
      }
    },
  };
};

export type ReportStore = ReturnType<typeof createReportStore>;
