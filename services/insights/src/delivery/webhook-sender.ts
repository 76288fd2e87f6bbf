import { Agent, request } from 'undici';
import { signWebhook } from './sign-webhook.ts';
import { ClosedAddressError, isClosedHost, lookupPublic } from './public-address.ts';

/** A message to a user's server. */
export interface WebhookMessage {
  url: string;
  secret: string;
  /** The same on every attempt, so that a server can tell a double. */
  id: string;
  /** JSON. */
  body: string;
}

/** What became of an attempt; a refused one is not worth another. */
export type WebhookOutcome =
  { kind: 'delivered' } | { kind: 'failed'; reason: string } | { kind: 'refused'; reason: string };

/** Carries alerts to the servers of users. */
export interface WebhookSender {
  send(message: WebhookMessage): Promise<WebhookOutcome>;
  stop(): Promise<void>;
}

/** A server that takes longer than this is tried again later. */
const PATIENCE_MS = 5_000;

/** An answer is only read to free the connection. */
const MAX_ANSWER_BYTES = 16_384;

/** Status of a server that wants no more messages. */
const GONE = 410;

const reasonOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unreachable';

/**
 * Sends signed messages to servers that users name. Only https to public addresses is used, unless others are allowed;
 * redirects are not followed.
 * @param options whether http and private addresses may be used, for instance within a company
 */
export const createWebhookSender = ({ allowsPrivate }: { allowsPrivate: boolean }): WebhookSender => {
  const agent = new Agent({
    connect: { timeout: PATIENCE_MS, ...(allowsPrivate ? {} : { lookup: lookupPublic }) },
    headersTimeout: PATIENCE_MS,
    bodyTimeout: PATIENCE_MS,
    maxResponseSize: MAX_ANSWER_BYTES,
  });
  return {
    async send({ url, secret, id, body }) {
      const target = new URL(url);
      if (!allowsPrivate && (target.protocol !== 'https:' || isClosedHost(target))) {
        return { kind: 'refused', reason: 'private_address' };
      }
      try {
        const { statusCode, body: answer } = await request(target, {
          dispatcher: agent,
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            'user-agent': 'Orrery-Webhooks/1',
            ...signWebhook({ id, seconds: Math.floor(Date.now() / 1000), body, secret }),
          },
          body,
          signal: AbortSignal.timeout(2 * PATIENCE_MS),
        });
        answer.on('error', () => undefined).destroy();
        if (statusCode >= 200 && statusCode < 300) {
          return { kind: 'delivered' };
        }
        const reason = `status_${String(statusCode)}`;
        return statusCode === GONE ? { kind: 'refused', reason } : { kind: 'failed', reason };
      } catch (error) {
        return error instanceof ClosedAddressError
          ? { kind: 'refused', reason: 'private_address' }
          : { kind: 'failed', reason: reasonOf(error) };
      }
    },
    stop: () => agent.close(),
  };
};
