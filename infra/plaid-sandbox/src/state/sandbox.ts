import { randomUUID } from 'node:crypto';
import type { SigningKeys } from '../webhooks/signing-keys.ts';
import type { WebhookSender } from '../webhooks/webhook-sender.ts';
import { PlaidError } from '../wire/plaid-error.ts';
import type { ItemLife } from './item-life.ts';
import type { ItemRecord, LinkRecord, SandboxDatabase, TokenRecord } from './records.ts';
import type { SandboxClock } from './sandbox-clock.ts';

/** Everything that endpoints work with. */
export interface Sandbox {
  database: SandboxDatabase;
  clock: SandboxClock;
  keys: SigningKeys;
  webhooks: WebhookSender;
  life: ItemLife;
  seed: string;
  /** Own base address, without a trailing slash. */
  url(): string;
}

const PUBLIC_TOKEN_MS = 30 * 60 * 1000;

/**
 * Makes a token.
 * @param sandbox where
 * @param kind what it is for
 * @param itemId the Item, null for Link
 * @param lifeMs how long it is good; null for ever
 * @param link session of a link token
 */
export const issueToken = async (
  sandbox: Sandbox,
  kind: TokenRecord['kind'],
  itemId: string | null,
  lifeMs: number | null,
  link: LinkRecord | null = null,
): Promise<TokenRecord> => {
  const now = sandbox.clock.real();
  const token: TokenRecord = {
    _id: `${kind}-sandbox-${randomUUID()}`,
    kind,
    item_id: itemId,
    created_at: now,
    expires_at: lifeMs === null ? null : now + lifeMs,
    spent: false,
    link,
  };
  await sandbox.database.tokens.insertOne(token);
  return token;
};

/**
 * A public token for an Item; good for 30 minutes and for one exchange.
 * @param sandbox where
 * @param itemId the Item
 */
export const issuePublicToken = async (sandbox: Sandbox, itemId: string): Promise<string> =>
  (await issueToken(sandbox, 'public', itemId, PUBLIC_TOKEN_MS))._id;

/**
 * The Item that an access token opens.
 * @param sandbox where
 * @param token as the caller gave it
 * @throws PlaidError when it is malformed, unknown or replaced, or its Item was removed
 */
export const itemIdOf = async (sandbox: Sandbox, token: string): Promise<string> => {
  if (!/^access-(sandbox|production|development)-[0-9a-f-]{36}$/u.test(token)) {
    throw new PlaidError(
      'INVALID_ACCESS_TOKEN',
      'provided access token is in an invalid format. expected format: access-<environment>-<identifier>',
    );
  }
  const record = await sandbox.database.tokens.findOne({ _id: token, kind: 'access' });
  if (record?.item_id === undefined || record.item_id === null || record.spent) {
    throw new PlaidError('INVALID_ACCESS_TOKEN');
  }
  return record.item_id;
};

/**
 * Requires a product; transactions begin when they are first asked for.
 * @param item the Item
 * @param product its name
 * @throws PlaidError when the Item does not have it
 */
export const requireProduct = (item: ItemRecord, product: string): void => {
  if (!item.products.includes(product)) {
    throw new PlaidError('PRODUCTS_NOT_SUPPORTED');
  }
};
