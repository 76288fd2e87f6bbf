import { CalendarDate, defineRoute } from '@orrery/contracts';
import { AppError, handle, requireUserId } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import { historyCsv, historyXlsx } from '../../../reports/history-table.ts';
import type { Prediction, PredictionFilter, PredictionStore } from '../../../store/prediction-store.ts';
import { CustomerData, legacyPage, SEGMENTATION_API } from './customer-fields.ts';

/** Rows of one file; who has more asks for a shorter period. */
const MAX_EXPORT_ROWS = 50_000;
const DAY_MS = 86_400_000;

const filters = {
  from: CalendarDate.optional(),
  to: CalendarDate.optional(),
  cluster: z.coerce.number().int().min(0).max(63).optional(),
};

const inOrder = ({ from, to }: { from?: string | undefined; to?: string | undefined }): boolean =>
  from === undefined || to === undefined || from <= to;
const ORDER = { path: ['to'], message: 'must not be before from' };

const ListHistory = defineRoute({
  ...SEGMENTATION_API,
  method: 'get',
  path: '/history',
  operationId: 'listPredictionHistory',
  summary: 'Predictions that the caller asked for, newest first',
  query: z.object({ ...legacyPage(50), ...filters }).refine(inOrder, ORDER),
  responses: {
    200: z.object({
      history: z.array(
        z.object({
          id: z.string(),
          customer_data: CustomerData,
          cluster: z.int(),
          cluster_name: z.string(),
          confidence: z.number(),
          created_at: z.iso.datetime(),
        }),
      ),
      total: z.int(),
    }),
  },
});

const ExportHistory = defineRoute({
  ...SEGMENTATION_API,
  method: 'get',
  path: '/history/export',
  operationId: 'exportPredictionHistory',
  summary: 'Predictions as a file; `scope=all` is for analysts and names no user',
  query: z
    .object({
      format: z.enum(['csv', 'xlsx']).default('csv'),
      scope: z.enum(['own', 'all']).default('own'),
      ...filters,
    })
    .refine(inOrder, ORDER),
  responses: {
    200: { contentType: 'application/octet-stream', description: 'The file, newest prediction first' },
  },
  problems: ['forbidden'],
});

const TYPES = {
  csv: 'text/csv; charset=utf-8',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
} as const;

const filterOf = (query: {
  from?: string | undefined;
  to?: string | undefined;
  cluster?: number | undefined;
}): PredictionFilter => ({
  ...(query.from === undefined ? {} : { from: new Date(`${query.from}T00:00:00Z`) }),
  ...(query.to === undefined ? {} : { until: new Date(Date.parse(`${query.to}T00:00:00Z`) + DAY_MS) }),
  ...(query.cluster === undefined ? {} : { cluster: query.cluster }),
});

const requireFewer = (rows: readonly Prediction[]): readonly Prediction[] => {
  if (rows.length > MAX_EXPORT_ROWS) {
    throw new AppError('validation-failed', {
      fields: [
        {
          in: 'query',
          field: 'from',
          message: `a file holds ${String(MAX_EXPORT_ROWS)} rows at most; choose a shorter period`,
        },
      ],
    });
  }
  return rows;
};

/**
 * `GET /history` and `GET /history/export`.
 * @param predictions the history
 */
export const historyRoutes = (predictions: PredictionStore): MountedRoute[] => [
  handle(ListHistory, async ({ query, identity }) => {
    const userId = requireUserId(identity);
    const filter = filterOf(query);
    const [rows, total] = await Promise.all([
      predictions.list(userId, filter, { skip: query.skip, limit: query.limit }),
      predictions.count(userId, filter),
    ]);
    return {
      status: 200,
      body: {
        history: rows.map(({ id, customer, cluster, clusterName, confidence, createdAt }) => ({
          id,
          customer_data: customer,
          cluster,
          cluster_name: clusterName,
          confidence,
          created_at: createdAt.toISOString(),
        })),
        total,
      },
    };
  }),
  handle(ExportHistory, async ({ query, identity }) => {
    const userId = requireUserId(identity);
    if (query.scope === 'all' && identity.role !== 'analyst' && identity.role !== 'admin') {
      throw new AppError('forbidden', { detail: 'Insufficient permissions. Required role: analyst' });
    }
    const filter = filterOf(query);
    const rows = requireFewer(
      query.scope === 'all'
        ? await predictions.listOfAll(filter, MAX_EXPORT_ROWS + 1)
        : await predictions.list(userId, filter, { skip: 0, limit: MAX_EXPORT_ROWS + 1 }),
    );
    return {
      status: 200,
      body: query.format === 'csv' ? historyCsv(rows) : await historyXlsx(rows),
      headers: {
        'Content-Type': TYPES[query.format],
        'Content-Disposition': `attachment; filename="history.${query.format}"`,
        'Cache-Control': 'no-store',
      },
    };
  }),
];
