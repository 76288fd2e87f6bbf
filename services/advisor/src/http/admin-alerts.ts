import type { Clock } from '@orrery/calendar';
import { defineRoute, pageOf, pageQuery, ResourceId, UserId } from '@orrery/contracts';
import { cutPage, decodeCursor, type SortKey } from '@orrery/mongo';
import { AppError, handle, requireUserId, type MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import { ALERT_CATEGORIES } from '../domain/admin/admin-alerts.ts';
import type { AdminAlert, AlertStore } from '../store/alert-store.ts';
import type { ViewStore } from '../store/view-store.ts';

const common = { tag: 'Advice', audience: 'admin' } as const;

const AlertShown = z
  .object({
    id: ResourceId,
    userId: UserId,
    userEmail: z.string(),
    message: z.string(),
    category: z.enum(ALERT_CATEGORIES),
    state: z.enum(['open', 'acknowledged', 'cleared']),
    createdAt: z.iso.datetime(),
    acknowledgedAt: z.iso.datetime().nullable(),
    acknowledgedBy: z.string().nullable(),
  })
  .meta({ id: 'AdminAlert' });

const ListAlerts = defineRoute({
  ...common,
  method: 'get',
  path: '/v1/admin-alerts',
  operationId: 'listAdminAlerts',
  summary: 'Alerts about users that stand, with their ids and states, newest first',
  query: z.object(pageQuery()),
  responses: { 200: pageOf(AlertShown) },
});

const AcknowledgeAlert = defineRoute({
  ...common,
  method: 'patch',
  path: '/v1/admin-alerts/{alertId}',
  operationId: 'acknowledgeAdminAlert',
  summary: 'Note that an alert was seen; it stands until its reason is gone',
  params: z.object({ alertId: ResourceId }),
  body: z.object({ state: z.literal('acknowledged') }),
  responses: { 200: AlertShown },
  problems: ['not-found'],
});

const ListViews = defineRoute({
  ...common,
  method: 'get',
  path: '/v1/admin-views',
  operationId: 'listAdminViews',
  summary: 'Which administrator looked at whom, newest first',
  query: z.object({ userId: UserId.optional(), ...pageQuery() }),
  responses: {
    200: pageOf(
      z.object({
        id: ResourceId,
        adminId: z.string(),
        userId: z.string().nullable(),
        what: z.enum(['alerts', 'dashboard']),
        requestId: z.string(),
        at: z.iso.datetime(),
      }),
    ),
  },
});

const NEWEST_FIRST: readonly SortKey[] = [
  { field: 'createdAt', direction: -1, kind: 'date' },
  { field: 'id', direction: -1, kind: 'string' },
];

const positionOf = (cursor: string | undefined) => {
  if (cursor === undefined) {
    return undefined;
  }
  const [createdAt, id] = decodeCursor(NEWEST_FIRST, cursor);
  return createdAt instanceof Date && typeof id === 'string' ? { createdAt, id } : undefined;
};

const shown = ({ clearedAt: _clearedAt, createdAt, acknowledgedAt, ...alert }: AdminAlert) => ({
  ...alert,
  createdAt: createdAt.toISOString(),
  acknowledgedAt: acknowledgedAt?.toISOString() ?? null,
});

/**
 * `GET /v1/admin-alerts`, `PATCH /v1/admin-alerts/{alertId}` and `GET /v1/admin-views`.
 * @param parts stores and business time
 */
export const adminAlertRoutes = (parts: {
  alerts: AlertStore;
  views: ViewStore;
  clock: Clock;
}): MountedRoute[] => [
  handle(ListAlerts, async ({ query, identity, requestId }) => {
    await parts.views.note({ adminId: requireUserId(identity), userId: null, what: 'alerts', requestId });
    const rows = await parts.alerts.listStanding({
      after: positionOf(query.cursor),
      limit: query.limit + 1,
    });
    const page = cutPage(
      NEWEST_FIRST,
      rows.map((row) => ({ ...row })),
      query.limit,
    );
    return {
      status: 200,
      body: { data: page.rows.map(shown), page: { nextCursor: page.nextCursor } },
    };
  }),
  handle(AcknowledgeAlert, async ({ params, identity }) => {
    const alert = await parts.alerts.acknowledge(params.alertId, requireUserId(identity), parts.clock.now());
    if (alert === undefined) {
      throw new AppError('not-found');
    }
    return { status: 200, body: shown(alert) };
  }),
  handle(ListViews, async ({ query }) => {
    const { rows, nextCursor } = await parts.views.list(query.userId, query);
    return {
      status: 200,
      body: { data: rows.map((row) => ({ ...row, at: row.at.toISOString() })), page: { nextCursor } },
    };
  }),
];
