import type { IncomingMessage } from 'node:http';
import type { ErrorShape, ServiceName } from '@orrery/contracts';
import { AppError, type Identity } from '@orrery/service-kit';
import type { AccessTokenVerifier } from './identity/verify-access-token.ts';
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

const GATEWAY: ServiceName = 'gateway';
const ANONYMOUS: Identity = { kind: 'anonymous', role: 'anonymous', caller: GATEWAY };
const RANK = { public: 0, anonymous: 0, user: 1, analyst: 2, admin: 3 } as const;

const BEARER = /^bearer +([A-Za-z0-9._~+/=-]+) *$/i;

function tokenOf(request: IncomingMessage): string | undefined {
  const { authorization } = request.headers;
  if (authorization === undefined) {
    return undefined;
  }
  const token = BEARER.exec(authorization)?.[1];
  if (token === undefined) {
    throw new AppError('sign-in-required', {
      detail: 'Invalid authentication credentials',
      headers: { 'WWW-Authenticate': 'Bearer' },
    });
  }
  return token;
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
  verifier: AccessTokenVerifier;
}

/**
 * Decides whether a request passes, before any of it is forwarded: canonical path, known route, identity, role, size.
 * Both proxy paths call it, so neither can be looser than the other.
 * @param parts compiled routes and the token verifier
 * @throws Refusal from the returned function
 */
export function admission({ routeOf, verifier }: AdmissionParts): (request: IncomingMessage) => Admitted {
  function identify(request: IncomingMessage, rule: RouteRule): Identity {
    const token = tokenOf(request);
    if (token === undefined) {
      if (rule.audience === 'public') {
        return ANONYMOUS;
      }
      throw new AppError('sign-in-required', {
        detail: 'Not authenticated',
        headers: { 'WWW-Authenticate': 'Bearer' },
      });
    }
    const user = verifier.verify(token);
    return { kind: 'user', userId: user.userId, role: user.role, tokenId: user.tokenId, caller: GATEWAY };
  }

  return (request) => {
    const target = splitTarget(request.url ?? '');
    if (target === undefined || !isCanonicalPath(target.path)) {
      throw new Refusal(
        new AppError('malformed-request', { detail: 'The path is not in canonical form.' }),
        'problem',
      );
    }
    const rule = routeOf(target.path);
    if (rule === undefined) {
      throw new Refusal(new AppError('route-not-found'), 'problem');
    }
    try {
      const identity = identify(request, rule);
      if (RANK[identity.kind === 'user' ? identity.role : 'anonymous'] < RANK[rule.audience]) {
        throw new AppError('forbidden', { detail: 'Access denied: Administrator privileges required.' });
      }
      checkBodyLength(request, rule.bodyLimitBytes);
      return { rule, identity, target: target.path + target.query };
    } catch (error) {
      if (error instanceof AppError) {
        throw new Refusal(error, rule.errorShape);
      }
      throw error;
    }
  };
}
