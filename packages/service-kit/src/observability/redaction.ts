// One name each; pino needs the depth spelt out, so every name is listed at the top and up to two levels down.
const SECRET_NAMES = [
  'authorization',
  'cookie',
  'password',
  'current_password',
  'secret',
  'token',
  'accessToken',
  'access_token',
  'refreshToken',
  'refresh_token',
  'publicToken',
  'public_token',
  'linkToken',
  'link_token',
  'apiKey',
  'api_key',
  'client_id',
  'email',
  'body',
  'prompt',
  'headers["set-cookie"]',
  'headers["x-service-token"]',
  'headers["x-api-key"]',
];

/** What stands in a log line in place of a secret. */
export const REDACTED = '[redacted]';

const under = (prefix: string, name: string): string => `${prefix}.${name}`;

/** Paths that never reach a log, in the form pino's `redact` takes. */
export const REDACTED_PATHS: readonly string[] = SECRET_NAMES.flatMap((name) => [
  name,
  under('*', name),
  under('*.*', name),
]);

// user:password@ of an address, a JSON web token, and an opaque token of Plaid's form.
const SECRET_TEXT = [
  { pattern: /\/\/[^\s/@]+@/g, replacement: `//${REDACTED}@` },
  { pattern: /\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, replacement: REDACTED },
  { pattern: /\b(?:access|public|link)-(?:sandbox|development|production)-[\w-]+/g, replacement: REDACTED },
  { pattern: /\bBearer\s+[\w.~+/=-]+/gi, replacement: `Bearer ${REDACTED}` },
];

/**
 * Takes secrets out of free text such as the message of a driver's error.
 * @param text any text
 */
export const redactText = (text: string): string =>
  SECRET_TEXT.reduce((clean, { pattern, replacement }) => clean.replaceAll(pattern, replacement), text);
