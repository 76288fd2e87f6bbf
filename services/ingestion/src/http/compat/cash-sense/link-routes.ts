import { defineRoute } from '@orrery/contracts';
import { AppError, handle, requireUserId } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import type { PlaidMode } from '../../../plaid-settings.ts';
import type { LinkBank } from '../../../use-cases/link-bank.ts';
import { showingPlaidProblems } from '../../plaid-problem.ts';
import { NAMED_LINK, NAMED_USER, namedUser } from './cash-sense-body.ts';

const shape = { method: 'post', tag: 'Cash Sense', audience: 'user', errorShape: 'error' } as const;
const problems = ['not-found', 'bank-provider-failed', 'bank-links-off'];

const CreateLinkToken = defineRoute({
  ...shape,
  path: '/api/create_link_token',
  operationId: 'cashSenseCreateLinkToken',
  summary: 'Cash Sense: a token with which Link links a bank, or repairs the link that `item_id` names',
  body: z
    .object({
      ...NAMED_USER,
      item_id: NAMED_LINK.item_id,
      language: z.enum(['en', 'fr', 'es', 'nl', 'de']).default('fr'),
      redirect_uri: z.url().nullish(),
      hosted: z.boolean().default(false),
    })
    .optional(),
  responses: {
    200: z.object({
      link_token: z.string(),
      expiration: z.string(),
      hosted_link_url: z.string().nullable(),
    }),
  },
  problems,
});

const ExchangeToken = defineRoute({
  ...shape,
  path: '/api/exchange_token',
  operationId: 'cashSenseExchangeToken',
  summary: 'Cash Sense: finishes a bank link; `access_token` is a handle of ours, good for its user only',
  body: z.object({ ...NAMED_USER, public_token: z.string().max(512).nullish() }).optional(),
  responses: {
    200: z.object({
      access_token: z.string(),
      item_id: z.string(),
      institution_name: z.string(),
      already_linked: z.boolean(),
    }),
  },
  problems: [...problems, 'bank-request-refused'],
});

const CreateSandboxToken = defineRoute({
  ...shape,
  path: '/api/create_sandbox_token',
  operationId: 'cashSenseCreateSandboxToken',
  summary: 'Cash Sense: a public token without Link, in the sandbox only',
  body: z
    .object({
      ...NAMED_USER,
      institution_id: z.string().max(64).default('ins_1'),
      initial_products: z.array(z.string().max(64)).min(1).max(20).optional(),
      options: z
        .object({
          override_username: z.string().max(128).nullish(),
          override_password: z.string().max(500_000).nullish(),
        })
        .optional(),
    })
    .optional(),
  responses: { 200: z.object({ public_token: z.string() }) },
  problems: [...problems, 'forbidden', 'bank-request-refused'],
});

/**
 * The routes of Cash Sense that link a bank.
 * @param linkBank the use cases
 * @param mode which environment of Plaid
 */
export const linkRoutes = (linkBank: LinkBank, mode: PlaidMode): MountedRoute[] => [
  handle(CreateLinkToken, async ({ body, identity }) => {
    const userId = namedUser(identity, body);
    const made = await showingPlaidProblems(
      linkBank.createLinkToken(userId, {
        language: body?.language ?? 'fr',
        itemId: body?.item_id ?? undefined,
        redirectUri: body?.redirect_uri ?? undefined,
        wantsPage: body?.hosted ?? false,
      }),
    );
    return {
      status: 200,
      body: { link_token: made.linkToken, expiration: made.expiresAt, hosted_link_url: made.pageUrl },
    };
  }),
  handle(ExchangeToken, async ({ body, identity }) => {
    const userId = namedUser(identity, body);
    const publicToken = body?.public_token ?? '';
    if (publicToken === '') {
      throw new AppError('validation-failed', {
        detail: 'Public token is required',
        fields: [{ field: 'public_token', message: 'is required' }],
      });
    }
    const { item, isNew } = await showingPlaidProblems(linkBank.exchange(userId, publicToken));
    return {
      status: 200,
      body: {
        access_token: item.handle,
        item_id: item._id,
        institution_name: item.institutionName,
        already_linked: !isNew,
      },
    };
  }),
  handle(CreateSandboxToken, async ({ body, identity }) => {
    requireUserId(identity);
    namedUser(identity, body);
    if (mode !== 'sand') {
      throw new AppError('forbidden', {
        detail: 'This works in the sandbox only.',
        legacyCode: 'SANDBOX_ONLY',
      });
    }
    const publicToken = await showingPlaidProblems(
      linkBank.createSandboxToken({
        institutionId: body?.institution_id ?? 'ins_1',
        products: body?.initial_products,
        username: body?.options?.override_username ?? undefined,
        password: body?.options?.override_password ?? undefined,
      }),
    );
    return { status: 200, body: { public_token: publicToken } };
  }),
];
