import { CalendarDate, defineRoute, MoneyText, pageOf, ResourceId } from '@orrery/contracts';
import { formatDecimal } from '@orrery/money';
import { AppError, handle, requireUserId } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import { STREAM_STATUSES } from '../domain/recurring/keep-streams.ts';
import type { KeptStream } from '../domain/recurring/keep-streams.ts';
import { PERIOD_NAMES } from '../domain/recurring/period.ts';
import type { RecurringStore } from '../store/recurring-store.ts';
import type { RefreshAnalyses } from '../use-cases/refresh-analyses.ts';

const StreamShown = z
  .object({
    id: ResourceId,
    merchant: z.string(),
    name: z.string(),
    status: z.enum(STREAM_STATUSES),
    period: z.enum(PERIOD_NAMES),
    state: z.enum(['early', 'mature', 'late', 'ended']),
    category: z.string().nullable(),
    averageAmount: MoneyText,
    lastAmount: MoneyText,
    lastDate: CalendarDate,
    nextDate: CalendarDate.nullable(),
    confidence: z.number(),
    transactionIds: z.array(z.string()),
  })
  .meta({ id: 'RecurringStream' });

const ListRecurring = defineRoute({
  method: 'get',
  path: '/v1/recurring',
  operationId: 'listRecurring',
  summary: 'Recurring payments and income of the caller; dismissed ones only when asked for',
  tag: 'Recurring payments',
  audience: 'user',
  query: z.object({ status: z.enum(STREAM_STATUSES).optional() }),
  responses: { 200: pageOf(StreamShown) },
});

const ChangeRecurring = defineRoute({
  method: 'patch',
  path: '/v1/recurring/{streamId}',
  operationId: 'changeRecurring',
  summary: 'Confirm, dismiss or rename a recurring payment; null takes the name back',
  tag: 'Recurring payments',
  audience: 'user',
  params: z.object({ streamId: ResourceId }),
  body: z.object({
    status: z.enum(STREAM_STATUSES).optional(),
    name: z.string().trim().min(1).max(120).nullable().optional(),
  }),
  responses: { 200: StreamShown },
  problems: ['not-found'],
});

const shown = ({ averageMinor, lastMinor, priceWasMinor: _was, currency, name, ...stream }: KeptStream) => ({
  ...stream,
  name: name ?? stream.merchant,
  averageAmount: { amount: formatDecimal(averageMinor, currency), currency },
  lastAmount: { amount: formatDecimal(lastMinor, currency), currency },
});

/**
 * `GET /v1/recurring` and `PATCH /v1/recurring/{streamId}`.
 * @param parts the streams, and what brings them up to date
 */
export const recurringRoutes = (parts: {
  recurring: RecurringStore;
  analyses: RefreshAnalyses;
}): MountedRoute[] => [
  handle(ListRecurring, async ({ query, identity }) => {
    const userId = requireUserId(identity);
    await parts.analyses.refreshIfStale(userId);
    const streams = await parts.recurring.all(userId);
    const wanted = streams.filter(({ status }) =>
      query.status === undefined ? status !== 'dismissed' : status === query.status,
    );
    const order = (stream: KeptStream): string => stream.nextDate ?? '9999';
    wanted.sort((left, right) => (order(left) < order(right) ? -1 : Number(order(left) > order(right))));
    return { status: 200, body: { data: wanted.map(shown), page: { nextCursor: null } } };
  }),
  handle(ChangeRecurring, async ({ params, body, identity }) => {
    const stream = await parts.recurring.change(requireUserId(identity), params.streamId, {
      ...(body.status !== undefined && { status: body.status }),
      ...(body.name !== undefined && { name: body.name }),
    });
    if (stream === undefined) {
      throw new AppError('not-found');
    }
    return { status: 200, body: shown(stream) };
  }),
];
