import { defineRoute } from '@orrery/contracts';
import { decodeCursor, encodeCursor, type SortKey } from '@orrery/mongo';
import { formatDecimal } from '@orrery/money';
import { AppError, handle, requireUserId, type JobDesk, type MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import { comparePeers } from '../../../domain/admin/peers.ts';
import { drawUserDashboard } from '../../../domain/admin/user-dashboard.ts';
import { startDailyAdvice } from '../../../jobs/daily-advice.ts';
import type { RunStore } from '../../../store/run-store.ts';
import type { ViewStore } from '../../../store/view-store.ts';
import type { AlertCursor, ListAlerts, ListedAlert } from '../../../use-cases/list-alerts.ts';
import type { MakeReport } from '../../../use-cases/make-report.ts';
import type { ReadMonth } from '../../../use-cases/read-month.ts';
import { MAIN_USER_ID } from './reho-user.ts';

const common = { tag: 'Reho', audience: 'admin', errorShape: 'detail' } as const;

const AlertShown = z
  .object({
    userId: z.string(),
    userEmail: z.string(),
    alertMessage: z.string(),
    category: z.string(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'RehoAlert' });

const ListAdminAlerts = defineRoute({
  ...common,
  method: 'get',
  path: '/admin/alerts',
  operationId: 'listRehoAlerts',
  summary: 'Alerts about users that stand, newest first; all of them unless a limit is given',
  query: z.object({
    limit: z.coerce.number().int().min(1).max(1_000).optional(),
    cursor: z.string().min(1).max(512).optional(),
  }),
  responses: {
    200: z.object({
      alerts: z.array(AlertShown),
      /** Only with a limit: where the next page starts, null on the last one. */
      nextCursor: z.string().nullable().optional(),
    }),
  },
});

const RunAnalysis = defineRoute({
  ...common,
  method: 'post',
  path: '/admin/run-analysis',
  operationId: 'runAnalysis',
  summary: 'Look at all users now, in the background',
  responses: { 200: z.object({ message: z.string() }) },
});

const ReadUserDashboard = defineRoute({
  ...common,
  problems: ['malformed-request'],
  method: 'get',
  path: '/admin/user-dashboard/{user_id}',
  operationId: 'readUserDashboard',
  summary: "A user's month as administrators see it; the look is noted",
  params: z.object({ user_id: z.string().max(128) }),
  responses: {
    200: z.object({
      totalMonthlySpending: z.number(),
      topOverspendingCategories: z.array(z.string()),
      spendingGrowthFromLastMonth: z.string(),
      spendingHeatmap: z.array(
        z.object({ category: z.string(), spendingLevel: z.enum(['High', 'Moderate', 'Low']) }),
      ),
      currentAlerts: z.array(AlertShown),
      aiTips: z.array(z.object({ insight: z.string(), suggestion: z.string(), category: z.string() })),
      debtStatuses: z.object({
        missedInstallments: z.int(),
        nextDueDate: z.string(),
        status: z.enum(['Low Risk', 'Medium Risk', 'High Risk']),
      }),
      peerComparison: z.object({ comparison: z.string() }),
    }),
  },
});

const ORDER: readonly SortKey[] = [
  { field: 'createdAt', direction: -1, kind: 'date' },
  { field: 'origin', direction: -1, kind: 'string' },
  { field: 'id', direction: -1, kind: 'string' },
];

const CURRENT_ALERTS = 5;

const cursorOf = (text: string | undefined): AlertCursor | undefined => {
  if (text === undefined) {
    return undefined;
  }
  const [createdAt, origin, id] = decodeCursor(ORDER, text);
  return createdAt instanceof Date && typeof id === 'string'
    ? { createdAt, origin: origin === 'former' ? 'former' : 'own', id }
    : undefined;
};

const shown = ({ userId, userEmail, message, category, createdAt }: ListedAlert) => ({
  userId,
  userEmail,
  alertMessage: message,
  category,
  createdAt: createdAt.toISOString(),
});

export interface AdminParts {
  months: ReadMonth;
  reports: MakeReport;
  listAlerts: ListAlerts;
  views: ViewStore;
  runs: RunStore;
  jobs: JobDesk;
}

/**
 * `GET /admin/alerts`, `POST /admin/run-analysis` and `GET /admin/user-dashboard/{user_id}`. Each look at users is noted
 * before it is answered.
 * @param parts use cases and stores
 */
export const adminRoutes = (parts: AdminParts): MountedRoute[] => [
  handle(ListAdminAlerts, async ({ query, identity, requestId }) => {
    const adminId = requireUserId(identity);
    const { limit, cursor } = query;
    await parts.views.note({ adminId, userId: null, what: 'alerts', requestId });
    const rows = await parts.listAlerts({
      after: cursorOf(cursor),
      limit: limit === undefined ? undefined : limit + 1,
    });
    if (limit === undefined) {
      return { status: 200, body: { alerts: rows.map(shown) } };
    }
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return {
      status: 200,
      body: {
        alerts: page.map(shown),
        nextCursor: rows.length > limit && last !== undefined ? encodeCursor(ORDER, { ...last }) : null,
      },
    };
  }),

  handle(RunAnalysis, async () => {
    await startDailyAdvice(parts.jobs);
    return {
      status: 200,
      body: { message: 'Full user analysis job has been started in the background.' },
    };
  }),

  handle(ReadUserDashboard, async ({ params, identity, requestId, signal }) => {
    const adminId = requireUserId(identity);
    if (!MAIN_USER_ID.test(params.user_id)) {
      throw new AppError('malformed-request', {
        detail: `Invalid user_id format provided: ${params.user_id}`,
      });
    }
    const userId = params.user_id.toLowerCase();
    await parts.views.note({ adminId, userId, what: 'dashboard', requestId });
    const month = await parts.months.one(userId, { signal, evenEnded: true });
    const [tips, alerts, shares] = await Promise.all([
      parts.reports.insightsOf(month),
      parts.listAlerts({ userId, limit: CURRENT_ALERTS }),
      parts.runs.shares(),
    ]);
    const dashboard = drawUserDashboard(month.summary);
    return {
      status: 200,
      body: {
        totalMonthlySpending: Number(formatDecimal(dashboard.totalMinor, month.summary.currency)),
        topOverspendingCategories: dashboard.topCategories,
        spendingGrowthFromLastMonth: dashboard.growth,
        spendingHeatmap: dashboard.heatmap,
        currentAlerts: alerts.map(shown),
        aiTips: tips,
        debtStatuses: dashboard.debtStatuses,
        peerComparison: { comparison: comparePeers(month.summary, shares).text },
      },
    };
  }),
];
