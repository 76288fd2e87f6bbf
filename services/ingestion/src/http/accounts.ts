import { defineRoute, Instant, pageOf, ResourceId } from '@orrery/contracts';
import { handle, requireUserId } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import type { Account, AccountStore } from '../store/account-store.ts';

const Balance = z.object({ amount: z.string(), currency: z.string() }).nullable();

const ShownAccount = z
  .object({
    id: ResourceId,
    name: z.string(),
    source: z.enum(['import', 'plaid', 'manual', 'main-backend', 'demo']),
    itemId: ResourceId.nullable(),
    officialName: z.string().nullable(),
    mask: z.string().nullable(),
    type: z.string().nullable(),
    subtype: z.string().nullable(),
    balances: z
      .object({ available: Balance, current: Balance, limit: Balance, asOf: Instant.nullable() })
      .nullable(),
  })
  .meta({ id: 'Account' });

const ListAccounts = defineRoute({
  method: 'get',
  path: '/v1/accounts',
  operationId: 'listAccounts',
  summary: 'The accounts of the caller: those of linked banks with the balances last seen, and named ones',
  tag: 'Banks',
  audience: 'user',
  responses: { 200: pageOf(ShownAccount) },
});

const shown = ({ _id, name, source, itemId, bank, seenAt }: Account): z.input<typeof ShownAccount> => {
  const currency = bank?.balances.currency ?? null;
  const money = (amount: string | null) =>
    amount === null || currency === null ? null : { amount, currency };
  return {
    id: _id,
    name,
    source,
    itemId: itemId ?? null,
    officialName: bank?.officialName ?? null,
    mask: bank?.mask ?? null,
    type: bank?.type ?? null,
    subtype: bank?.subtype ?? null,
    balances:
      bank === undefined
        ? null
        : {
            available: money(bank.balances.available),
            current: money(bank.balances.current),
            limit: money(bank.balances.limit),
            asOf: seenAt?.toISOString() ?? null,
          },
  };
};

/**
 * `GET /v1/accounts`.
 * @param accounts the accounts of users
 */
export const listAccounts = (accounts: AccountStore): MountedRoute =>
  handle(ListAccounts, async ({ identity }) => {
    const found = await accounts.list(requireUserId(identity));
    return { status: 200, body: { data: found.map(shown), page: { nextCursor: null } } };
  });
