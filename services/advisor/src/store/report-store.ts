import { isDuplicateKey } from '@orrery/mongo';
import type { ClientSession, Connection } from 'mongoose';
import type { Report, ReportKind } from '../domain/reports/report.ts';

/** A report as it was last made. */
export interface KeptReport {
  /** Digest of our own wording, which changes with the facts and with nothing else. */
  digest: string;
  /** Whether the model had its say; otherwise it is asked again after the cool-down. */
  isFinal: boolean;
  report: Report;
  /** Business time. */
  generatedAt: Date;
}

interface StoredReport {
  /** `<userId>:<kind>` */
  _id: string;
  userId: string;
  kind: ReportKind;
  /** When the model was last asked about it; machine time, because a cool-down is a limit. */
  askedAt: Date | null;
  kept: KeptReport | null;
}

/**
 * The latest report of each kind per user.
 * @param connection database of the service
 */
export const createReportStore = (connection: Connection) => {
  const reports = connection.collection<StoredReport>('reports');
  const idOf = (userId: string, kind: ReportKind): string => `${userId}:${kind}`;
  return {
    /** Makes the indexes; safe to repeat. */
    async prepare(): Promise<void> {
      await reports.createIndexes([{ key: { userId: 1 }, name: 'by_user' }]);
    },

    /**
     * The latest report, or undefined.
     * @param userId owner
     * @param kind which one
     */
    async find(userId: string, kind: ReportKind): Promise<KeptReport | undefined> {
      return (await reports.findOne({ _id: idOf(userId, kind) }))?.kept ?? undefined;
    },

    /**
     * Takes the turn to ask the model about a report; one caller gets it in each cool-down, whatever the replica.
     * @param userId owner
     * @param kind which one
     * @param coolDownMs pause between two turns
     */
    async takeTurn(userId: string, kind: ReportKind, coolDownMs: number): Promise<boolean> {
      const now = Date.now();
      try {
        const { matchedCount, upsertedCount } = await reports.updateOne(
          {
            _id: idOf(userId, kind),
            $or: [{ askedAt: null }, { askedAt: { $lte: new Date(now - coolDownMs) } }],
          },
          { $set: { askedAt: new Date(now) }, $setOnInsert: { userId, kind, kept: null } },
          { upsert: true },
        );
        return matchedCount + upsertedCount > 0;
      } catch (error) {
        // The row is there and its cool-down runs, so the upsert met it.
        if (isDuplicateKey(error)) {
          return false;
        }
        throw error;
      }
    },

    /**
     * Keeps a report in place of the one before.
     * @param userId owner
     * @param kind which one
     * @param kept the report
     * @param session transaction that also records the event
     */
    async keep(userId: string, kind: ReportKind, kept: KeptReport, session: ClientSession): Promise<void> {
      await reports.updateOne(
        { _id: idOf(userId, kind) },
        { $set: { kept }, $setOnInsert: { userId, kind, askedAt: null } },
        { upsert: true, session },
      );
    },
  };
};

export type ReportStore = ReturnType<typeof createReportStore>;
