import type { Clock } from '@orrery/calendar';
import { AdviceGenerated } from '@orrery/contracts';
import { newEvent } from '@orrery/messaging';
import type { Runtime } from '@orrery/service-kit';
import { digestOf } from '../domain/digest.ts';
import type { FinancialSummary } from '../domain/financial-summary.ts';
import { plainReport, type DraftReport, type Report, type ReportKind } from '../domain/reports/report.ts';
import type { KeptReport, ReportStore } from '../store/report-store.ts';
import type { ReadMonth, UserMonth } from './read-month.ts';
import type { WordReport } from './word-report.ts';

export interface MakeReportParts extends Pick<Runtime<unknown>, 'inTransaction' | 'recordEvents'> {
  months: ReadMonth;
  reports: ReportStore;
  /** Drafts a report off the event loop. */
  draft: (kind: ReportKind, summary: FinancialSummary) => Promise<DraftReport>;
  /** Undefined without a language model. */
  word: WordReport | undefined;
  coolDownMs: number;
  clock: Clock;
}

const ADVICE_KIND = {
  expenses: 'optimize-expenses',
  budget: 'optimize-budget',
  debt: 'optimize-debt',
} as const satisfies Record<ReportKind, string>;

/**
 * Makes optimisation reports. The figures are computed for every request, so that new data and the end of a partner's
 * link show at once; the model is asked only when the facts changed, once at a time, and once per cool-down.
 * @param parts sources, store and wording
 */
export const createMakeReport = (parts: MakeReportParts) => {
  const { months, reports, word, coolDownMs, clock, inTransaction, recordEvents } = parts;
  const flights = new Map<string, Promise<Report>>();

  const make = async (
    userId: string,
    kind: ReportKind,
    draft: DraftReport,
    digest: string,
    same: KeptReport | undefined,
  ): Promise<Report> => {
    const mayAsk = word !== undefined && (await reports.takeTurn(userId, kind, coolDownMs));
    if (same !== undefined && !mayAsk) {
      return same.report;
    }
    const made = mayAsk ? await word(userId, draft) : { report: plainReport(draft), isFinal: false };
    const generatedAt = clock.now();
    await inTransaction(async (session) => {
      await reports.keep(userId, kind, { ...made, digest, generatedAt }, session);
      if (same === undefined) {
        await recordEvents(session, [
          newEvent(AdviceGenerated, userId, {
            userId,
            kind: ADVICE_KIND[kind],
            adviceId: digest,
            generatedAt: generatedAt.toISOString(),
            titles: [],
          }),
        ]);
      }
    });
    return made.report;
  };

  return {
    /**
     * A report of a user's month.
     * @param userId the user
     * @param kind which one
     * @param signal ends the reading of the figures
     * @throws what `ReadMonth` throws; the store's errors
     */
    async forUser(userId: string, kind: ReportKind, signal?: AbortSignal): Promise<Report> {
      const { summary } = await months.one(userId, signal === undefined ? {} : { signal });
      const draft = await parts.draft(kind, summary);
      const plain = plainReport(draft);
      if (draft.insights.length === 0) {
        return plain;
      }
      const digest = digestOf(plain);
      const kept = await reports.find(userId, kind);
      const same = kept?.digest === digest ? kept : undefined;
      if (same !== undefined && (same.isFinal || word === undefined)) {
        return same.report;
      }
      const key = `${userId}:${kind}:${digest}`;
      const flight = flights.get(key) ?? make(userId, kind, draft, digest, same);
      flights.set(key, flight);
      try {
        return await flight;
      } finally {
        flights.delete(key);
      }
    },

    /**
     * The insights of all reports as they are kept, or in our own words where the facts changed since; no model is asked.
     * @param month the user's month
     */
    async insightsOf({ userId, summary }: UserMonth): Promise<Report['insights']> {
      const kinds: readonly ReportKind[] = ['expenses', 'budget', 'debt'];
      const all = await Promise.all(
        kinds.map(async (kind) => {
          const plain = plainReport(await parts.draft(kind, summary));
          const kept = await reports.find(userId, kind);
          return kept?.digest === digestOf(plain) ? kept.report : plain;
        }),
      );
      return all.flatMap(({ insights }) => insights);
    },
  };
};

export type MakeReport = ReturnType<typeof createMakeReport>;
