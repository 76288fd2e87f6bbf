import { defineRoute } from '@orrery/contracts';
import { handle } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import { cashTotals, sumByCurrency } from '../../../domain/bank/bank-account.ts';
import type { BankAccount } from '../../../domain/bank/bank-account.ts';
import type { LinkBank } from '../../../use-cases/link-bank.ts';
import { showingPlaidProblems } from '../../plaid-problem.ts';
import { NAMED_LINK, NAMED_USER, namedLink, namedUser } from './cash-sense-body.ts';

const shape = { method: 'post', tag: 'Cash Sense', audience: 'user', errorShape: 'error' } as const;
const problems = ['not-found', 'bank-sign-in-required', 'bank-provider-failed', 'bank-links-off'];

const nullableNumber = z.number().nullable();

const ShownAccount = z.object({
  account_id: z.string(),
  name: z.string(),
  official_name: z.string().nullable(),
  mask: z.string().nullable(),
  type: z.string(),
  subtype: z.string().nullable(),
  balances: z.object({
    available: nullableNumber,
    current: nullableNumber,
    limit: nullableNumber,
    iso_currency_code: z.string().nullable(),
    unofficial_currency_code: z.string().nullable(),
  }),
});

const Named = z.object({ ...NAMED_USER, ...NAMED_LINK }).optional();

const GetAccounts = defineRoute({
  ...shape,
  path: '/api/get_accounts',
  operationId: 'cashSenseGetAccounts',
  summary: 'Cash Sense: the accounts of a linked bank',
  body: Named,
  responses: { 200: z.object({ accounts: z.array(ShownAccount) }) },
  problems,
});

const GetBalances = defineRoute({
  ...shape,
  path: '/api/get_balances',
  operationId: 'cashSenseGetBalances',
  summary: 'Cash Sense: balances as the bank states them now, and what lies on current and savings accounts',
  // A bank may take half a minute to answer.
  deadlineMs: 75_000,
  body: z
    .object({ ...NAMED_USER, ...NAMED_LINK, account_ids: z.array(z.string().max(64)).max(100).nullish() })
    .optional(),
  responses: {
    200: z.object({
      balances: z.array(
        z.object({
          account_id: z.string(),
          name: z.string(),
          type: z.string(),
          available: nullableNumber,
          current: nullableNumber,
          limit: nullableNumber,
          currency: z.string().nullable(),
        }),
      ),
      totals: z.array(z.object({ currency: z.string(), available: z.number(), current: z.number() })),
      as_of: z.string(),
    }),
  },
  problems,
});

const GetInvestments = defineRoute({
  ...shape,
  path: '/api/get_investments',
  operationId: 'cashSenseGetInvestments',
  summary: 'Cash Sense: the holdings of a linked bank and what they are worth, per currency',
  deadlineMs: 75_000,
  body: Named,
  responses: {
    200: z.object({
      accounts: z.array(ShownAccount),
      holdings: z.array(
        z.object({
          account_id: z.string(),
          security_id: z.string(),
          quantity: z.number(),
          institution_price: z.number(),
          institution_value: z.number(),
          cost_basis: nullableNumber,
          iso_currency_code: z.string().nullable(),
        }),
      ),
      securities: z.array(
        z.object({
          security_id: z.string(),
          name: z.string().nullable(),
          ticker_symbol: z.string().nullable(),
          type: z.string().nullable(),
          close_price: nullableNumber,
        }),
      ),
      total_value: z.array(z.object({ currency: z.string(), value: z.number() })),
    }),
  },
  problems: [...problems, 'bank-product-missing'],
});

const numberOf = (text: string | null): number | null => (text === null ? null : Number(text));

const shown = ({ accountId, name, officialName, mask, type, subtype, balances }: BankAccount) => ({
  account_id: accountId,
  name,
  official_name: officialName,
  mask,
  type,
  subtype,
  balances: {
    available: numberOf(balances.available),
    current: numberOf(balances.current),
    limit: numberOf(balances.limit),
    iso_currency_code: balances.isUnofficial ? null : balances.currency,
    unofficial_currency_code: balances.isUnofficial ? balances.currency : null,
  },
});

/**
 * The routes of Cash Sense that ask a linked bank.
 * @param linkBank the use cases
 */
export const accountRoutes = (linkBank: LinkBank): MountedRoute[] => [
  handle(GetAccounts, async ({ body, identity }) => {
    const userId = namedUser(identity, body);
    const accounts = await showingPlaidProblems(linkBank.accounts(userId, namedLink(body)));
    return { status: 200, body: { accounts: accounts.map(shown) } };
  }),
  handle(GetBalances, async ({ body, identity }) => {
    const userId = namedUser(identity, body);
    const accounts = await showingPlaidProblems(
      linkBank.balances(userId, namedLink(body), body?.account_ids ?? undefined),
    );
    const balances = accounts.map(({ accountId, name, type, balances: { currency, ...texts } }) => ({
      account_id: accountId,
      name,
      type,
      available: numberOf(texts.available),
      current: numberOf(texts.current),
      limit: numberOf(texts.limit),
      currency,
    }));
    return {
      status: 200,
      body: { balances, totals: cashTotals(accounts), as_of: new Date().toISOString() },
    };
  }),
  handle(GetInvestments, async ({ body, identity }) => {
    const userId = namedUser(identity, body);
    const { accounts, holdings, securities } = await showingPlaidProblems(
      linkBank.investments(userId, namedLink(body)),
    );
    const totals = sumByCurrency(
      holdings.map(({ iso_currency_code: currency, institution_value: value }) => ({ currency, value })),
    );
    return {
      status: 200,
      body: { accounts: accounts.map(shown), holdings, securities, total_value: totals },
    };
  }),
];
