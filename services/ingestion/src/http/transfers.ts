import { defineRoute, Instant, MoneyText, pageOf, pageQuery, ResourceId } from '@orrery/contracts';
import { handle, requireUserId } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import type { TransferRecord, TransferStore } from '../store/transfer-store.ts';
import type { MoveMoney } from '../use-cases/move-money.ts';
import { showingPlaidProblems } from './plaid-problem.ts';

const Transfer = z
  .object({
    id: ResourceId,
    accountId: ResourceId,
    type: z.enum(['debit', 'credit']),
    network: z.enum(['ach', 'same-day-ach', 'rtp', 'wire']),
    amount: MoneyText,
    description: z.string(),
    status: z.string(),
    reason: z.string().nullable(),
    createdAt: Instant,
  })
  .meta({ id: 'Transfer' });

const shape = { tag: 'Banks', audience: 'user' } as const;
const Params = z.object({ transferId: ResourceId });
const problems = [
  'forbidden',
  'not-found',
  'bank-sign-in-required',
  'bank-provider-failed',
  'bank-links-off',
];

const CreateTransfer = defineRoute({
  ...shape,
  method: 'post',
  path: '/v1/transfers',
  operationId: 'createTransfer',
  summary:
    'Moves money from (`debit`) or to (`credit`) an account of a linked bank; a decline is an answer, no error',
  deadlineMs: 75_000,
  body: z.object({
    accountId: ResourceId,
    type: z.enum(['debit', 'credit']),
    network: z.enum(['ach', 'same-day-ach', 'rtp', 'wire']).default('ach'),
    amount: z.object({
      amount: z
        .string()
        .regex(/^\d{1,10}(\.\d{1,2})?$/, 'must be a decimal such as 10.00')
        .refine((text) => /[1-9]/.test(text), 'must be above zero'),
      currency: z.literal('USD', 'only US dollars can be moved'),
    }),
    description: z.string().trim().min(1).max(15),
    legalName: z.string().trim().min(2).max(100),
  }),
  responses: { 201: Transfer },
  problems,
  idempotent: true,
});

const ListTransfers = defineRoute({
  ...shape,
  method: 'get',
  path: '/v1/transfers',
  operationId: 'listTransfers',
  summary: 'Transfers of the caller, newest first',
  query: z.object(pageQuery()),
  responses: { 200: pageOf(Transfer) },
});

const GetTransfer = defineRoute({
  ...shape,
  method: 'get',
  path: '/v1/transfers/{transferId}',
  operationId: 'getTransfer',
  summary: 'One transfer as the provider sees it now',
  params: Params,
  responses: { 200: Transfer },
  problems,
});

const CancelTransfer = defineRoute({
  ...shape,
  method: 'post',
  path: '/v1/transfers/{transferId}/cancel',
  operationId: 'cancelTransfer',
  summary: 'Takes a transfer back that has not left yet',
  params: Params,
  responses: { 200: Transfer },
  problems: [...problems, 'bank-request-refused'],
});

const shown = (record: TransferRecord): z.input<typeof Transfer> => ({
  id: record._id,
  accountId: record.accountId,
  type: record.type,
  network: record.network,
  amount: { amount: record.amount, currency: 'USD' },
  description: record.description,
  status: record.status,
  reason: record.reason,
  createdAt: record.createdAt.toISOString(),
});

const twoPlaces = (text: string): string => {
  const [whole = '0', fraction = ''] = text.split('.');
  return `${whole}.${fraction.padEnd(2, '0')}`;
};

/**
 * `/v1/transfers`.
 * @param parts use cases and store
 */
export const transferRoutes = (parts: { moveMoney: MoveMoney; transfers: TransferStore }): MountedRoute[] => {
  const { moveMoney, transfers } = parts;
  return [
    handle(CreateTransfer, async ({ body, identity, request }) => {
      const key = request.headers['idempotency-key'];
      const order = { ...body, amount: twoPlaces(body.amount.amount) };
      const record = await showingPlaidProblems(
        moveMoney.move(requireUserId(identity), order, typeof key === 'string' ? key : undefined),
      );
      return { status: 201, body: shown(record), headers: { Location: `/v1/transfers/${record._id}` } };
    }),
    handle(ListTransfers, async ({ query, identity }) => {
      const { rows, nextCursor } = await transfers.list(requireUserId(identity), query);
      return { status: 200, body: { data: rows.map(shown), page: { nextCursor } } };
    }),
    handle(GetTransfer, async ({ params, identity }) => {
      const record = await showingPlaidProblems(moveMoney.look(requireUserId(identity), params.transferId));
      return { status: 200, body: shown(record) };
    }),
    handle(CancelTransfer, async ({ params, identity }) => {
      const record = await showingPlaidProblems(moveMoney.cancel(requireUserId(identity), params.transferId));
      return { status: 200, body: shown(record) };
    }),
  ];
};
