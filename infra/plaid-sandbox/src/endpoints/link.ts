import { z } from 'zod';
import { checkProducts } from '../state/create-item.ts';
import type { LinkRecord } from '../state/records.ts';
import { issueToken, itemIdOf } from '../state/sandbox.ts';
import { PlaidError } from '../wire/plaid-error.ts';
import { fields, openEndpoint, WebhookUrl, type Endpoint } from './endpoint.ts';

const LINK_MS = 4 * 60 * 60 * 1000;
const UPDATE_MODE_MS = 30 * 60 * 1000;
const COUNTRIES = [
  'AT',
  'BE',
  'CA',
  'DE',
  'DK',
  'EE',
  'ES',
  'FI',
  'FR',
  'GB',
  'IE',
  'IT',
  'LT',
  'LV',
  'NL',
  'NO',
  'PL',
  'PT',
  'SE',
  'US',
] as const;
const ProductList = z.array(z.string()).nullish();

// Fields of real requests about things that the sandbox does not play; known, therefore not refused.
const IGNORED = Object.fromEntries(
  [
    'access_tokens',
    'account_filters',
    'android_package_name',
    'appearance_mode',
    'auth',
    'base_report',
    'card_switch',
    'cashflow_report',
    'consumer_report_permissible_purpose',
    'cra_enabled',
    'cra_options',
    'credit_partner_insights',
    'employment',
    'enable_multi_item_link',
    'eu_config',
    'financekit_supported',
    'identity',
    'identity_verification',
    'income_verification',
    'institution_data',
    'institution_id',
    'investments',
    'investments_auth',
    'link_customization_name',
    'payment_configuration',
    'statements',
    'third_party_user_token',
    'transfer',
    'update',
    'user_token',
  ].map((name) => [name, z.unknown().optional()]),
);

const createToken = openEndpoint({
  schema: fields({
    ...IGNORED,
    client_name: z.string().min(1),
    language: z.string().min(2),
    country_codes: z.array(z.enum(COUNTRIES)).min(1),
    user: z.looseObject({ client_user_id: z.string().min(1) }),
    user_id: z.string().optional(),
    products: ProductList,
    required_if_supported_products: ProductList,
    optional_products: ProductList,
    additional_consented_products: ProductList,
    webhook: WebhookUrl.nullish(),
    redirect_uri: z.url().nullish(),
    access_token: z.string().nullish(),
    transactions: z.strictObject({ days_requested: z.int().min(1).max(730).optional() }).optional(),
    hosted_link: z.looseObject({}).optional(),
    payment_initiation: z.looseObject({ payment_id: z.string().optional() }).optional(),
  }),
  async run(sandbox, input) {
    const isUpdate = input.access_token !== undefined && input.access_token !== null;
    const lists = [
      input.products ?? [],
      input.required_if_supported_products ?? [],
      input.optional_products ?? [],
      input.additional_consented_products ?? [],
    ];
    const wanted = lists.flat();
    if (new Set(wanted).size !== wanted.length) {
      throw new PlaidError('INVALID_FIELD', 'a product must not stand in more than one list of products');
    }
    checkProducts(wanted);
    if (!isUpdate && (input.products ?? []).length === 0) {
      throw new PlaidError('MISSING_FIELDS', 'the following required fields are missing: products');
    }
    const itemId = isUpdate ? await itemIdOf(sandbox, input.access_token ?? '') : null;
    if (itemId !== null) {
      await sandbox.life.alone(itemId, () => Promise.resolve());
    }
    const link: LinkRecord = {
      client_name: input.client_name,
      language: input.language,
      country_codes: input.country_codes,
      products: input.products ?? [],
      if_supported: [...(input.required_if_supported_products ?? []), ...(input.optional_products ?? [])],
      webhook: input.webhook ?? '',
      redirect_uri: input.redirect_uri ?? null,
      days_requested: input.transactions?.days_requested ?? null,
      payment_id: input.payment_initiation?.payment_id ?? null,
      finished: null,
    };
    const token = await issueToken(sandbox, 'link', itemId, isUpdate ? UPDATE_MODE_MS : LINK_MS, link);
    return {
      expiration: new Date(token.expires_at ?? 0).toISOString(),
      link_token: token._id,
      ...(input.hosted_link === undefined
        ? {}
        : { hosted_link_url: `${sandbox.url()}/link?token=${encodeURIComponent(token._id)}` }),
    };
  },
});

const getToken = openEndpoint({
  schema: fields({ link_token: z.string() }),
  async run({ database }, { link_token }) {
    const token = await database.tokens.findOne({ _id: link_token, kind: 'link' });
    if (token?.link === undefined || token.link === null) {
      throw new PlaidError('INVALID_LINK_TOKEN');
    }
    const { finished, ...link } = token.link;
    return {
      created_at: new Date(token.created_at).toISOString(),
      expiration: new Date(token.expires_at ?? 0).toISOString(),
      link_sessions:
        finished === null
          ? []
          : [
              {
                finished_at: new Date(finished.at).toISOString(),
                link_session_id: token._id.slice('link-sandbox-'.length),
                results: {
                  item_add_results: [
                    {
                      accounts: [],
                      institution: {
                        institution_id: finished.institution_id,
                        name: finished.institution_name,
                      },
                      public_token: finished.public_token,
                    },
                  ],
                },
              },
            ],
      link_token,
      metadata: {
        client_name: link.client_name,
        country_codes: link.country_codes,
        initial_products: link.products,
        language: link.language,
        redirect_uri: link.redirect_uri,
        webhook: link.webhook,
      },
    };
  },
});

export const LINK_ENDPOINTS: Readonly<Record<string, Endpoint>> = {
  '/link/token/create': createToken,
  '/link/token/get': getToken,
};
