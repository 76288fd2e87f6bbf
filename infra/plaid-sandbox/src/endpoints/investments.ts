import { addDays, type CalendarDay } from '@orrery/calendar';
import { z } from 'zod';
import type { ItemRecord } from '../state/records.ts';
import { requireProduct } from '../state/sandbox.ts';
import { idFrom, seededRandom } from '../world/seeded-random.ts';
import { PlaidError } from '../wire/plaid-error.ts';
import { accountObject, chosenAccounts, currencyFields, itemObject } from './answer-objects.ts';
import { Day, fields, itemEndpoint, limited, PageSize, type Endpoint } from './endpoint.ts';

const ID_LENGTH = 37;
const HISTORY_MONTHS = 24;
const DAYS_PER_MONTH = 30;
const DEFAULT_COUNT = 100;

/** What a persona's brokerage account holds; shares of its value. */
const PORTFOLIO = [
  {
    ticker: 'VTI',
    name: 'Vanguard Total Stock Market ETF',
    type: 'etf',
    price: 284.16,
    share: 0.52,
    cost: 0.82,
  },
  {
    ticker: 'VXUS',
    name: 'Vanguard Total International Stock ETF',
    type: 'etf',
    price: 62.41,
    share: 0.24,
    cost: 0.93,
  },
  {
    ticker: 'BND',
    name: 'Vanguard Total Bond Market ETF',
    type: 'etf',
    price: 72.88,
    share: 0.16,
    cost: 1.02,
  },
  { ticker: null, name: 'U S Dollar', type: 'cash', price: 1, share: 0.08, cost: 1 },
] as const;

const securityId = (name: string): string => idFrom(ID_LENGTH, 'security', name);

const securities = (today: CalendarDay, currency: string): object[] =>
  PORTFOLIO.map(({ ticker, name, type, price }) => ({
    cfi_code: null,
    close_price: price,
    close_price_as_of: today,
    cusip: null,
    figi: null,
    fixed_income: null,
    industry: null,
    institution_id: null,
    institution_security_id: null,
    is_cash_equivalent: type === 'cash',
    isin: null,
    market_identifier_code: ticker === null ? null : 'ARCX',
    name,
    option_contract: null,
    proxy_security_id: null,
    sector: null,
    security_id: securityId(name),
    sedol: null,
    subtype: type,
    ticker_symbol: ticker,
    type,
    update_datetime: null,
    ...currencyFields(currency),
  }));

const investmentAccounts = (item: ItemRecord, ids: readonly string[] | undefined) => {
  requireProduct(item, 'investments');
  const accounts = chosenAccounts(item, ids).filter(({ type }) => type === 'investment');
  if (accounts.length === 0) {
    throw new PlaidError('NO_INVESTMENT_ACCOUNTS');
  }
  return accounts;
};

const holdings = itemEndpoint({
  schema: fields({
    access_token: z.string(),
    options: z.strictObject({ account_ids: z.array(z.string()).optional() }).optional(),
  }),
  limit: limited('INVESTMENT_HOLDINGS_GET_LIMIT', 1000, 100),
  run({ clock }, input, item) {
    const accounts = investmentAccounts(item, input.options?.account_ids);
    const today = clock.today();
    return Promise.resolve({
      accounts: accounts.map((account) => accountObject(account, true)),
      holdings: accounts.flatMap((account) =>
        PORTFOLIO.map(({ name, price, share, cost }) => {
          const quantity = Math.round((((account.current ?? 0) * share) / price) * 1000) / 1000;
          return {
            account_id: account.account_id,
            cost_basis: Math.round(quantity * price * cost * 100) / 100,
            institution_price: price,
            institution_price_as_of: today,
            institution_price_datetime: null,
            institution_value: Math.round(quantity * price * 100) / 100,
            quantity,
            security_id: securityId(name),
            tax_lots: [],
            vested_quantity: null,
            vested_value: null,
            ...currencyFields(account.currency),
          };
        }),
      ),
      is_investments_fallback_item: false,
      item: itemObject(item),
      securities: securities(today, accounts[0]?.currency ?? 'USD'),
    });
  },
});

/** Every month a purchase of the first fund, every quarter its dividend; newest first. */
const investmentRows = (
  item: ItemRecord,
  seed: string,
  accountId: string,
  currency: string,
): { date: string }[] => {
  const random = seededRandom(`${seed}:investments`);
  const [fund] = PORTFOLIO;
  const rows: { date: string }[] = [];
  for (let month = 0; month < HISTORY_MONTHS; month += 1) {
    const date = addDays(item.linked_day, -month * DAYS_PER_MONTH - 4);
    const price = Math.round(fund.price * (1 - month * 0.008) * 100) / 100;
    const quantity = random.between(1, 3);
    const row = (kind: 'buy' | 'dividend', amount: number, count: number) => ({
      account_id: accountId,
      amount,
      cancel_transaction_id: null,
      date,
      fees: 0,
      investment_transaction_id: idFrom(ID_LENGTH, item._id, 'investment', kind, String(month)),
      name: `${kind === 'buy' ? 'BUY' : 'DIVIDEND'} ${fund.name}`,
      price: kind === 'buy' ? price : 0,
      quantity: count,
      security_id: securityId(fund.name),
      subtype: kind,
      transaction_datetime: null,
      type: kind === 'buy' ? 'buy' : 'cash',
      ...currencyFields(currency),
    });
    rows.push(row('buy', Math.round(quantity * price * 100) / 100, quantity));
    if (month % 3 === 0) {
      rows.push(row('dividend', -Math.round(random.next() * 4000 + 1500) / 100, 0));
    }
  }
  return rows;
};

const transactions = itemEndpoint({
  schema: fields({
    access_token: z.string(),
    start_date: Day,
    end_date: Day,
    options: z
      .strictObject({
        account_ids: z.array(z.string()).optional(),
        count: PageSize.optional(),
        offset: z.int().min(0).optional(),
        async_update: z.boolean().optional(),
      })
      .optional(),
  }),
  limit: limited('INVESTMENT_TRANSACTIONS_LIMIT', 1000, 100),
  run({ clock, seed }, input, item) {
    const accounts = investmentAccounts(item, input.options?.account_ids);
    const rows = accounts
      .flatMap(({ account_id, currency }) => investmentRows(item, seed, account_id, currency))
      .filter(({ date }) => date >= input.start_date && date <= input.end_date);
    const offset = input.options?.offset ?? 0;
    return Promise.resolve({
      accounts: accounts.map((account) => accountObject(account, true)),
      investment_transactions: rows.slice(offset, offset + (input.options?.count ?? DEFAULT_COUNT)),
      is_investments_fallback_item: false,
      item: itemObject(item),
      securities: securities(clock.today(), accounts[0]?.currency ?? 'USD'),
      total_investment_transactions: rows.length,
    });
  },
});

const liabilities = itemEndpoint({
  schema: fields({
    access_token: z.string(),
    options: z.strictObject({ account_ids: z.array(z.string()).optional() }).optional(),
  }),
  limit: limited('RATE_LIMIT', 1000, 10),
  run({ clock }, input, item) {
    requireProduct(item, 'liabilities');
    const accounts = chosenAccounts(item, input.options?.account_ids);
    const cards = accounts.filter(({ subtype }) => subtype === 'credit card');
    const loans = accounts.filter(({ subtype }) => subtype === 'student');
    if (cards.length + loans.length === 0) {
      throw new PlaidError('NO_LIABILITY_ACCOUNTS');
    }
    const today = clock.today();
    const emptyAddress = { city: null, country: null, postal_code: null, region: null, street: null };
    return Promise.resolve({
      accounts: accounts.map((account) => accountObject(account)),
      item: itemObject(item),
      liabilities: {
        credit:
          cards.length === 0
            ? null
            : cards.map(({ account_id, current }) => ({
                account_id,
                aprs: [
                  {
                    apr_percentage: 21.49,
                    apr_type: 'purchase_apr',
                    balance_subject_to_apr: current,
                    interest_charge_amount: null,
                  },
                ],
                is_overdue: false,
                last_payment_amount: 1650,
                last_payment_date: addDays(today, -18),
                last_statement_balance: 1702.33,
                last_statement_issue_date: addDays(today, -21),
                minimum_payment_amount: 35,
                next_payment_due_date: addDays(today, 12),
              })),
        mortgage: null,
        student:
          loans.length === 0
            ? null
            : loans.map(({ account_id, name }) => ({
                account_id,
                account_number: '4277075694',
                disbursement_dates: [addDays(today, -2100)],
                expected_payoff_date: addDays(today, 2900),
                guarantor: 'DEPT OF ED',
                interest_rate_percentage: 4.53,
                is_overdue: false,
                last_payment_amount: 214.6,
                last_payment_date: addDays(today, -20),
                last_statement_balance: 214.6,
                last_statement_issue_date: addDays(today, -25),
                loan_name: name,
                loan_status: { end_date: addDays(today, 2900), type: 'repayment' },
                minimum_payment_amount: 214.6,
                next_payment_due_date: addDays(today, 10),
                origination_date: addDays(today, -2100),
                origination_principal_amount: 25000,
                outstanding_interest_amount: 18.22,
                payment_reference_number: '4277075694',
                pslf_status: {
                  estimated_eligibility_date: null,
                  payments_made: null,
                  payments_remaining: null,
                },
                repayment_plan: { description: 'Standard Repayment', type: 'standard' },
                sequence_number: '1',
                servicer_address: emptyAddress,
                ytd_interest_paid: 512.4,
                ytd_principal_paid: 1419,
              })),
      },
    });
  },
});

export const INVESTMENT_ENDPOINTS: Readonly<Record<string, Endpoint>> = {
  '/investments/holdings/get': holdings,
  '/investments/transactions/get': transactions,
  '/liabilities/get': liabilities,
};
