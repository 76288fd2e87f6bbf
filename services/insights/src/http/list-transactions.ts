import {
  CalendarDate,
  categoryBySlug,
  CategorySlug,
  DecisionKind,
  DecisionSource,
  defineRoute,
  MoneyText,
  pageOf,
  pageQuery,
  ResourceId,
  TransactionId,
} from '@orrery/contracts';
import type { Language } from '@orrery/contracts';
import { formatDecimal } from '@orrery/money';
import { chooseLanguage, handle, requireUserId } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import type { LedgerRow } from '../domain/types.ts';
import type { LedgerStore } from '../store/ledger-store.ts';
import type { UserSettingsStore } from '../store/user-settings-store.ts';
import { categoriesMeant, LEDGER_FILTER } from './ledger-filter.ts';

const LedgerTransaction = z
  .object({
    id: TransactionId,
    date: CalendarDate,
    /** The day of the purchase itself, when the bank tells it. */
    authorizedDate: CalendarDate.nullable(),
    description: z.string(),
    merchant: z.string().nullable(),
    amount: MoneyText,
    category: z
      .object({
        slug: CategorySlug,
        name: z.string(),
        pfcPrimary: z.string(),
        pfcDetailed: z.string().nullable(),
      })
      .nullable(),
    confidence: z.number(),
    decision: DecisionKind,
    source: DecisionSource,
    pending: z.boolean(),
    accountId: ResourceId,
  })
  .meta({ id: 'LedgerTransaction' });

const ListTransactions = defineRoute({
  method: 'get',
  path: '/v1/transactions',
  operationId: 'listTransactions',
  summary: 'The categorised transactions of the caller, newest first',
  tag: 'Transactions',
  audience: 'user',
  query: z
    .object({
      ...LEDGER_FILTER,
      ...pageQuery(),
    })
    .refine(({ from, to }) => from === undefined || to === undefined || from <= to, {
      path: ['to'],
      message: 'must not be before from',
    }),
  responses: { 200: pageOf(LedgerTransaction) },
});

const categoryShown = (slug: string | null, language: Language) => {
  const category = slug === null ? undefined : categoryBySlug(slug);
  return category === undefined
    ? null
    : {
        slug: category.slug,
        name: category.names[language],
        pfcPrimary: category.pfcPrimary,
        pfcDetailed: category.pfcDetailed,
      };
};

const shown = ({ transaction }: LedgerRow, language: Language) => ({
  id: transaction.transactionId,
  date: transaction.postedOn,
  authorizedDate: transaction.authorizedOn ?? null,
  description: transaction.description,
  merchant: transaction.decision.merchant ?? transaction.merchantName ?? null,
  amount: {
    amount: formatDecimal(transaction.amountMinor, transaction.currency),
    currency: transaction.currency,
  },
  category: categoryShown(transaction.decision.category, language),
  confidence: transaction.decision.confidence,
  decision: transaction.decision.decision,
  source: transaction.decision.source,
  pending: transaction.pending,
  accountId: transaction.accountId,
});

/**
 * `GET /v1/transactions`.
 * @param parts the ledger and the users' settings
 */
export const listTransactions = (parts: { ledger: LedgerStore; settings: UserSettingsStore }): MountedRoute =>
  handle(ListTransactions, async ({ query, identity, request }) => {
    const userId = requireUserId(identity);
    const { from, to, category, q, account, limit, cursor } = query;
    const categories = categoriesMeant(category);
    const [settings, page] = await Promise.all([
      parts.settings.find(userId),
      parts.ledger.list(userId, { from, to, categories, text: q, accountId: account }, { limit, cursor }),
    ]);
    const language = chooseLanguage(request.headers['accept-language'], 'en', settings.language);
    return {
      status: 200,
      body: {
        data: page.rows.map((row) => shown(row, language)),
        page: { nextCursor: page.nextCursor },
      },
    };
  });
