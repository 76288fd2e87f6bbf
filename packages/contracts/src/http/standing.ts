import { z } from 'zod';
import { defineRoute } from '../define-route.ts';
import { UserId } from '../ids.ts';

/** What a user may do; each role includes those before it. */
export const AccountRole = z.enum(['user', 'analyst', 'admin']);
export type AccountRole = z.output<typeof AccountRole>;

/**
 * Where a user stands. `token-only` has no account although we keep accounts ourselves; `unknown` is missing where users
 * must be known; `external` is the user of another issuer, who never has an account here.
 */
export const StandingState = z.enum([
  'active',
  'token-only',
  'external',
  'inactive',
  'blocked',
  'deleted',
  'unknown',
]);
export type StandingState = z.output<typeof StandingState>;

/** What the edge has to know about a user beside the token. */
export const UserStanding = z.object({
  userId: UserId,
  /** False for blocked, inactive and deleted users, and for unknown ones where users must be known. */
  mayEnter: z.boolean(),
  /** Why or why not; for logs, and for the legacy answer to inactive users. */
  reason: StandingState,
  /** The role that counts in place of the token's; absent when the token's counts. */
  role: AccountRole.optional(),
  /** Tokens issued before this instant are void; null when none are. */
  tokensValidFrom: z.iso.datetime().nullable(),
  /** Ids of single tokens that ended before their expiry (`jti`, else the token's SHA-256, base64url), newest first. */
  revokedTokenIds: z.array(z.string().max(128)).max(1_000),
});
export type UserStanding = z.output<typeof UserStanding>;

/** Asked by the gateway for each active user at most every 10 s, so that an end takes effect within 30 s. */
export const readUserStanding = defineRoute({
  method: 'get',
  path: '/internal/standing/{userId}',
  operationId: 'readUserStanding',
  summary: 'Whether a user may enter, with which role, and which tokens are void',
  tag: 'Internal',
  audience: 'service',
  params: z.object({ userId: UserId }),
  query: z.object({
    /** Name of the issuer whose key verified the token; `main-backend` stands for ours too, since both sign alike. */
    issuer: z.string().min(1).max(64).default('main-backend'),
  }),
  responses: { 200: UserStanding },
});
