import {
  CalendarDate,
  CategorySlug,
  defineRoute,
  MoneyText,
  pageOf,
  pageQuery,
  TransactionId,
} from '@orrery/contracts';
import { formatDecimal } from '@orrery/money';
import { AppError, handle, requireUserId } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import { ANOMALY_KINDS } from '../domain/anomalies/detect-anomalies.ts';
import { ANOMALY_FEEDBACK } from '../store/anomaly-store.ts';
import type { AnomalyStore, KeptAnomaly } from '../store/anomaly-store.ts';
import type { RefreshAnalyses } from '../use-cases/refresh-analyses.ts';

const AnomalyShown = z
  .object({
    transactionId: TransactionId,
    date: CalendarDate,
    merchant: z.string(),
    amount: MoneyText,
    kind: z.enum(ANOMALY_KINDS),
    score: z.number(),
    reason: z.string(),
    expected: z.object({ low: MoneyText, high: MoneyText }).nullable(),
    category: CategorySlug.nullable(),
    feedback: z.enum(ANOMALY_FEEDBACK).nullable(),
  })
  .meta({ id: 'Anomaly' });

const ListAnomalies = defineRoute({
  method: 'get',
  path: '/v1/anomalies',
  operationId: 'listAnomalies',
  summary: 'Unusual purchases of the caller, newest first',
  tag: 'Anomalies',
  audience: 'user',
  query: z.object(pageQuery()),
  responses: { 200: pageOf(AnomalyShown) },
});

const JudgeAnomaly = defineRoute({
  method: 'patch',
  path: '/v1/anomalies/{transactionId}',
  operationId: 'judgeAnomaly',
  summary: 'Say whether a purchase was expected; similar ones at the merchant are then no longer reported',
  tag: 'Anomalies',
  audience: 'user',
  params: z.object({ transactionId: TransactionId }),
  body: z.object({ feedback: z.enum(ANOMALY_FEEDBACK) }),
  responses: { 200: AnomalyShown },
  problems: ['not-found'],
});

const shown = ({ id, currency, amountMinor, expected, ...anomaly }: KeptAnomaly) => {
  const money = (minor: number) => ({ amount: formatDecimal(minor, currency), currency });
  return {
    transactionId: id,
    ...anomaly,
    amount: money(amountMinor),
    expected:
      expected === undefined ? null : { low: money(expected.lowMinor), high: money(expected.highMinor) },
  };
};

/**
 * `GET /v1/anomalies` and `PATCH /v1/anomalies/{transactionId}`.
 * @param parts the unusual purchases, and what brings them up to date
 */
export const anomalyRoutes = (parts: {
  anomalies: AnomalyStore;
  analyses: RefreshAnalyses;
}): MountedRoute[] => [
  handle(ListAnomalies, async ({ query, identity }) => {
    const userId = requireUserId(identity);
    await parts.analyses.refreshIfStale(userId);
    const page = await parts.anomalies.list(userId, query);
    return { status: 200, body: { data: page.rows.map(shown), page: { nextCursor: page.nextCursor } } };
  }),
  handle(JudgeAnomaly, async ({ params, body, identity }) => {
    const anomaly = await parts.anomalies.setFeedback(
      requireUserId(identity),
      params.transactionId,
      body.feedback,
    );
    if (anomaly === undefined) {
      throw new AppError('not-found');
    }
    return { status: 200, body: shown(anomaly) };
  }),
];
