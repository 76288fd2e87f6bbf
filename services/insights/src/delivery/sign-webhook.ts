import { createHmac, randomBytes } from 'node:crypto';

const SECRET_PREFIX = 'whsec_';
const SECRET_BYTES = 32;

/** Makes a secret that a user's server checks signatures with. */
export const newWebhookSecret = (): string =>
  `${SECRET_PREFIX}${randomBytes(SECRET_BYTES).toString('base64')}`;

/**
 * Headers that prove who sent a body, when, and which message it is (the Standard Webhooks specification, version 1):
 * an HMAC with SHA-256 over id, time and body.
 * @param message id, the same on every attempt; whole seconds since 1970; the body as it is sent; the secret
 */
export const signWebhook = ({
  id,
  seconds,
  body,
  secret,
}: {
  id: string;
  seconds: number;
  body: string;
  secret: string;
}): Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string> => {
  const time = String(seconds);
  const key = Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${time}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': `v1,${signature}` };
};
