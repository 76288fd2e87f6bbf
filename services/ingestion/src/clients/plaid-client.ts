import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { setTimeout as pause } from 'node:timers/promises';
import type { CountryCode, PlaidApi, Products } from 'plaid';
import type { Logger } from 'pino';
import { z } from 'zod';
import { readPlaidAccount } from '../domain/bank/bank-account.ts';
import type { BankAccount } from '../domain/bank/bank-account.ts';
import { readPlaidTransaction } from '../domain/bank/bank-transaction.ts';
import type { BankUpdates } from '../domain/bank/decide-changes.ts';
import type { PlaidSettings } from '../plaid-settings.ts';
import { PlaidFailure, plaidFailureOf } from './plaid-failure.ts';

/** Most that Plaid gives; fixed when transactions are first asked for and never to be raised later. */
const HISTORY_DAYS = 730;
const MAX_ATTEMPTS = 3;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;

const text = z.string().nullish().catch(null);
const number = z.number().nullish().catch(null);

/** Plaid adds fields and values over time, so that all but the ids may be missing or odd. */
const Transaction = z.object({
  transaction_id: z.string().min(1),
  account_id: z.string().min(1),
  amount: z.number(),
  date: z.string(),
  iso_currency_code: text,
  unofficial_currency_code: text,
  authorized_date: text,
  datetime: text,
  authorized_datetime: text,
  name: text,
  original_description: text,
  merchant_name: text,
  pending: z.boolean().nullish().catch(null),
  pending_transaction_id: text,
  payment_channel: text,
  merchant_category_code: text,
  location: z.object({ country: text }).nullish().catch(null),
  personal_finance_category: z.object({ primary: text, detailed: text }).nullish().catch(null),
});

const Account = z.object({
  account_id: z.string().min(1),
  name: text,
  official_name: text,
  mask: text,
  type: text,
  subtype: text,
  persistent_account_id: text,
  balances: z
    .object({
      available: number,
      current: number,
      limit: number,
      iso_currency_code: text,
      unofficial_currency_code: text,
    })
    .nullish()
    .catch(null),
});

const SyncPage = z.object({
  added: z.array(Transaction),
  modified: z.array(Transaction),
  removed: z.array(z.object({ transaction_id: z.string() })),
  accounts: z.array(Account).catch([]),
  next_cursor: z.string(),
  has_more: z.boolean(),
  transactions_update_status: z.string().catch('TRANSACTIONS_UPDATE_STATUS_UNKNOWN'),
});

/** One page of a bank's updates. */
export interface BankPage extends BankUpdates {
  accounts: BankAccount[];
  /** '' when there is nothing yet. */
  nextCursor: string;
  hasMore: boolean;
  isReady: boolean;
  isHistoryComplete: boolean;
}

/** A holding and its paper, as Plaid words them. */
export interface Investments {
  accounts: BankAccount[];
  holdings: {
    account_id: string;
    security_id: string;
    quantity: number;
    institution_price: number;
    institution_value: number;
    cost_basis: number | null;
    iso_currency_code: string | null;
  }[];
  securities: {
    security_id: string;
    name: string | null;
    ticker_symbol: string | null;
    type: string | null;
    close_price: number | null;
  }[];
}

/** What a person owes, by kind, with the few figures that a plan needs. */
export interface BankLiability {
  accountId: string;
  kind: 'credit' | 'mortgage' | 'student';
  /** Percent a year. */
  apr: number | null;
  minimumPayment: number | null;
  nextDueOn: string | null;
  isOverdue: boolean | null;
}

/** A payment that the bank believes to recur; a hint only. */
export interface RecurringHint {
  streamId: string;
  accountId: string;
  description: string;
  merchantName: string | null;
  frequency: string;
  /** Plaid's sense: positive is money out. */
  averageAmount: number | null;
  currency: string | null;
  lastDate: string | null;
  nextDate: string | null;
  isActive: boolean;
  status: string;
}

/** What a transfer is asked for with; the amount is a decimal text with two places. */
export interface TransferOrder {
  accountId: string;
  type: 'debit' | 'credit';
  network: 'ach' | 'same-day-ach' | 'rtp' | 'wire';
  amount: string;
  description: string;
  legalName: string;
  idempotencyKey: string;
}

/** What came of a transfer. */
export interface TransferResult {
  transferId: string | null;
  authorizationId: string;
  /** `declined` and `user_action_required` moved nothing. */
  status: string;
  reason: string | null;
}

/** How many repetitions a call can take: a lost answer to some calls must not be repeated blindly. */
type Repeat = 'safe' | 'never';

/** Whom a link token is for and what it is to do. */
export interface LinkTokenOrder {
  userId: string;
  language: string;
  countryCodes: readonly string[];
  products: readonly string[];
  webhookUrl: string | undefined;
  redirectUri: string | undefined;
  /** Clear token of the link to repair; starts the update mode. */
  accessToken: string | undefined;
  wantsPage: boolean;
}

const isOneOf = <Value extends string>(values: readonly Value[], candidate: string): candidate is Value =>
  values.some((value) => value === candidate);

/** The SDK takes some 70 MB of memory, so it is loaded with the first call and not by processes that never make one. */
const loadSdk = () => import('plaid');
type Sdk = Awaited<ReturnType<typeof loadSdk>>;

const productsOf = (sdk: Sdk, names: readonly string[]): Products[] =>
  names.filter((name): name is Products => isOneOf(Object.values(sdk.Products), name));

const countriesOf = (sdk: Sdk, codes: readonly string[]): CountryCode[] =>
  codes.filter((code): code is CountryCode => isOneOf(Object.values(sdk.CountryCode), code));

const networkOf = ({ TransferNetwork }: Sdk, network: TransferOrder['network']) =>
  ({
    ach: TransferNetwork.Ach,
    'same-day-ach': TransferNetwork.SameDayAch,
    rtp: TransferNetwork.Rtp,
    wire: TransferNetwork.Wire,
  })[network];

const TransferFacts = z.object({ id: z.string(), authorization_id: z.string(), status: z.string() });

/**
 * Plaid through its official SDK. Every failure is a `PlaidFailure` without secrets; calls that may be repeated are,
 * with growing random pauses.
 * @param settings address and credentials
 * @param options longest wait for an answer, updates to a page, and where calls are reported
 */
export const createPlaidClient = (
  settings: PlaidSettings,
  options: { timeoutMs: number; pageSize: number; logger: Pick<Logger, 'debug' | 'warn'> },
) => {
  const { timeoutMs, pageSize, logger } = options;
  const sockets = { keepAlive: true, maxSockets: 50 };
  const httpAgent = new HttpAgent(sockets);
  const httpsAgent = new HttpsAgent(sockets);
  const connect = async (): Promise<{ api: PlaidApi; sdk: Sdk }> => {
    const sdk = await loadSdk();
    const configuration = new sdk.Configuration({
      basePath: settings.baseUrl,
      baseOptions: {
        headers: { 'PLAID-CLIENT-ID': settings.clientId, 'PLAID-SECRET': settings.secret },
        timeout: timeoutMs,
        maxRedirects: 0,
        httpAgent,
        httpsAgent,
      },
    });
    return { api: new sdk.PlaidApi(configuration), sdk };
  };
  let connected: ReturnType<typeof connect> | undefined;

  const call = async <Data>(
    endpoint: string,
    send: (api: PlaidApi, sdk: Sdk) => Promise<{ data: Data }>,
    repeat: Repeat = 'safe',
  ): Promise<Data> => {
    connected ??= connect();
    const { api, sdk } = await connected;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const { data } = await send(api, sdk);
        return data;
      } catch (error) {
        const failure = plaidFailureOf(error, endpoint);
        const { status, errorType, errorCode, requestId } = failure.facts;
        logger.debug(
          { endpoint, status, errorType, errorCode, plaidRequestId: requestId, attempt },
          'Plaid refused a call',
        );
        if (failure.kind !== 'retry' || repeat === 'never' || attempt >= MAX_ATTEMPTS) {
          throw failure;
        }
        const ceiling = Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), LONGEST_PAUSE_MS);
        const asked = failure.facts.retryAfterS === undefined ? 0 : failure.facts.retryAfterS * 1000;
        if (asked > LONGEST_PAUSE_MS) {
          throw failure;
        }
        await pause(Math.max(asked, Math.random() * ceiling));
      }
    }
  };

  const parsed = <Schema extends z.ZodType>(
    schema: Schema,
    data: unknown,
    endpoint: string,
  ): z.output<Schema> => {
    const result = schema.safeParse(data);
    if (!result.success) {
      throw new PlaidFailure({
        status: 200,
        errorType: 'API_ERROR',
        errorCode: 'PLAID_UNEXPECTED_ANSWER',
        requestId: undefined,
        endpoint,
        // The SDK leaves what is no JSON as text: it comes from something in between and may pass.
        kind: typeof data === 'string' ? 'retry' : 'fault',
        retryAfterS: undefined,
      });
    }
    return result.data;
  };

  const accountsOf = (data: unknown, endpoint: string): BankAccount[] =>
    parsed(z.object({ accounts: z.array(Account) }), data, endpoint).accounts.map(readPlaidAccount);

  const onlyAccounts = (accountIds: readonly string[] | undefined) =>
    accountIds === undefined ? {} : { options: { account_ids: [...accountIds] } };

  return {
    /** Which environment it talks to. */
    mode: settings.mode,

    /**
     * A token with which Link links a bank, or repairs a link.
     * @param order whom it is for
     */
    async createLinkToken(order: LinkTokenOrder) {
      const update = order.accessToken !== undefined;
      const data = await call('/link/token/create', (api, sdk) =>
        api.linkTokenCreate({
          client_name: 'Orrery',
          language: order.language,
          country_codes: countriesOf(sdk, order.countryCodes),
          user: { client_user_id: order.userId },
          ...(update
            ? { access_token: order.accessToken ?? null }
            : {
                products: productsOf(sdk, order.products),
                optional_products: productsOf(sdk, ['investments', 'liabilities']),
                transactions: { days_requested: HISTORY_DAYS },
                ...(order.webhookUrl === undefined ? {} : { webhook: order.webhookUrl }),
              }),
          ...(order.redirectUri === undefined ? {} : { redirect_uri: order.redirectUri }),
          ...(order.wantsPage ? { hosted_link: {} } : {}),
        }),
      );
      return {
        linkToken: data.link_token,
        expiresAt: data.expiration,
        pageUrl: data.hosted_link_url ?? null,
      };
    },

    /**
     * A public token without Link; only in the sandbox.
     * @param order bank, products and person
     */
    async createSandboxToken(order: {
      institutionId: string;
      products: readonly string[];
      webhookUrl: string | undefined;
      username: string | undefined;
      password: string | undefined;
    }): Promise<string> {
      const data = await call('/sandbox/public_token/create', (api, sdk) =>
        api.sandboxPublicTokenCreate({
          institution_id: order.institutionId,
          initial_products: productsOf(sdk, order.products),
          options: {
            transactions: { days_requested: HISTORY_DAYS },
            ...(order.webhookUrl === undefined ? {} : { webhook: order.webhookUrl }),
            ...(order.username === undefined ? {} : { override_username: order.username }),
            ...(order.password === undefined ? {} : { override_password: order.password }),
          },
        }),
      );
      return data.public_token;
    },

    /**
     * The lasting token for a public one. Not repeated: a second exchange fails, and the first may have succeeded.
     * @param publicToken from Link
     */
    async exchange(publicToken: string): Promise<{ accessToken: string; itemId: string }> {
      const data = await call(
        '/item/public_token/exchange',
        (api) => api.itemPublicTokenExchange({ public_token: publicToken }),
        'never',
      );
      return { accessToken: data.access_token, itemId: data.item_id };
    },

    /**
     * What Plaid knows about a link.
     * @param accessToken clear token
     */
    async item(accessToken: string) {
      const data = await call('/item/get', (api) => api.itemGet({ access_token: accessToken }));
      return {
        institutionId: data.item.institution_id ?? null,
        institutionName: data.item.institution_name ?? null,
        errorCode: data.item.error?.error_code ?? null,
        webhookUrl: data.item.webhook === '' ? null : data.item.webhook,
      };
    },

    /**
     * Name and products of a bank.
     * @param institutionId id at Plaid
     * @param countryCodes where it is looked for
     */
    async institution(institutionId: string, countryCodes: readonly string[]) {
      const data = await call('/institutions/get_by_id', (api, sdk) =>
        api.institutionsGetById({
          institution_id: institutionId,
          country_codes: countriesOf(sdk, countryCodes),
        }),
      );
      return { name: data.institution.name, products: data.institution.products.map(String) };
    },

    /**
     * Accounts with the balances that Plaid remembers.
     * @param accessToken clear token
     */
    async accounts(accessToken: string): Promise<BankAccount[]> {
      const data = await call('/accounts/get', (api) => api.accountsGet({ access_token: accessToken }));
      return accountsOf(data, '/accounts/get');
    },

    /**
     * Accounts with balances asked of the bank now; slow, and billed for each call.
     * @param accessToken clear token
     * @param accountIds only these
     */
    async balances(accessToken: string, accountIds?: readonly string[]): Promise<BankAccount[]> {
      const data = await call('/accounts/balance/get', (api) =>
        api.accountsBalanceGet({ access_token: accessToken, ...onlyAccounts(accountIds) }),
      );
      return accountsOf(data, '/accounts/balance/get');
    },

    /**
     * Holdings and their papers.
     * @param accessToken clear token
     */
    async investments(accessToken: string): Promise<Investments> {
      const data = await call('/investments/holdings/get', (api) =>
        api.investmentsHoldingsGet({ access_token: accessToken }),
      );
      return {
        accounts: accountsOf(data, '/investments/holdings/get'),
        holdings: data.holdings.map((holding) => ({
          account_id: holding.account_id,
          security_id: holding.security_id,
          quantity: holding.quantity,
          institution_price: holding.institution_price,
          institution_value: holding.institution_value,
          cost_basis: holding.cost_basis ?? null,
          iso_currency_code: holding.iso_currency_code ?? null,
        })),
        securities: data.securities.map((security) => ({
          security_id: security.security_id,
          name: security.name ?? null,
          ticker_symbol: security.ticker_symbol ?? null,
          type: security.type ?? null,
          close_price: security.close_price ?? null,
        })),
      };
    },

    /**
     * What is owed.
     * @param accessToken clear token
     */
    async liabilities(accessToken: string): Promise<BankLiability[]> {
      const { liabilities } = await call('/liabilities/get', (api) =>
        api.liabilitiesGet({ access_token: accessToken }),
      );
      return [
        ...(liabilities.credit ?? []).map((card): BankLiability => ({
          accountId: card.account_id ?? '',
          kind: 'credit',
          apr:
            card.aprs.find(({ apr_type: type }) => String(type) === 'purchase_apr')?.apr_percentage ?? null,
          minimumPayment: card.minimum_payment_amount ?? null,
          nextDueOn: card.next_payment_due_date ?? null,
          isOverdue: card.is_overdue ?? null,
        })),
        ...(liabilities.mortgage ?? []).map((loan): BankLiability => ({
          accountId: loan.account_id,
          kind: 'mortgage',
          apr: loan.interest_rate.percentage ?? null,
          minimumPayment: loan.next_monthly_payment ?? null,
          nextDueOn: loan.next_payment_due_date ?? null,
          isOverdue: loan.past_due_amount === null ? null : (loan.past_due_amount ?? 0) > 0,
        })),
        ...(liabilities.student ?? []).map((loan): BankLiability => ({
          accountId: loan.account_id ?? '',
          kind: 'student',
          apr: loan.interest_rate_percentage,
          minimumPayment: loan.minimum_payment_amount ?? null,
          nextDueOn: loan.next_payment_due_date ?? null,
          isOverdue: loan.is_overdue ?? null,
        })),
      ];
    },

    /**
     * Payments that Plaid believes to recur; useful after half a year of history.
     * @param accessToken clear token
     */
    async recurring(accessToken: string): Promise<RecurringHint[]> {
      const data = await call('/transactions/recurring/get', (api) =>
        api.transactionsRecurringGet({ access_token: accessToken }),
      );
      return [...data.inflow_streams, ...data.outflow_streams].map((stream) => ({
        streamId: stream.stream_id,
        accountId: stream.account_id,
        description: stream.description.slice(0, 512),
        merchantName: stream.merchant_name ?? null,
        frequency: String(stream.frequency),
        averageAmount: stream.average_amount.amount ?? null,
        currency: stream.average_amount.iso_currency_code ?? null,
        lastDate: stream.last_date,
        nextDate: stream.predicted_next_date ?? null,
        isActive: stream.is_active,
        status: String(stream.status),
      }));
    },

    /**
     * The next page of updates.
     * @param accessToken clear token
     * @param cursor where to go on; null from the beginning
     */
    async syncPage(accessToken: string, cursor: string | null): Promise<BankPage> {
      const data = await call('/transactions/sync', (api) =>
        api.transactionsSync({
          access_token: accessToken,
          count: pageSize,
          ...(cursor === null ? {} : { cursor }),
          options: { include_original_description: true, days_requested: HISTORY_DAYS },
        }),
      );
      const page = parsed(SyncPage, data, '/transactions/sync');
      return {
        upserts: [...page.added, ...page.modified].map(readPlaidTransaction),
        removals: page.removed.map(({ transaction_id: id }) => id),
        accounts: page.accounts.map(readPlaidAccount),
        nextCursor: page.next_cursor,
        hasMore: page.has_more,
        isReady: page.transactions_update_status !== 'NOT_READY',
        isHistoryComplete:
          page.transactions_update_status === 'HISTORICAL_UPDATE_COMPLETE' ||
          page.transactions_update_status === 'TRANSACTIONS_UPDATE_STATUS_UNKNOWN',
      };
    },

    /**
     * Ends a link at Plaid. A link that is not there any more counts as ended.
     * @param accessToken clear token
     */
    async remove(accessToken: string): Promise<void> {
      try {
        await call('/item/remove', (api) => api.itemRemove({ access_token: accessToken }));
      } catch (error) {
        if (!(error instanceof PlaidFailure && error.kind === 'gone')) {
          throw error;
        }
      }
    },

    /**
     * Tells Plaid where our webhooks are.
     * @param accessToken clear token
     * @param url our public address
     */
    async updateWebhook(accessToken: string, url: string): Promise<void> {
      await call('/item/webhook/update', (api) =>
        api.itemWebhookUpdate({ access_token: accessToken, webhook: url }),
      );
    },

    /**
     * A key with which Plaid signs webhooks, as a JSON Web Key.
     * @param keyId name of the key
     */
    async webhookKey(keyId: string) {
      const { key } = await call('/webhook_verification_key/get', (api) =>
        api.webhookVerificationKeyGet({ key_id: keyId }),
      );
      return {
        jwk: { kty: key.kty, crv: key.crv, x: key.x, y: key.y },
        expiredAt: key.expired_at === null ? null : new Date(key.expired_at * 1000),
      };
    },

    /**
     * Asks whether a transfer may be made, and makes it. Both steps take a repetition.
     * @param accessToken clear token
     * @param order what is to be moved
     */
    async transfer(accessToken: string, order: TransferOrder): Promise<TransferResult> {
      const { authorization } = await call('/transfer/authorization/create', (api, sdk) =>
        api.transferAuthorizationCreate({
          access_token: accessToken,
          account_id: order.accountId,
          type: order.type === 'debit' ? sdk.TransferType.Debit : sdk.TransferType.Credit,
          network: networkOf(sdk, order.network),
          amount: order.amount,
          ...(order.network === 'ach' || order.network === 'same-day-ach'
            ? { ach_class: sdk.ACHClass.Ppd }
            : {}),
          user: { legal_name: order.legalName },
          idempotency_key: order.idempotencyKey,
        }),
      );
      if (String(authorization.decision) !== 'approved') {
        return {
          transferId: null,
          authorizationId: authorization.id,
          status: String(authorization.decision),
          reason: authorization.decision_rationale?.code ?? null,
        };
      }
      const data = await call('/transfer/create', (api) =>
        api.transferCreate({
          access_token: accessToken,
          account_id: order.accountId,
          authorization_id: authorization.id,
          description: order.description,
        }),
      );
      const made = parsed(TransferFacts, data.transfer, '/transfer/create');
      return { transferId: made.id, authorizationId: authorization.id, status: made.status, reason: null };
    },

    /**
     * Where a transfer stands.
     * @param transferId id at Plaid
     */
    async transferStatus(transferId: string): Promise<{ status: string; reason: string | null }> {
      const data = await call('/transfer/get', (api) => api.transferGet({ transfer_id: transferId }));
      return {
        status: String(data.transfer.status),
        reason: data.transfer.failure_reason?.description ?? null,
      };
    },

    /**
     * Takes a transfer back that has not left yet.
     * @param transferId id at Plaid
     */
    async cancelTransfer(transferId: string): Promise<void> {
      await call('/transfer/cancel', (api) => api.transferCancel({ transfer_id: transferId }));
    },

    /** Closes idle connections. */
    close(): void {
      httpAgent.destroy();
      httpsAgent.destroy();
    },
  };
};

export type PlaidClient = ReturnType<typeof createPlaidClient>;
