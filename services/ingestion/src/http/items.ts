import { defineRoute, Instant, pageOf, ResourceId } from '@orrery/contracts';
import { AppError, handle, requireUserId } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import type { ItemRecord, ItemStore } from '../store/item-store.ts';
import type { RawTransactionStore } from '../store/raw-transaction-store.ts';
import type { EndLink } from '../use-cases/end-link.ts';

const BankItem = z
  .object({
    id: ResourceId,
    institutionId: z.string(),
    institutionName: z.string(),
    status: z.enum(['linked', 'syncing', 'healthy', 'login_required', 'removed']),
    lastSyncedAt: Instant.nullable(),
    lastError: z.object({ code: z.string(), at: Instant }).nullable(),
    historyComplete: z.boolean(),
    linkedAt: Instant,
    expiresAt: Instant.nullable(),
  })
  .meta({ id: 'BankItem' });

const CountedItem = BankItem.extend({
  /** Transactions of the link that are shown. */
  transactionCount: z.int(),
}).meta({ id: 'CountedBankItem' });

const shape = { tag: 'Banks', audience: 'user' } as const;
const Params = z.object({ itemId: ResourceId });

const ListItems = defineRoute({
  ...shape,
  method: 'get',
  path: '/v1/items',
  operationId: 'listBankItems',
  summary: 'The banks that the caller linked, and how each link fares',
  responses: { 200: pageOf(BankItem) },
});

const GetItem = defineRoute({
  ...shape,
  method: 'get',
  path: '/v1/items/{itemId}',
  operationId: 'getBankItem',
  summary: 'One linked bank',
  params: Params,
  responses: { 200: CountedItem },
  problems: ['not-found'],
});

const DeleteItem = defineRoute({
  ...shape,
  method: 'delete',
  path: '/v1/items/{itemId}',
  operationId: 'removeBankItem',
  summary: 'Ends a bank link; its transactions leave the ledger',
  params: Params,
  responses: { 204: z.undefined() },
  problems: ['not-found'],
});

const RefreshItem = defineRoute({
  ...shape,
  method: 'post',
  path: '/v1/items/{itemId}/sync',
  operationId: 'syncBankItem',
  summary: 'Asks for a linked bank to be read soon',
  params: Params,
  responses: { 202: BankItem },
  problems: ['not-found'],
});

const shown = (item: ItemRecord): z.input<typeof BankItem> => ({
  id: item._id,
  institutionId: item.institutionId,
  institutionName: item.institutionName,
  status: item.status,
  lastSyncedAt: item.lastSyncedAt?.toISOString() ?? null,
  lastError:
    item.lastError === null ? null : { code: item.lastError.code, at: item.lastError.at.toISOString() },
  historyComplete: item.historyComplete,
  linkedAt: item.createdAt.toISOString(),
  expiresAt: item.expiresAt?.toISOString() ?? null,
});

/**
 * `GET /v1/items`, `GET` and `DELETE /v1/items/{itemId}`, `POST /v1/items/{itemId}/sync`.
 * @param parts the links and how to end one
 */
export const itemRoutes = (parts: {
  items: ItemStore;
  transactions: RawTransactionStore;
  endLink: EndLink;
  nudge(): void;
}): MountedRoute[] => {
  const { items, transactions, endLink, nudge } = parts;
  const find = async (userId: string, itemId: string): Promise<ItemRecord> => {
    const item = await items.find(userId, itemId);
    if (item === null) {
      throw new AppError('not-found');
    }
    return item;
  };
  return [
    handle(ListItems, async ({ identity }) => {
      const found = await items.list(requireUserId(identity));
      return { status: 200, body: { data: found.map(shown), page: { nextCursor: null } } };
    }),
    handle(GetItem, async ({ identity, params }) => {
      const userId = requireUserId(identity);
      const item = await find(userId, params.itemId);
      const transactionCount = await transactions.countOfBank(userId, item._id);
      return { status: 200, body: { ...shown(item), transactionCount } };
    }),
    handle(DeleteItem, async ({ identity, params }) => {
      if (!(await endLink.end(requireUserId(identity), params.itemId))) {
        throw new AppError('not-found');
      }
      return { status: 204, body: undefined };
    }),
    handle(RefreshItem, async ({ identity, params }) => {
      const userId = requireUserId(identity);
      await find(userId, params.itemId);
      await items.wishSync(userId, params.itemId, { evenBroken: true });
      nudge();
      return { status: 202, body: shown(await find(userId, params.itemId)) };
    }),
  ];
};
