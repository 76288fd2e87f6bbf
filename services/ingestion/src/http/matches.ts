import {
  CalendarDate,
  defineRoute,
  MoneyText,
  pageOf,
  pageQuery,
  TransactionId,
  TransactionSource,
} from '@orrery/contracts';
import { formatDecimal } from '@orrery/money';
import { handle, requireUserId } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import type { RawTransaction } from '../domain/raw-transaction.ts';
import type { Matches } from '../use-cases/matches.ts';

const MatchedRow = z.object({
  id: TransactionId,
  source: TransactionSource,
  date: CalendarDate,
  description: z.string(),
  amount: MoneyText,
});

const Match = z
  .object({
    /** Id of the hidden row; undoing the match takes it. */
    id: TransactionId,
    hidden: MatchedRow,
    kept: MatchedRow,
  })
  .meta({ id: 'Match' });

const ListMatches = defineRoute({
  method: 'get',
  path: '/v1/matches',
  operationId: 'listMatches',
  summary: 'Purchases that two sources showed and that count once',
  tag: 'Transactions',
  audience: 'user',
  query: z.object(pageQuery()),
  responses: { 200: pageOf(Match) },
});

const UndoMatch = defineRoute({
  method: 'delete',
  path: '/v1/matches/{transactionId}',
  operationId: 'undoMatch',
  summary: 'Says that the two are two purchases: the hidden one comes back and stays',
  tag: 'Transactions',
  audience: 'user',
  params: z.object({ transactionId: TransactionId }),
  responses: { 204: z.undefined() },
  problems: ['not-found'],
});

const shown = ({ _id, source, postedOn, description, amountMinor, currency }: RawTransaction) => ({
  id: _id,
  source,
  date: postedOn,
  description,
  amount: { amount: formatDecimal(amountMinor, currency), currency },
});

/**
 * `GET /v1/matches`, `DELETE /v1/matches/{transactionId}`.
 * @param matches the use cases
 */
export const matchRoutes = (matches: Matches): MountedRoute[] => [
  handle(ListMatches, async ({ query, identity }) => {
    const { limit, cursor = '' } = query;
    const found = await matches.list(requireUserId(identity), { limit, after: cursor });
    const last = found.length === limit ? (found.at(-1)?.hidden._id ?? null) : null;
    return {
      status: 200,
      body: {
        data: found.map(({ hidden, kept }) => ({ id: hidden._id, hidden: shown(hidden), kept: shown(kept) })),
        page: { nextCursor: last },
      },
    };
  }),
  handle(UndoMatch, async ({ params, identity }) => {
    await matches.undo(requireUserId(identity), params.transactionId);
    return { status: 204, body: undefined };
  }),
];
