import { addDays } from '@orrery/calendar';
import type { Clock } from '@orrery/calendar';
import { CalendarDate, Currency, defineRoute } from '@orrery/contracts';
import { formatDecimal, fromFloat } from '@orrery/money';
import { handle, requireUserId } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import type { Compute } from '../../../compute/compute.ts';
import { zoneOfCurrency } from '../../../domain/currency-zone.ts';
import type { DetectorTransaction } from '../../../domain/detector-transaction.ts';
import { UNCATEGORISED } from '../../../domain/types.ts';
import type { LedgerStore } from '../../../store/ledger-store.ts';
import type { UserSettingsStore } from '../../../store/user-settings-store.ts';
import { AskedDay } from '../../asked-day.ts';
import { cashSenseCategory } from '../../../domain/cash-sense-category.ts';

/** Days before the checked ones that tell what is usual. */
const HISTORY_DAYS = 365;

/** Cash Sense's sign: positive is money out. */
const SentTransaction = z.object({
  id: z.string().min(1).max(128),
  date: AskedDay,
  amount: z.number().min(-1e12).max(1e12),
  merchant_name: z.string().min(1).max(512),
  currency: Currency.optional(),
  category: z.string().max(64).nullish(),
});

const CashSenseAnomalies = defineRoute({
  method: 'post',
  path: '/api/detect_anomalies',
  operationId: 'cashSenseDetectAnomalies',
  summary: 'Unusual purchases of the last days, or among the transactions sent along',
  tag: 'Cash Sense',
  audience: 'user',
  errorShape: 'error',
  body: z.object({
    days: z.int().min(1).max(730).default(90),
    sensitivity: z.number().min(0).max(1).default(0.5),
    transactions: z.array(SentTransaction).max(5000).optional(),
  }),
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

/**
 * `POST /api/detect_anomalies`. A sensitivity of one half shows everything the detector is sure of; less shows only
 * the strangest.
 * @param parts the ledger, the worker thread, the clock, and what applies to users who chose nothing
 */
export const cashSenseAnomalies = (parts: {
  ledger: LedgerStore;
  settings: UserSettingsStore;
  compute: Compute;
  clock: Clock;
  defaultCurrency: string;
}): MountedRoute =>
  handle(CashSenseAnomalies, async ({ body, identity }) => {
    const userId = requireUserId(identity);
    const settings = await parts.settings.find(userId);
    const currency = settings.currency ?? parts.defaultCurrency;
    const today = parts.clock.today(settings.timeZone ?? zoneOfCurrency(currency) ?? 'UTC');
    const firstChecked = addDays(today, 1 - body.days);
    const sent = body.transactions?.map((row): DetectorTransaction => ({
      id: row.id,
      date: row.date,
      merchant: row.merchant_name,
      amountMinor: -fromFloat(row.amount, row.currency ?? currency),
      currency: row.currency ?? currency,
      category: row.category ?? undefined,
    }));
    const rows =
      sent ??
      (await parts.ledger.detectorRows(userId, { from: addDays(firstChecked, -HISTORY_DAYS), to: today }));
    const checked = new Map(
      rows.filter(({ date }) => sent !== undefined || date >= firstChecked).map((row) => [row.id, row]),
    );
    const anomalies = await parts.compute.run('detectAnomalies', rows);
    return {
      status: 200,
      body: {
        checked: checked.size,
        anomalies: anomalies.flatMap(({ id, kind, score, reason }) => {
          const row = checked.get(id);
          return row === undefined || score < 1 - body.sensitivity
            ? []
            : [
                {
                  transaction_id: id,
                  date: row.date,
                  merchant_name: row.merchant,
                  amount: -Number(formatDecimal(row.amountMinor, row.currency)),
                  currency: row.currency,
                  category:
                    sent === undefined
                      ? cashSenseCategory(row.category ?? UNCATEGORISED)
                      : (row.category ?? UNCATEGORISED),
                  kind,
                  score,
                  reason,
                },
              ];
        }),
      },
    };
  });
