import { addDays } from '@orrery/calendar';
import { CalendarDate, Currency, defineRoute, LedgerDay } from '@orrery/contracts';
import { formatDecimal, fromFloat } from '@orrery/money';
import { handle, requireUserId } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import type { Compute } from '../../../compute/compute.ts';
import type { DetectorTransaction } from '../../../domain/detector-transaction.ts';
import { UNCATEGORISED } from '../../../domain/types.ts';
import type { DayRange } from '../../../domain/spending-report.ts';
import type { AnomalyStore, KeptAnomaly } from '../../../store/anomaly-store.ts';
import type { LedgerStore } from '../../../store/ledger-store.ts';
import type { RefreshAnalyses } from '../../../use-cases/refresh-analyses.ts';
import type { ReadUserDay } from '../../../use-cases/user-calendar.ts';
import { cashSenseCategory } from '../../../domain/cash-sense-category.ts';

/** Cash Sense's sign: positive is money out. */
const SentTransaction = z.object({
  id: z.string().min(1).max(128),
  date: LedgerDay,
  amount: z.number().min(-1e12).max(1e12),
  merchant_name: z.string().min(1).max(512),
  currency: Currency.optional(),
  // Both shapes in which `get_transactions` gives it out.
  category: z
    .union([z.string().max(64), z.looseObject({ id: z.string().max(64) }).transform(({ id }) => id)])
    .nullish(),
});

const CashSenseAnomalies = defineRoute({
  method: 'post',
  path: '/api/detect_anomalies',
  operationId: 'cashSenseDetectAnomalies',
  summary: 'Unusual purchases of the last days, or among the transactions sent along',
  tag: 'Cash Sense',
  audience: 'user',
  errorShape: 'error',
  body: z
    .object({
      days: z.int().min(1).max(730).default(90),
      sensitivity: z.number().min(0).max(1).default(0.5),
      transactions: z.array(SentTransaction).max(5000).optional(),
    })
    .prefault({}),
  responses: {
    200: z.object({
      checked: z.int(),
      anomalies: z.array(
        z.object({
          transaction_id: z.string(),
          date: CalendarDate,
          merchant_name: z.string(),
          amount: z.number(),
          currency: z.string(),
          category: z.string(),
          kind: z.string(),
          score: z.number(),
          reason: z.string(),
        }),
      ),
    }),
  },
});

interface Checked {
  checked: number;
  /** Strange ones with their category in Cash Sense's words. */
  found: (Pick<
    KeptAnomaly,
    'id' | 'date' | 'merchant' | 'amountMinor' | 'currency' | 'kind' | 'score' | 'reason'
  > & {
    category: string;
  })[];
}

/**
 * `POST /api/detect_anomalies`. The caller's own ledger answers with what was found when its rows last changed; rows
 * sent along are looked at now. A sensitivity of one half shows everything the detector is sure of; less shows only the
 * strangest.
 * @param parts the ledger and what was found in it, the worker thread, and the user's day
 */
export const cashSenseAnomalies = (parts: {
  ledger: LedgerStore;
  anomalies: AnomalyStore;
  analyses: RefreshAnalyses;
  compute: Compute;
  readUserDay: ReadUserDay;
  defaultCurrency: string;
}): MountedRoute => {
  const inLedger = async (userId: string, range: DayRange): Promise<Checked> => {
    await parts.analyses.refreshIfStale(userId);
    const [checked, kept] = await Promise.all([
      parts.ledger.countBetween(userId, range),
      parts.anomalies.all(userId),
    ]);
    return {
      checked,
      found: kept
        .filter(({ date }) => date >= range.from && date <= range.to)
        .map((anomaly) => ({ ...anomaly, category: cashSenseCategory(anomaly.category ?? UNCATEGORISED) })),
    };
  };

  const amongSent = async (
    sent: readonly z.output<typeof SentTransaction>[],
    currency: string,
  ): Promise<Checked> => {
    const rows = sent.map((row): DetectorTransaction => ({
      id: row.id,
      date: row.date,
      merchant: row.merchant_name,
      amountMinor: -fromFloat(row.amount, row.currency ?? currency),
      currency: row.currency ?? currency,
      category: row.category ?? undefined,
    }));
    const byId = new Map(rows.map((row) => [row.id, row]));
    const anomalies = await parts.compute.run('detectAnomalies', rows);
    return {
      checked: byId.size,
      found: anomalies.flatMap((anomaly) => {
        const row = byId.get(anomaly.id);
        return row === undefined ? [] : [{ ...row, ...anomaly, category: row.category ?? UNCATEGORISED }];
      }),
    };
  };

  return handle(CashSenseAnomalies, async ({ body, identity }) => {
    const userId = requireUserId(identity);
    const { settings, today } = await parts.readUserDay(userId);
    const { checked, found } =
      body.transactions === undefined
        ? await inLedger(userId, { from: addDays(today, 1 - body.days), to: today })
        : await amongSent(body.transactions, settings.currency ?? parts.defaultCurrency);
    return {
      status: 200,
      body: {
        checked,
        anomalies: found
          .filter(({ score }) => score >= 1 - body.sensitivity)
          .map(({ id, date, merchant, amountMinor, currency, category, kind, score, reason }) => ({
            transaction_id: id,
            date,
            merchant_name: merchant,
            amount: -Number(formatDecimal(amountMinor, currency)),
            currency,
            category,
            kind,
            score,
            reason,
          })),
      },
    };
  });
};
