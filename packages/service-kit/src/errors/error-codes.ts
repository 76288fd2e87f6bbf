/** One kind of error: stable code, HTTP status and a short sentence that is the same for every occurrence. */
export interface ErrorDefinition<Code extends string = string> {
  code: Code;
  status: number;
  title: string;
  /** Whether a repeated attempt may succeed; default: 408, 425, 429 and 5xx may. */
  transient?: boolean;
}

const catalogue = new Map<string, ErrorDefinition>();

/**
 * Adds a kind of error to the catalogue. Services declare their own beside the code that throws them.
 * @param code stable, kebab-case, part of the public contract
 * @param status HTTP status
 * @param title short sentence without detail of the occurrence
 * @param options `transient` when the status alone does not tell whether a repeat may succeed
 * @throws Error when the code is already declared with another meaning
 */
export const defineError = <Code extends string>(
  code: Code,
  status: number,
  title: string,
  options: { transient?: boolean } = {},
): ErrorDefinition<Code> => {
  const definition = { code, status, title, ...options };
  const known = catalogue.get(code);
  if (known !== undefined && (known.status !== status || known.title !== title)) {
    throw new Error(`Error code "${code}" is declared twice with different meanings`);
  }
  catalogue.set(code, definition);
  return definition;
};

/**
 * The declared kind of a code, or undefined.
 * @param code an error code
 */
export const findErrorDefinition = (code: string): ErrorDefinition | undefined => catalogue.get(code);

/** Errors that any service may answer with. */
export const COMMON_ERRORS = {
  'malformed-request': defineError('malformed-request', 400, 'The request could not be read'),
  'malformed-json': defineError('malformed-json', 400, 'The body is not valid JSON'),
  'sign-in-required': defineError('sign-in-required', 401, 'Sign in first'),
  forbidden: defineError('forbidden', 403, 'You may not do this'),
  'not-found': defineError('not-found', 404, 'Not found'),
  'route-not-found': defineError('route-not-found', 404, 'There is no such address'),
  'method-not-allowed': defineError('method-not-allowed', 405, 'This address does not take this method'),
  conflict: defineError('conflict', 409, 'This clashes with the present state'),
  'version-conflict': defineError('version-conflict', 409, 'It was changed by somebody else meanwhile', {
    transient: true,
  }),
  'job-already-running': defineError('job-already-running', 409, 'This job is queued or running already'),
  'idempotency-key-in-flight': defineError(
    'idempotency-key-in-flight',
    409,
    'The first request with this Idempotency-Key is still at work',
    { transient: true },
  ),
  'idempotency-key-reused': defineError(
    'idempotency-key-reused',
    422,
    'This Idempotency-Key was used for a different request',
  ),
  'body-too-large': defineError('body-too-large', 413, 'The body is too large'),
  'unsupported-media-type': defineError('unsupported-media-type', 415, 'This kind of body is not accepted'),
  'validation-failed': defineError('validation-failed', 422, 'Some fields are not valid'),
  'json-too-deep': defineError('json-too-deep', 422, 'The body is nested too deeply'),
  'too-many-requests': defineError('too-many-requests', 429, 'Too many requests'),
  internal: defineError('internal', 500, 'Something went wrong on our side'),
  'upstream-failed': defineError('upstream-failed', 502, 'Another system gave an unusable answer'),
  'upstream-unavailable': defineError('upstream-unavailable', 503, 'Another system cannot be reached now'),
  'database-unavailable': defineError('database-unavailable', 503, 'The database cannot be reached now'),
  'broker-unavailable': defineError('broker-unavailable', 503, 'The message broker cannot be reached now'),
  'deadline-exceeded': defineError('deadline-exceeded', 503, 'The answer took too long'),
  unavailable: defineError('unavailable', 503, 'This cannot be served now'),
} as const;

export type CommonErrorCode = keyof typeof COMMON_ERRORS;
