import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { PlaidError } from './plaid-error.ts';

const MAX_BODY_BYTES = 1024 * 1024;

/**
 * Reads the whole body of a request.
 * @param incoming the request
 * @returns its bytes
 * @throws PlaidError when it is larger than 1 MiB
 */
export const readBody = async (incoming: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming) {
    if (Buffer.isBuffer(chunk)) {
      size += chunk.length;
      if (size <= MAX_BODY_BYTES) {
        chunks.push(chunk);
      }
    }
  }
  if (size > MAX_BODY_BYTES) {
    throw new PlaidError('INVALID_BODY', 'the body is larger than 1 MiB');
  }
  return Buffer.concat(chunks);
};

const JsonObject = z.record(z.string(), z.unknown());

/**
 * Reads a JSON object.
 * @param bytes body of a request
 * @param contentType its header
 * @throws PlaidError when it is no JSON object
 */
export const parseBody = (bytes: Buffer, contentType: string | undefined): Record<string, unknown> => {
  if (contentType?.toLowerCase().startsWith('application/json') !== true) {
    throw new PlaidError('INVALID_HEADERS');
  }
  try {
    return JsonObject.parse(JSON.parse(bytes.toString('utf8')));
  } catch {
    throw new PlaidError('INVALID_BODY');
  }
};

const valueAt = (root: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (value, key) => (value !== null && typeof value === 'object' ? Reflect.get(value, key) : undefined),
    root,
  );

/**
 * Checks the fields of a request, in Plaid's order: missing, unknown, wrong.
 * @param schema what the endpoint takes
 * @param body the request's object
 * @returns the checked fields
 * @throws PlaidError `MISSING_FIELDS`, `UNKNOWN_FIELDS` or `INVALID_FIELD`
 */
export const checkFields = <Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> => {
  const parsed = schema.safeParse(body);
  if (parsed.success) {
    return parsed.data;
  }
  const { issues } = parsed.error;
  const missing = issues.filter(
    ({ code, path }) => code !== 'unrecognized_keys' && valueAt(body, path) === undefined,
  );
  if (missing.length > 0) {
    const names = missing.map(({ path }) => path.join('.')).join(', ');
    throw new PlaidError('MISSING_FIELDS', `the following required fields are missing: ${names}`);
  }
  const unknown = issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key].join('.')) : [],
  );
  if (unknown.length > 0) {
    throw new PlaidError(
      'UNKNOWN_FIELDS',
      `the following fields are not recognized by this endpoint: ${unknown.join(', ')}`,
    );
  }
  const [first] = issues;
  throw new PlaidError('INVALID_FIELD', `${first?.path.join('.') ?? 'body'}: ${first?.message ?? 'invalid'}`);
};
