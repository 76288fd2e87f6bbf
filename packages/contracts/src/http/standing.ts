import { z } from 'zod';
import { defineRoute } from '../define-route.ts';
import { UserId } from '../ids.ts';

/** Longest time in milliseconds for which a reader may go by a standing it has fetched: ends take effect within 30 s. */
export const STANDING_MAX_AGE_MS = 20_000;

/**
 * What the identity service says about the user of a valid token. `unknown` has no account here: in standalone mode a
 * user by token only, in main mode nobody. `external` is the user of another issuer, who never has an account here.
 */
export const StandingState = z.enum(['active', 'inactive', 'blocked', 'deleted', 'unknown', 'external']);
export type StandingState = z.output<typeof StandingState>;

export const Standing = z.object({
  userId: UserId,
  state: StandingState,
  /**
   * Whether a valid token of this user that is not revoked may pass. When false the gateway answers 401; an `inactive`
   * user is passed on to routes of the identity service, which answers in its own words.
   */
  admitted: z.boolean(),
  /** The role that counts, over the one in the token; null when the token decides. */
  role: z.enum(['user', 'analyst', 'admin']).nullable(),
  /** Token ids (`jti`, else the digest that the gateway computes) that were ended before their expiry. */
  revokedTokens: z.array(z.string().max(256)),
  /** Tokens issued before this second since 1970 are refused; null for none. */
  notBefore: z.int().min(0).nullable(),
});
export type Standing = z.output<typeof Standing>;

/** Asked by the gateway for each user of a valid token, and kept for `STANDING_MAX_AGE_MS`. */
export const ReadStanding = defineRoute({
  method: 'get',
  path: '/internal/standing/{userId}',
  operationId: 'readStanding',
  summary: 'Whether the tokens of a user may pass, with which role, and which of them have ended',
  tag: 'identity',
  audience: 'service',
  params: z.object({ userId: UserId }),
  query: z.object({
    /** Name of the issuer whose key verified the token: `main-backend` (ours sign alike) or another of the gateway's list. */
    issuer: z.string().min(1).max(64).default('main-backend'),
  }),
  responses: { 200: Standing },
});
