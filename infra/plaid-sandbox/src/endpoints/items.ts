import { z } from 'zod';
import { createItem } from '../state/create-item.ts';
import { issuePublicToken, issueToken } from '../state/sandbox.ts';
import { PlaidError } from '../wire/plaid-error.ts';
import { accountObject, chosenAccounts, itemObject } from './answer-objects.ts';
import { Day, fields, itemEndpoint, limited, openEndpoint, WebhookUrl, type Endpoint } from './endpoint.ts';

const Products = z.array(z.string());
const Days = z.int().min(1).max(730);

const createPublicToken = openEndpoint({
  schema: fields({
    institution_id: z.string(),
    initial_products: Products.min(1),
    options: z
      .strictObject({
        webhook: WebhookUrl.optional(),
        override_username: z.string().nullish(),
        override_password: z.string().nullish(),
        transactions: z
          .strictObject({
            start_date: Day.optional(),
            end_date: Day.optional(),
            days_requested: Days.optional(),
          })
          .optional(),
        statements: z.unknown().optional(),
        income_verification: z.unknown().optional(),
      })
      .optional(),
    user_token: z.string().optional(),
    user_id: z.string().optional(),
  }),
  async run(sandbox, { institution_id, initial_products, options }) {
    const item = await createItem(sandbox, {
      institutionId: institution_id,
      products: initial_products,
      username: options?.override_username ?? 'user_good',
      password: options?.override_password ?? 'pass_good',
      webhook: options?.webhook ?? '',
      daysRequested: options?.transactions?.days_requested ?? null,
      oldestDay: options?.transactions?.start_date ?? null,
      newestDay: options?.transactions?.end_date ?? null,
    });
    return { public_token: await issuePublicToken(sandbox, item._id) };
  },
});

const exchange = openEndpoint({
  schema: fields({ public_token: z.string() }),
  async run(sandbox, { public_token }) {
    if (!/^public-(sandbox|production|development)-[0-9a-f-]{36}$/u.test(public_token)) {
      throw new PlaidError(
        'INVALID_PUBLIC_TOKEN',
        'provided public token is in an invalid format. expected format: public-<environment>-<identifier>',
      );
    }
    const token = await sandbox.database.tokens.findOneAndUpdate(
      { _id: public_token, kind: 'public', spent: false, expires_at: { $gt: sandbox.clock.real() } },
      { $set: { spent: true } },
    );
    if (token?.item_id === undefined || token.item_id === null) {
      throw new PlaidError('INVALID_PUBLIC_TOKEN');
    }
    const itemId = token.item_id;
    await sandbox.life.alone(itemId, async (item) => {
      if (item.products.includes('transactions')) {
        await sandbox.life.beginTransactions(item, item.wanted_days);
      }
    });
    const access = await issueToken(sandbox, 'access', itemId, null);
    return { access_token: access._id, item_id: itemId };
  },
});

const anotherPublicToken = itemEndpoint({
  schema: fields({ access_token: z.string() }),
  evenWhenBroken: true,
  run: async (sandbox, _input, item) => ({ public_token: await issuePublicToken(sandbox, item._id) }),
});

const getItem = itemEndpoint({
  schema: fields({ access_token: z.string() }),
  limit: limited('ITEM_GET_LIMIT', 5000, 40),
  evenWhenBroken: true,
  run: (_sandbox, _input, item) =>
    Promise.resolve({
      item: {
        ...itemObject(item, true),
        consented_data_scopes: [],
        consented_use_cases: [],
        created_at: new Date(item.created_at).toISOString(),
      },
      status: {
        investments: null,
        last_webhook:
          item.last_webhook === null
            ? null
            : {
                code_sent: item.last_webhook.code,
                sent_at: new Date(item.last_webhook.sent_at).toISOString(),
              },
        transactions: item.products.includes('transactions')
          ? {
              last_failed_update: null,
              last_successful_update:
                item.last_update === null ? null : new Date(item.last_update).toISOString(),
            }
          : null,
      },
    }),
});

const remove = itemEndpoint({
  schema: fields({
    access_token: z.string(),
    reason_code: z
      .enum([
        'FRAUD_FIRST_PARTY',
        'FRAUD_FALSE_IDENTITY',
        'FRAUD_ABUSE',
        'FRAUD_OTHER',
        'CONNECTION_IS_NON_FUNCTIONAL',
        'OTHER',
      ])
      .nullish(),
    reason_note: z.string().max(512).nullish(),
  }),
  limit: limited('RATE_LIMIT', 500, 100),
  evenWhenBroken: true,
  async run({ database }, _input, item) {
    await database.items.updateOne({ _id: item._id }, { $set: { removed: true } });
    await database.due.deleteMany({ item_id: item._id });
    await database.rows.deleteMany({ item_id: item._id });
    return {};
  },
});

const invalidate = itemEndpoint({
  schema: fields({ access_token: z.string() }),
  evenWhenBroken: true,
  async run(sandbox, input, item) {
    const next = await issueToken(sandbox, 'access', item._id, null);
    await sandbox.database.tokens.updateOne({ _id: input.access_token }, { $set: { spent: true } });
    return { new_access_token: next._id };
  },
});

const updateWebhook = itemEndpoint({
  schema: fields({ access_token: z.string(), webhook: WebhookUrl.nullish() }),
  evenWhenBroken: true,
  async run({ database, webhooks }, input, found) {
    const item = { ...found, webhook: input.webhook ?? '' };
    await database.items.updateOne({ _id: item._id }, { $set: { webhook: item.webhook } });
    await webhooks.send(item, 'ITEM', 'WEBHOOK_UPDATE_ACKNOWLEDGED', {
      error: null,
      new_webhook_url: item.webhook,
    });
    return { item: itemObject(item) };
  },
});

const resetLogin = itemEndpoint({
  schema: fields({ access_token: z.string() }),
  evenWhenBroken: true,
  async run({ life }, _input, item) {
    await life.breakItem(item, 'ITEM_LOGIN_REQUIRED');
    return { reset_login: true };
  },
});

const WEEK_MS = 7 * 24 * 60 * 60 * 1000;
const TRANSACTION_CODES = new Set([
  'DEFAULT_UPDATE',
  'RECURRING_TRANSACTIONS_UPDATE',
  'SYNC_UPDATES_AVAILABLE',
]);
const PRODUCT_OF_TYPE: Readonly<Record<string, string>> = {
  TRANSACTIONS: 'transactions',
  AUTH: 'auth',
  HOLDINGS: 'investments',
  INVESTMENTS_TRANSACTIONS: 'investments',
  LIABILITIES: 'liabilities',
  ASSETS: 'assets',
};

const fireWebhook = itemEndpoint({
  schema: fields({
    access_token: z.string(),
    webhook_code: z.enum([
      'DEFAULT_UPDATE',
      'NEW_ACCOUNTS_AVAILABLE',
      'SMS_MICRODEPOSITS_VERIFICATION',
      'AUTHORIZATION_GRANTED',
      'USER_PERMISSION_REVOKED',
      'USER_ACCOUNT_REVOKED',
      'PENDING_DISCONNECT',
      'RECURRING_TRANSACTIONS_UPDATE',
      'LOGIN_REPAIRED',
      'SYNC_UPDATES_AVAILABLE',
      'PRODUCT_READY',
      'ERROR',
    ]),
    webhook_type: z
      .enum(['AUTH', 'HOLDINGS', 'INVESTMENTS_TRANSACTIONS', 'ITEM', 'LIABILITIES', 'TRANSACTIONS', 'ASSETS'])
      .optional(),
  }),
  evenWhenBroken: true,
  async run({ clock, webhooks }, { webhook_code: code, webhook_type }, item) {
    if (item.webhook === '') {
      throw new PlaidError('SANDBOX_WEBHOOK_INVALID');
    }
    const type = webhook_type ?? (TRANSACTION_CODES.has(code) ? 'TRANSACTIONS' : 'ITEM');
    const product = PRODUCT_OF_TYPE[type];
    if (product !== undefined && !item.products.includes(product)) {
      throw new PlaidError('SANDBOX_PRODUCT_NOT_ENABLED');
    }
    const accountIds = item.accounts.map(({ account_id }) => account_id);
    const extras: Readonly<Record<string, Record<string, unknown>>> = {
      SYNC_UPDATES_AVAILABLE: {
        initial_update_complete: item.readiness !== 'NOT_READY',
        historical_update_complete: item.readiness === 'HISTORICAL_UPDATE_COMPLETE',
      },
      DEFAULT_UPDATE:
        type === 'HOLDINGS'
          ? { new_holdings: 0, updated_holdings: 1, error: null }
          : type === 'INVESTMENTS_TRANSACTIONS'
            ? { new_investments_transactions: 1, cancelled_investments_transactions: 0, error: null }
            : type === 'LIABILITIES'
              ? {
                  account_ids_with_new_liabilities: [],
                  account_ids_with_updated_liabilities: {},
                  error: null,
                }
              : { new_transactions: 1, error: null },
      RECURRING_TRANSACTIONS_UPDATE: { account_ids: accountIds },
      USER_ACCOUNT_REVOKED: { account_id: accountIds[0] },
      PENDING_DISCONNECT: {
        reason: 'INSTITUTION_MIGRATION',
        disconnect_time: new Date(clock.real() + WEEK_MS).toISOString(),
      },
      ERROR: { error: { ...new PlaidError('ITEM_LOGIN_REQUIRED').body, status: 400 } },
      LOGIN_REPAIRED: {},
    };
    await webhooks.send(item, type, code, extras[code] ?? { error: null });
    return { webhook_fired: true };
  },
});

const getAccounts = itemEndpoint({
  schema: fields({
    access_token: z.string(),
    options: z.strictObject({ account_ids: z.array(z.string()).optional() }).optional(),
  }),
  limit: limited('ACCOUNTS_LIMIT', 5000, 100),
  run: (_sandbox, input, item) =>
    Promise.resolve({
      accounts: chosenAccounts(item, input.options?.account_ids).map((account) => accountObject(account)),
      item: itemObject(item),
    }),
});

const getBalances = itemEndpoint({
  schema: fields({
    access_token: z.string(),
    options: z
      .strictObject({
        account_ids: z.array(z.string()).optional(),
        min_last_updated_datetime: z.iso.datetime({ offset: true }).optional(),
      })
      .optional(),
    payment_profile_token: z.string().optional(),
  }),
  limit: limited('BALANCE_LIMIT', 100, 25),
  run: (_sandbox, input, item) =>
    Promise.resolve({
      accounts: chosenAccounts(item, input.options?.account_ids).map((account) => accountObject(account)),
      item: itemObject(item),
    }),
});

const webhookKey = openEndpoint({
  schema: fields({ key_id: z.string() }),
  run: async ({ keys }, { key_id }) => ({ key: await keys.publicKey(key_id) }),
});

export const ITEM_ENDPOINTS: Readonly<Record<string, Endpoint>> = {
  '/sandbox/public_token/create': createPublicToken,
  '/item/public_token/exchange': exchange,
  '/item/public_token/create': anotherPublicToken,
  '/item/get': getItem,
  '/item/remove': remove,
  '/item/access_token/invalidate': invalidate,
  '/item/webhook/update': updateWebhook,
  '/sandbox/item/reset_login': resetLogin,
  '/sandbox/item/fire_webhook': fireWebhook,
  '/accounts/get': getAccounts,
  '/accounts/balance/get': getBalances,
  '/webhook_verification_key/get': webhookKey,
};
