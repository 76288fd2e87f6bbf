import { isValidDay } from '@orrery/calendar';
import { AmountOverflowError, fromFloat } from '@orrery/money';
import { cleanText } from '../clean-text.ts';

/** A transaction as a bank states it, in our words: money out is negative. */
export interface BankTransaction {
  /** The provider's id; a posted transaction has another one than its pending predecessor. */
  providerId: string;
  accountId: string;
  /** Provider id of the pending transaction that this posted one takes the place of. */
  replaces?: string;
  postedOn: string;
  authorizedOn?: string;
  occurredAt?: string;
  description: string;
  merchantName?: string;
  /** Minor units of `currency`, negative is money out; 0 when `currency` is null. */
  amountMinor: number;
  /** Null for money that has no ISO currency, such as a coin: nothing can be added to it. */
  currency: string | null;
  /** The amount as the provider wrote it, in its own sense of sign. */
  providerAmount: string;
  unofficialCurrency?: string;
  pending: boolean;
  paymentChannel?: string;
  mcc?: string;
  country?: string;
  providerCategory?: { primary: string; detailed?: string };
}

/** What we read of Plaid's transaction; every field may be missing or of a kind that we do not know. */
export interface PlaidTransactionLike {
  transaction_id: string;
  account_id: string;
  amount: number;
  iso_currency_code?: string | null | undefined;
  unofficial_currency_code?: string | null | undefined;
  date: string;
  authorized_date?: string | null | undefined;
  datetime?: string | null | undefined;
  authorized_datetime?: string | null | undefined;
  name?: string | null | undefined;
  original_description?: string | null | undefined;
  merchant_name?: string | null | undefined;
  pending?: boolean | null | undefined;
  pending_transaction_id?: string | null | undefined;
  payment_channel?: string | null | undefined;
  merchant_category_code?: string | null | undefined;
  location?: { country?: string | null | undefined } | null | undefined;
  personal_finance_category?:
    { primary?: string | null | undefined; detailed?: string | null | undefined } | null | undefined;
}

const MAX_DESCRIPTION = 512;
const MAX_MERCHANT = 256;
const MAX_CODE = 64;
const CHANNELS: ReadonlySet<string> = new Set(['online', 'in store', 'other']);

const dayOf = (text: string | null | undefined): string | undefined =>
  typeof text === 'string' && isValidDay(text.slice(0, 10)) ? text.slice(0, 10) : undefined;

/** Midnight sharp is how many banks write an unknown time, so it tells no instant. */
const instantOf = (text: string | null | undefined): string | undefined => {
  const at = typeof text === 'string' ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at)) {
    return undefined;
  }
  const instant = new Date(at).toISOString();
  return instant.endsWith('T00:00:00.000Z') ? undefined : instant;
};

const amountOf = (
  amount: number,
  currency: string | null | undefined,
): Pick<BankTransaction, 'amountMinor' | 'currency'> => {
  if (typeof currency !== 'string' || !/^[A-Z]{3}$/.test(currency)) {
    return { amountMinor: 0, currency: null };
  }
  try {
    // The shortest decimal of the float is what the bank wrote; Plaid's positive is money out.
    const minor = fromFloat(amount, currency);
    return { amountMinor: minor === 0 ? 0 : -minor, currency };
  } catch (error) {
    if (error instanceof AmountOverflowError) {
      return { amountMinor: 0, currency: null };
    }
    throw error;
  }
};

const categoryOf = (
  category: PlaidTransactionLike['personal_finance_category'],
): BankTransaction['providerCategory'] => {
  const primary = cleanText(category?.primary ?? '', MAX_CODE);
  const detailed = cleanText(category?.detailed ?? '', MAX_CODE);
  return primary === '' ? undefined : { primary, ...(detailed === '' ? {} : { detailed }) };
};

const defined = <Fields extends object>(
  fields: Fields,
): { [Key in keyof Fields]?: Exclude<Fields[Key], undefined> } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Key in keyof Fields]?: Exclude<Fields[Key], undefined>;
  };

/**
 * Reads one transaction of Plaid's. Days stay the bank's calendar days, amounts become exact minor units with our sign,
 * and codes are kept as they are, known or not.
 * @param row what Plaid sent
 */
export const readPlaidTransaction = (row: PlaidTransactionLike): BankTransaction => {
  const merchant = cleanText(row.merchant_name ?? '', MAX_MERCHANT);
  const description =
    cleanText(row.name ?? '', MAX_DESCRIPTION) ||
    cleanText(row.original_description ?? '', MAX_DESCRIPTION) ||
    merchant ||
    '—';
  const country = row.location?.country;
  const mcc = row.merchant_category_code;
  const channel = row.payment_channel;
  return {
    providerId: row.transaction_id,
    accountId: row.account_id,
    postedOn: dayOf(row.date) ?? '1970-01-01',
    description,
    ...amountOf(row.amount, row.iso_currency_code),
    providerAmount: String(row.amount),
    pending: row.pending === true,
    ...defined({
      replaces: row.pending_transaction_id ?? undefined,
      authorizedOn: dayOf(row.authorized_date),
      occurredAt: instantOf(row.authorized_datetime) ?? instantOf(row.datetime),
      merchantName: merchant === '' ? undefined : merchant,
      unofficialCurrency: row.unofficial_currency_code ?? undefined,
      paymentChannel: typeof channel === 'string' && CHANNELS.has(channel) ? channel : undefined,
      mcc: typeof mcc === 'string' && /^\d{4}$/.test(mcc) ? mcc : undefined,
      country: typeof country === 'string' && /^[A-Z]{2}$/.test(country) ? country : undefined,
      providerCategory: categoryOf(row.personal_finance_category),
    }),
  };
};
