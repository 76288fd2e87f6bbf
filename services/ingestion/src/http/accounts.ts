import { defineRoute, Instant, pageOf, ResourceId } from '@orrery/contracts';
import { handle, requireUserId } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import type { Account, AccountStore } from '../store/account-store.ts';
import type { LinkBank } from '../use-cases/link-bank.ts';
import { showingPlaidProblems } from './plaid-problem.ts';

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

const ListLiabilities = defineRoute({
  method: 'get',
  path: '/v1/accounts/liabilities',
  operationId: 'listLiabilities',
  summary: 'What the caller owes at linked banks; banks that do not tell are left out',
  tag: 'Banks',
  audience: 'user',
  deadlineMs: 75_000,
  responses: {
    200: z.object({
      data: z.array(
        z.object({
          accountId: z.string(),
          kind: z.enum(['credit', 'mortgage', 'student']),
          /** Percent a year. */
          apr: z.number().nullable(),
          minimumPayment: z.number().nullable(),
          nextDueOn: z.string().nullable(),
          isOverdue: z.boolean().nullable(),
        }),
      ),
    }),
  },
  problems: ['bank-sign-in-required', 'bank-provider-failed', 'bank-links-off'],
});

const ListRecurringHints = defineRoute({
  method: 'get',
  path: '/v1/accounts/recurring',
  operationId: 'listRecurringHints',
  summary:
    'Payments that linked banks believe to recur; a hint beside our own findings. Positive is money out',
  tag: 'Banks',
  audience: 'user',
  deadlineMs: 75_000,
  responses: {
    200: z.object({
      data: z.array(
        z.object({
          streamId: z.string(),
          accountId: z.string(),
          description: z.string(),
          merchantName: z.string().nullable(),
          frequency: z.string(),
          averageAmount: z.number().nullable(),
          currency: z.string().nullable(),
          lastDate: z.string().nullable(),
          nextDate: z.string().nullable(),
          isActive: z.boolean(),
          status: z.string(),
        }),
      ),
    }),
  },
  problems: ['bank-sign-in-required', 'bank-provider-failed', 'bank-links-off'],
});

/**
 * `GET /v1/accounts/liabilities`, `GET /v1/accounts/recurring`: asked of the banks now.
 * @param linkBank the use cases
 */
export const askedOfBanks = (linkBank: LinkBank): MountedRoute[] => [
  handle(ListLiabilities, async ({ identity }) => ({
    status: 200,
    body: { data: await showingPlaidProblems(linkBank.liabilities(requireUserId(identity))) },
  })),
  handle(ListRecurringHints, async ({ identity }) => ({
    status: 200,
    body: { data: await showingPlaidProblems(linkBank.recurringHints(requireUserId(identity))) },
  })),
];

/**
 * `GET /v1/accounts`.
 * @param accounts the accounts of users
 */
export const listAccounts = (accounts: AccountStore): MountedRoute =>
  handle(ListAccounts, async ({ identity }) => {
    const found = await accounts.list(requireUserId(identity));
    return { status: 200, body: { data: found.map(shown), page: { nextCursor: null } } };
  });
