import { addMonths, periodContaining } from '@orrery/calendar';
import { OWN_TRANSFERS, categoryBySlug, readLedgerRows, type PfcPrimary } from '@orrery/contracts';
import { parseDecimal } from '@orrery/money';
import { AppError, type Identity, type ServiceClient } from '@orrery/service-kit';
import type { z } from 'zod';
import type { ExpenseRow, FinancialRecords, IncomeRow, SpendingGroup } from '../domain/financial-records.ts';

type LedgerRow = z.output<(typeof readLedgerRows)['responses'][200]>['data'][number];

const PAGE = 500;
/** Two months of a user; more would have to be cut, and no figure may come from a part. */
const MAX_PAGES = 20;

const INCOME_PRIMARIES: ReadonlySet<PfcPrimary> = new Set(['INCOME', 'TRANSFER_IN']);
const NEEDS: ReadonlySet<PfcPrimary> = new Set([
  'RENT_AND_UTILITIES',
  'LOAN_PAYMENTS',
  'MEDICAL',
  'TRANSPORTATION',
  'GOVERNMENT_AND_NON_PROFIT',
  'BANK_FEES',
]);
const NEEDED_SLUGS: ReadonlySet<string> = new Set(['groceries', 'childcare', 'insurance', 'education']);

const groupOf = (slug: string | null): SpendingGroup => {
  const category = slug === null ? undefined : categoryBySlug(slug);
  if (category === undefined) {
    return 'wants';
  }
  return NEEDED_SLUGS.has(category.slug) || NEEDS.has(category.pfcPrimary) ? 'needs' : 'wants';
};

/** The currency of most rows; sums of two currencies are never added. */
const mainCurrency = (rows: readonly LedgerRow[]): string => {
  const counts = new Map<string, number>();
  for (const { amount } of rows) {
    counts.set(amount.currency, (counts.get(amount.currency) ?? 0) + 1);
  }
  return [...counts].sort((left, right) => right[1] - left[1])[0]?.[0] ?? 'GBP';
};

const isIncome = (slug: string | null, amountMinor: number): boolean => {
  const category = slug === null ? undefined : categoryBySlug(slug);
  return category === undefined ? amountMinor > 0 : INCOME_PRIMARIES.has(category.pfcPrimary);
};

/**
 * Ledger rows of two months in the words of advice, in the currency of most of them. Refunds reduce spending; transfers
 * between own accounts are left out. A ledger knows neither debts nor goals nor a partner.
 * @param rows as insights lists them
 * @param today the user's day
 */
export const fromLedger = (rows: readonly LedgerRow[], today: string): FinancialRecords => {
  const currency = mainCurrency(rows);
  const incomes: IncomeRow[] = [];
  const expenses: ExpenseRow[] = [];
  for (const { date, description, merchant, amount, category } of rows) {
    const slug = category?.slug ?? null;
    if (amount.currency !== currency || (slug !== null && OWN_TRANSFERS.has(slug))) {
      continue;
    }
    const amountMinor = parseDecimal(amount.amount, currency);
    const name = merchant ?? description;
    if (isIncome(slug, amountMinor)) {
      incomes.push({ name, amountMinor, receivedOn: date });
    } else {
      expenses.push({
        name,
        amountMinor: -amountMinor,
        spentOn: date,
        isWeekly: false,
        category: category?.name ?? 'Others',
        group: groupOf(slug),
      });
    }
  }
  return {
    source: 'ledger',
    userName: '',
    email: '',
    currency,
    today,
    incomes,
    expenses,
    plan: [],
    debts: [],
    goals: [],
    partnerPlan: null,
  };
};

/**
 * Reads the ledger of a user from insights.
 * @param insights client of the service
 * @returns a function of user and day; it throws AppError `upstream-unavailable` when insights cannot be reached
 */
export const ledgerReader =
  (insights: ServiceClient) =>
  async (userId: string, today: string, signal?: AbortSignal): Promise<FinancialRecords> => {
    const month = periodContaining('month', today);
    // The user's own rows are asked for in the user's name, also by the nightly work.
    const identity: Identity = { kind: 'user', userId, role: 'user', caller: 'advisor' };
    const rows: LedgerRow[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const { body } = await insights.call(
        readLedgerRows,
        { query: { from: addMonths(month.from, -1), to: month.to, limit: PAGE, cursor } },
        { identity, ...(signal === undefined ? {} : { signal }) },
      );
      rows.push(...body.data);
      if (body.page.nextCursor === null) {
        return fromLedger(rows, today);
      }
      cursor = body.page.nextCursor;
    }
    throw new AppError('unavailable', { detail: 'There are too many transactions to add up.' });
  };
