import type { AccountRecord, ItemRecord, RowRecord } from '../state/records.ts';
import { findInstitution } from '../world/institutions.ts';
import { idFrom } from '../world/seeded-random.ts';
import { PlaidError } from '../wire/plaid-error.ts';

const ID_LENGTH = 37;

const V1_OF_V2: Readonly<Record<string, string>> = {
  INCOME_SALARY: 'INCOME_WAGES',
  INCOME_OTHER: 'INCOME_OTHER_INCOME',
};
const PRIMARIES = [
  'INCOME',
  'LOAN_DISBURSEMENTS',
  'LOAN_PAYMENTS',
  'TRANSFER_IN',
  'TRANSFER_OUT',
  'BANK_FEES',
  'ENTERTAINMENT',
  'FOOD_AND_DRINK',
  'GENERAL_MERCHANDISE',
  'HOME_IMPROVEMENT',
  'MEDICAL',
  'PERSONAL_CARE',
  'GENERAL_SERVICES',
  'GOVERNMENT_AND_NON_PROFIT',
  'TRANSPORTATION',
  'TRAVEL',
  'RENT_AND_UTILITIES',
];

/** Edition of Plaid's category list. */
export type TaxonomyVersion = 'v1' | 'v2';

/**
 * The primary code that a detailed code belongs to.
 * @param detailed such as `FOOD_AND_DRINK_COFFEE`
 */
export const primaryOf = (detailed: string): string =>
  PRIMARIES.find((primary) => detailed.startsWith(`${primary}_`)) ?? 'OTHER';

/**
 * A category as it stands in answers.
 * @param detailed code of the second edition, or null
 * @param version edition wanted
 * @param confident whether the bank's text named a known merchant
 */
export const categoryObject = (
  detailed: string | null,
  version: TaxonomyVersion,
  confident: boolean,
): object | null => {
  if (detailed === null) {
    return null;
  }
  const code = version === 'v1' ? (V1_OF_V2[detailed] ?? detailed) : detailed;
  return {
    confidence_level: confident ? 'VERY_HIGH' : 'HIGH',
    detailed: code,
    primary: primaryOf(code),
    version,
  };
};

const ISO_CURRENCIES: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'));

/**
 * The two fields of a currency, of which one is always null: coins and points have no ISO code.
 * @param code as stored, such as `USD` or `BTC`
 */
export const currencyFields = (
  code: string,
): { iso_currency_code: string | null; unofficial_currency_code: string | null } =>
  ISO_CURRENCIES.has(code)
    ? { iso_currency_code: code, unofficial_currency_code: null }
    : { iso_currency_code: null, unofficial_currency_code: code };

/**
 * An account as it stands in answers.
 * @param account as stored
 * @param investment whether the answer is about investments, where a margin loan is told
 */
export const accountObject = (account: AccountRecord, investment = false): object => ({
  account_id: account.account_id,
  balances: {
    available: account.available,
    current: account.current,
    limit: account.limit,
    ...currencyFields(account.currency),
    ...(investment ? { margin_loan_amount: null } : {}),
  },
  holder_category: 'personal',
  mask: account.mask,
  name: account.name,
  official_name: account.official_name,
  subtype: account.subtype,
  type: account.type,
});

/**
 * Some accounts of an Item.
 * @param item whose
 * @param ids which; all when undefined
 * @throws PlaidError when one does not exist
 */
export const chosenAccounts = (item: ItemRecord, ids: readonly string[] | undefined): AccountRecord[] => {
  if (ids === undefined) {
    return item.accounts;
  }
  return ids.map((id) => {
    const account = item.accounts.find(({ account_id }) => account_id === id);
    if (account === undefined) {
      throw new PlaidError('INVALID_ACCOUNT_ID');
    }
    return account;
  });
};

/**
 * An Item as it stands in answers.
 * @param item as stored
 * @param withError only `/item/get` tells the error
 */
export const itemObject = (item: ItemRecord, withError = false): Record<string, unknown> => {
  const institution = findInstitution(item.institution_id);
  const supported = institution?.products ?? [];
  return {
    auth_method: null,
    available_products: supported.filter((product) => !item.products.includes(product)).toSorted(),
    billed_products: item.products,
    consent_expiration_time: null,
    consented_products: item.products,
    error: withError ? item.error : null,
    institution_id: item.institution_id,
    institution_name: institution?.name ?? null,
    item_id: item._id,
    products: item.products,
    update_type: 'background',
    webhook: item.webhook,
  };
};

/**
 * A transaction as it stands in answers.
 * @param row as stored
 * @param options edition of the categories, and whether to tell the bank's own text
 */
export const transactionObject = (
  row: RowRecord,
  options: { version: TaxonomyVersion; originalDescription: boolean },
): object => {
  const entity = row.merchant === null ? null : idFrom(ID_LENGTH, 'merchant', row.merchant);
  return {
    account_id: row.account_id,
    account_owner: null,
    amount: row.amount,
    authorized_date: row.authorized_date,
    authorized_datetime: null,
    category: null,
    category_id: null,
    check_number: null,
    counterparties:
      row.merchant === null
        ? []
        : [
            {
              account_numbers: null,
              confidence_level: 'VERY_HIGH',
              entity_id: entity,
              logo_url: null,
              name: row.merchant,
              type: 'merchant',
              website: null,
            },
          ],
    date: row.date,
    datetime: null,
    location: {
      address: null,
      city: row.city,
      country: row.country,
      lat: null,
      lon: null,
      postal_code: null,
      region: row.region,
      store_number: null,
    },
    logo_url: null,
    merchant_entity_id: entity,
    merchant_name: row.merchant,
    name: row.name,
    ...(options.originalDescription ? { original_description: row.original_description } : {}),
    payment_channel: row.channel,
    payment_meta: {
      by_order_of: null,
      payee: null,
      payer: null,
      payment_method: null,
      payment_processor: null,
      ppd_id: null,
      reason: null,
      reference_number: null,
    },
    pending: row.pending,
    pending_transaction_id: row.pending_transaction_id,
    personal_finance_category: categoryObject(row.pfc, options.version, row.merchant !== null),
    personal_finance_category_icon_url: `https://plaid-category-icons.plaid.com/PFC_${primaryOf(row.pfc ?? '')}.png`,
    transaction_code: row.code,
    transaction_id: row._id,
    transaction_type:
      row.channel === 'in store' ? 'place' : row.channel === 'online' ? 'digital' : 'unresolved',
    website: null,
    ...currencyFields(row.currency),
  };
};
