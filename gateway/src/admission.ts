import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ErrorShape } from '@orrery/contracts';
import { AppError, type Identity } from '@orrery/service-kit';
import { ANONYMOUS, type Authenticator, type SignedIn } from './identity/authenticate.ts';
import type { RequestLimits } from './limits/request-limits.ts';
import { isCanonicalPath, splitTarget } from './routing/canonical-path.ts';
import type { RouteRule } from './routing/route-table.ts';

/** A request that may pass: where it goes and for whom. */
export interface Admitted {
  rule: RouteRule;
  identity: Identity;
  /** Path and query as the client sent them; canonical, so they are forwarded unchanged. */
  target: string;
}

/** A refusal together with the error body that the addressed surface uses. */
export class Refusal extends Error {
  readonly error: AppError;
  readonly shape: ErrorShape;

  constructor(error: AppError, shape: ErrorShape) {
    super(error.message, { cause: error });
    this.name = 'Refusal';
    this.error = error;
    this.shape = shape;
  }
}

const RANK = { public: 0, anonymous: 0, user: 1, analyst: 2, admin: 3 } as const;
const METHODS: ReadonlySet<string | undefined> = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
]);
const BEARER = /^bearer +([A-Za-z0-9._~+/=-]+) *$/i;

/**
 * The bearer token of a request.
 * @param request the request
 * @returns undefined when there is no `Authorization` header
 * @throws AppError `sign-in-required` for another scheme or more than one header
 */
export function bearerToken(request: IncomingMessage): string | undefined {
  const { authorization } = request.headers;
  if (authorization === undefined) {
    return undefined;
  }
  const token = BEARER.exec(authorization)?.[1];
  // Node keeps the first of several; another reader might take the last.
  if (token === undefined || countOf(request.rawHeaders, 'authorization') > 1) {
    throw new AppError('sign-in-required', {
      detail: 'Invalid authentication credentials',
      headers: { 'WWW-Authenticate': 'Bearer' },
    });
  }
  return token;
}

/** The token in a cookie of ours; undefined without one, or when the route takes none. */
const cookieToken = ({ headers }: IncomingMessage, name: string | undefined): string | undefined => {
  if (name === undefined || headers.cookie === undefined) {
    return undefined;
  }
  const start = `${name}=`;
  const values = headers.cookie
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(start))
    .map((pair) => pair.slice(start.length));
  // Two of one name mean that somebody else may have planted one of them.
  return values.length === 1 && values[0] !== '' ? values[0] : undefined;
};

const countOf = (rawHeaders: readonly string[], name: string): number => {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    count += rawHeaders[index]?.length === name.length && rawHeaders[index]?.toLowerCase() === name ? 1 : 0;
  }
  return count;
};

function checkMessage(request: IncomingMessage): void {
  const { headers, method } = request;
  if (!METHODS.has(method)) {
    throw new AppError('method-not-allowed');
  }
  if (headers['transfer-encoding'] !== undefined) {
    // Two statements about where a body ends are how a second request is smuggled in.
    if (headers['content-length'] !== undefined || headers['transfer-encoding'].toLowerCase() !== 'chunked') {
      throw new AppError('malformed-request', { headers: { Connection: 'close' } });
    }
  }
  if (headers.expect !== undefined && headers.expect.toLowerCase() !== '100-continue') {
    throw new AppError('malformed-request', { detail: 'Only Expect: 100-continue is understood.' });
  }
}

function checkBodyLength(request: IncomingMessage, limitBytes: number): void {
  const declared = request.headers['content-length'];
  if (declared !== undefined && Number(declared) > limitBytes) {
    throw new AppError('body-too-large', {
      detail: `At most ${limitBytes} bytes are accepted here.`,
      headers: { Connection: 'close' },
    });
  }
}

export interface AdmissionParts {
  routeOf(path: string): RouteRule | undefined;
  authenticator: Authenticator;
  limits: RequestLimits;
}

/**
 * Finds the rule of a request.
 * @param request the request
 * @param routeOf the compiled table
 * @throws Refusal for a path that is not canonical or does not exist outside
 */
export function locate(
  request: IncomingMessage,
  routeOf: AdmissionParts['routeOf'],
): { rule: RouteRule; path: string; query: string } {
  const target = splitTarget(request.url ?? '');
  if (target === undefined || !isCanonicalPath(target.path)) {
    throw new Refusal(
      new AppError('malformed-request', { detail: 'The path is not in canonical form.' }),
      'problem',
    );
  }
  const rule = routeOf(target.path);
  if (rule === undefined) {
    // Clients of the Python services compare with this word.
    throw new Refusal(new AppError('route-not-found', { detail: 'Not Found' }), 'problem');
  }
  return { rule, ...target };
}

/**
 * Decides whether a request passes, before any of it is forwarded: canonical path, known route, message, identity,
 * role, rate, size. Both proxy paths call it, so neither can be looser than the other.
 * @param parts compiled routes, sign-in and limits
 * @throws Refusal from the returned function, or a promise rejected with it
 */
export function admission({ routeOf, authenticator, limits }: AdmissionParts) {
  function identify(request: IncomingMessage, rule: RouteRule): Identity | SignedIn | Promise<SignedIn> {
    if (authenticator.fixed !== undefined) {
      return authenticator.fixed;
    }
    const token = bearerToken(request) ?? cookieToken(request, rule.cookie);
    if (token !== undefined) {
      return authenticator.signIn(token, rule.service === 'identity' && rule.errorShape === 'detail');
    }
    throw new AppError('sign-in-required', {
      detail: 'Not authenticated',
      headers: { 'WWW-Authenticate': 'Bearer' },
    });
  }

  // An old token must not keep anybody from signing in anew.
  const anonymousIfPublic = (error: unknown, rule: RouteRule): Identity => {
    if (rule.audience === 'public' && error instanceof AppError && error.code === 'sign-in-required') {
      return ANONYMOUS;
    }
    throw error;
  };

  const inItsWords = (error: AppError, { signInWords }: RouteRule): AppError =>
    error.code !== 'sign-in-required' || signInWords === undefined
      ? error
      : new AppError('sign-in-required', {
          detail: signInWords.detail,
          cause: error,
          headers: error.headers,
          ...(signInWords.code === undefined ? {} : { legacyCode: signInWords.code }),
        });

  function refused(error: unknown, rule: RouteRule, address: string): unknown {
    if (!(error instanceof AppError)) {
      return error;
    }
    if (error.code === 'sign-in-required') {
      try {
        limits.chargeRefused(address);
      } catch (over) {
        return over instanceof AppError ? new Refusal(over, rule.errorShape) : over;
      }
    }
    return new Refusal(inItsWords(error, rule), rule.errorShape);
  }

  /**
   * @param request the request
   * @param response shows how much of the limits is left
   * @param address where it came from
   * @returns at once when everything needed is in memory
   */
  return (
    request: IncomingMessage,
    response: ServerResponse,
    address: string,
  ): Admitted | Promise<Admitted> => {
    const { rule, path, query } = locate(request, routeOf);
    const pass = (found: Identity | SignedIn): Admitted => {
      const identity = 'identity' in found ? found.identity : found;
      if (RANK[identity.kind === 'user' ? identity.role : 'anonymous'] < RANK[rule.audience]) {
        throw new AppError('forbidden', { detail: 'Access denied: Administrator privileges required.' });
      }
      limits.charge({ identity, address, rateClass: rule.rateClass }, response);
      checkBodyLength(request, rule.bodyLimitBytes);
      return { rule, identity, target: path + query };
    };
    try {
      checkMessage(request);
      let found: Identity | SignedIn | Promise<SignedIn | Identity>;
      try {
        found = identify(request, rule);
      } catch (error) {
        found = anonymousIfPublic(error, rule);
      }
      return found instanceof Promise
        ? found
            .catch((error: unknown) => anonymousIfPublic(error, rule))
            .then(pass)
            .catch((error: unknown) => {
              throw refused(error, rule, address);
            })
        : pass(found);
    } catch (error) {
      throw refused(error, rule, address);
    }
  };
}
