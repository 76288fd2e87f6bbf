import { hash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { defineRoute } from '@orrery/contracts';
import { AppError, defineError, handle } from '@orrery/service-kit';
import type { MountedRoute, Runtime } from '@orrery/service-kit';
import { z } from 'zod';
import { UnverifiedWebhookError } from '../clients/webhook-verifier.ts';
import type { WebhookVerifier } from '../clients/webhook-verifier.ts';
import type { PlaidMode } from '../plaid-settings.ts';
import type { ItemStore } from '../store/item-store.ts';
import type { WebhookReceipt, WebhookStore } from '../store/webhook-store.ts';
import type { BankMetrics } from '../use-cases/bank-metrics.ts';

const NOT_VERIFIED = defineError(
  'webhook-not-verified',
  401,
  'This message is not signed by the bank provider',
);

const MAX_BODY_BYTES = 1024 * 1024;

const PlaidWebhook = defineRoute({
  method: 'post',
  path: '/webhooks/plaid',
  operationId: 'receivePlaidWebhook',
  summary: 'Takes a signed message of Plaid; it is stored and worked afterwards',
  tag: 'Banks',
  audience: 'public',
  bodyKind: 'raw',
  bodyLimitBytes: MAX_BODY_BYTES,
  responses: { 200: z.object({ received: z.literal(true) }) },
  problems: ['webhook-not-verified', 'malformed-request'],
});

const Message = z.object({
  webhook_type: z.string().min(1).max(64),
  webhook_code: z.string().min(1).max(64),
  environment: z.string().optional(),
  item_id: z.string().max(64).nullish().catch(null),
  account_id: z.string().max(64).nullish().catch(null),
  consent_expiration_time: z.string().nullish().catch(null),
  disconnect_time: z.string().nullish().catch(null),
  error: z
    .object({ error_code: z.string().max(64) })
    .nullish()
    .catch(null),
});

const ENVIRONMENT_OF: Readonly<Record<PlaidMode, string>> = {
  sand: 'sandbox',
  dev: 'sandbox',
  prod: 'production',
};

const readAll = async (stream: Readable): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) {
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
};

const messageOf = (body: Buffer): z.output<typeof Message> => {
  try {
    return Message.parse(JSON.parse(body.toString('utf8')));
  } catch (error) {
    throw new AppError('malformed-request', { detail: 'The signed body is no webhook.', cause: error });
  }
};

interface WebhookParts {
  verifier: WebhookVerifier;
  receipts: WebhookStore;
  items: ItemStore;
  mode: PlaidMode;
  metrics: BankMetrics;
  logger: Runtime<unknown>['logger'];
  /** Tells the worker that there is something to do. */
  nudge(): void;
}

/**
 * `POST /webhooks/plaid`.
 * @param parts verifier, stores and worker
 */
export const plaidWebhook = (parts: WebhookParts): MountedRoute =>
  handle(PlaidWebhook, async ({ stream, request }) => {
    const body = await readAll(stream);
    const header = request.headers['plaid-verification'];
    const signature = typeof header === 'string' ? header : '';
    try {
      await parts.verifier.verify(signature, body);
    } catch (error) {
      if (error instanceof UnverifiedWebhookError) {
        parts.metrics.webhooks.inc({ outcome: 'refused' });
        parts.logger.warn({ reason: error.message }, 'a webhook was refused');
        throw new AppError(NOT_VERIFIED, { cause: error });
      }
      throw new AppError('upstream-unavailable', { cause: error });
    }
    const message = messageOf(body);
    const answer = { status: 200 as const, body: { received: true as const } };
    if (message.environment !== undefined && message.environment !== ENVIRONMENT_OF[parts.mode]) {
      parts.metrics.webhooks.inc({ outcome: 'foreign' });
      return answer;
    }
    const itemId = message.item_id ?? null;
    const userId = itemId === null ? null : await parts.items.ownerOf(itemId);
    if (itemId !== null && userId === null) {
      // A link that Plaid bills and we do not know.
      parts.metrics.webhooks.inc({ outcome: 'orphan' });
      parts.logger.error(
        { itemId, code: message.webhook_code },
        'a webhook names a bank link that is not ours',
      );
      return answer;
    }
    const now = new Date();
    const expiresAt = message.consent_expiration_time ?? message.disconnect_time;
    const receipt: WebhookReceipt = {
      // Two messages of one second can have the same words; no two have the same signature.
      _id: hash('sha256', signature, 'base64url'),
      ...(userId === null ? {} : { userId }),
      itemId,
      type: message.webhook_type,
      code: message.webhook_code,
      facts: {
        ...(message.error?.error_code === undefined ? {} : { errorCode: message.error.error_code }),
        ...(typeof message.account_id === 'string' ? { accountId: message.account_id } : {}),
        ...(typeof expiresAt === 'string' ? { expiresAt } : {}),
      },
      receivedAt: now,
      state: 'waiting',
      attempts: 0,
      nextAt: now,
    };
    const isNew = await parts.receipts.add(receipt);
    parts.metrics.webhooks.inc({ outcome: isNew ? 'stored' : 'repeated' });
    parts.nudge();
    return answer;
  });
