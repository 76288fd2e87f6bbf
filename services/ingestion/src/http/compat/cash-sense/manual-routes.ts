import type { Clock } from '@orrery/calendar';
import {
  CalendarDate,
  categoryByCashSense,
  categoryBySlug,
  Currency,
  defineRoute,
  LedgerDay,
} from '@orrery/contracts';
import { formatDecimal, fromFloat } from '@orrery/money';
import { AppError, handle } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import type { RawTransaction } from '../../../domain/raw-transaction.ts';
import type { AddTransaction } from '../../../use-cases/add-transaction.ts';
import type { DemoMode } from '../../../use-cases/demo-mode.ts';
import { NAMED_USER, namedUser } from './cash-sense-body.ts';

const shape = { method: 'post', tag: 'Cash Sense', audience: 'user', errorShape: 'error' } as const;

const LARGEST = 1e12;
const MAX_DAYS = 366;

const ShownTransaction = z.object({
  id: z.string(),
  date: CalendarDate,
  amount: z.number(),
  currency: z.string(),
  merchant_name: z.string(),
  payment_channel: z.string(),
  pending: z.boolean(),
  category: z.object({ id: z.string(), subcategory: z.object({ id: z.string() }) }),
  is_test_data: z.boolean(),
  is_manual: z.boolean(),
});

const CategoryChoice = z.union([
  z.string().max(64),
  z.object({
    id: z.string().max(64),
    subcategory: z.union([z.string().max(64), z.object({ id: z.string().max(64) })]).nullish(),
  }),
]);

const Entry = z.object({
  id: z
    .union([z.string().min(1).max(200), z.int()])
    .transform(String)
    .nullish(),
  date: LedgerDay.nullish(),
  merchant_name: z.string().trim().min(2).max(256).nullish(),
  name: z.string().trim().min(2).max(256).nullish(),
  description: z.string().trim().min(2).max(256).nullish(),
  amount: z
    .number()
    .min(-LARGEST)
    .max(LARGEST)
    .refine((amount) => amount !== 0, 'must not be zero'),
  currency: Currency.nullish(),
  category: CategoryChoice.nullish(),
  subcategory: z.union([z.string().max(64), z.object({ id: z.string().max(64) })]).nullish(),
  payment_channel: z.enum(['in store', 'online', 'manual', 'other']).nullish(),
  pending: z.boolean().nullish(),
  is_test_data: z.boolean().nullish(),
});
type Entry = z.output<typeof Entry>;

const AddTransactionRoute = defineRoute({
  ...shape,
  path: '/api/add_transaction',
  operationId: 'cashSenseAddTransaction',
  summary: 'Cash Sense: writes a transaction down by hand; a positive amount is money out',
  body: z.object({ ...NAMED_USER, transaction: Entry.nullish() }).optional(),
  responses: { 200: z.object({ success: z.boolean(), transaction: ShownTransaction }) },
  problems: ['not-found', 'conflict'],
  idempotent: true,
});

const ToggleDemoMode = defineRoute({
  ...shape,
  path: '/api/toggle_demo_mode',
  operationId: 'cashSenseToggleDemoMode',
  summary: "Cash Sense: shows or hides made-up transactions in the caller's own ledger",
  body: z.object({ ...NAMED_USER, enable_demo: z.boolean().default(true) }).prefault({}),
  responses: {
    200: z.object({ success: z.boolean(), mode: z.enum(['demo', 'prod']), is_demo_mode: z.boolean() }),
  },
  problems: ['not-found'],
});

const ResetTestTransactions = defineRoute({
  ...shape,
  path: '/api/reset_test_transactions',
  operationId: 'cashSenseResetTestTransactions',
  summary: "Cash Sense: new made-up transactions in the caller's own ledger; demo mode is on afterwards",
  body: z.object({ ...NAMED_USER, days: z.int().min(1).max(MAX_DAYS).default(30) }).optional(),
  responses: {
    200: z.object({
      success: z.boolean(),
      transactions: z.array(ShownTransaction),
      count: z.int(),
    }),
  },
  problems: ['not-found'],
});

const refuse = (field: string, message: string): AppError =>
  new AppError('validation-failed', { fields: [{ field, message }] });

const idOf = (choice: string | { id: string } | null | undefined): string | undefined =>
  typeof choice === 'string' ? choice : choice?.id;

/** What the user wrote: one of our categories, or no more than a main category of Cash Sense. */
const stated = ({
  category,
  subcategory,
}: Entry): { category: string | undefined; group: string | undefined } => {
  if (category === null || category === undefined) {
    return { category: undefined, group: undefined };
  }
  const id = typeof category === 'string' ? category : category.id;
  const sub = (typeof category === 'string' ? undefined : idOf(category.subcategory)) ?? idOf(subcategory);
  const found = categoryByCashSense(id, sub);
  if (found === undefined) {
    throw refuse('transaction.category', 'is not a known category');
  }
  // A main category alone does not say whether a supermarket or a restaurant is meant: that is decided by its name.
  return sub === undefined ? { category: undefined, group: id } : { category: found.slug, group: undefined };
};

const shown = (row: RawTransaction): z.input<typeof ShownTransaction> => {
  const leaf = row.statedCategory === undefined ? undefined : categoryBySlug(row.statedCategory);
  return {
    id: row._id,
    date: row.postedOn,
    amount: -Number(formatDecimal(row.amountMinor, row.currency)),
    currency: row.currency,
    merchant_name: row.merchantName ?? row.description,
    payment_channel: row.paymentChannel ?? 'manual',
    pending: row.pending,
    category: {
      id: leaf?.cashSense.category ?? row.statedGroup ?? 'other',
      subcategory: { id: leaf?.cashSense.subcategory ?? 'unknown' },
    },
    is_test_data: row.source === 'demo',
    is_manual: row.source === 'manual',
  };
};

interface ManualParts {
  addTransaction: AddTransaction;
  demoMode: DemoMode;
  clock: Clock;
  defaultCurrency: string;
}

/**
 * The routes of Cash Sense for entries by hand and demo mode.
 * @param parts use cases, the clock and the currency of entries that name none
 */
export const manualRoutes = (parts: ManualParts): MountedRoute[] => [
  handle(AddTransactionRoute, async ({ body, identity }) => {
    const userId = namedUser(identity, body);
    const entry = body?.transaction;
    if (entry === null || entry === undefined) {
      throw new AppError('validation-failed', {
        detail: 'Transaction data is required',
        fields: [{ field: 'transaction', message: 'is required' }],
      });
    }
    const merchantName = entry.merchant_name ?? entry.name ?? entry.description;
    if (merchantName === null || merchantName === undefined) {
      throw refuse('transaction.merchant_name', 'is required');
    }
    const currency = entry.currency ?? parts.defaultCurrency;
    const minor = fromFloat(entry.amount, currency);
    if (minor === 0) {
      throw refuse('transaction.amount', `is less than the smallest coin of ${currency}`);
    }
    const row = await parts.addTransaction(userId, {
      id: entry.id ?? undefined,
      postedOn: entry.date ?? parts.clock.today('UTC'),
      merchantName,
      amountMinor: -minor,
      currency,
      paymentChannel: entry.payment_channel ?? 'manual',
      pending: entry.pending ?? false,
      ...stated(entry),
    });
    return { status: 200, body: { success: true, transaction: shown(row) } };
  }),
  handle(ToggleDemoMode, async ({ body, identity }) => {
    const userId = namedUser(identity, body);
    await parts.demoMode.toggle(userId, body.enable_demo);
    return {
      status: 200,
      body: {
        success: true,
        mode: body.enable_demo ? ('demo' as const) : ('prod' as const),
        is_demo_mode: body.enable_demo,
      },
    };
  }),
  handle(ResetTestTransactions, async ({ body, identity }) => {
    const userId = namedUser(identity, body);
    const rows = await parts.demoMode.reset(userId, body?.days ?? 30);
    return { status: 200, body: { success: true, transactions: rows.map(shown), count: rows.length } };
  }),
];
