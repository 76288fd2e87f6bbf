import { defineRoute } from '@orrery/contracts';
import { type MountedRoute, handle, requireUserId } from '@orrery/service-kit';
import { z } from 'zod';
import { FirstPassword, GivenPassword } from '../../../domain/password-rules.ts';
import type { SessionStore } from '../../../store/session-store.ts';
import type { SignIn, Tokens } from '../../../use-cases/sign-in.ts';
import { type Gatekeeper, clientAddressOf } from '../../require-account.ts';
import { Email, FullName, Message, UserBody, Username, toUserBody } from './user-shape.ts';

const TokenReply = z.object({
  access_token: z.string(),
  token_type: z.literal('bearer'),
  /** Seconds until the access token ends. */
  expires_in: z.int(),
  /** Used once at `POST /auth/refresh`, which answers with the next. */
  refresh_token: z.string(),
  user: UserBody,
});

const common = { tag: 'auth', errorShape: 'detail' } as const;

const Register = defineRoute({
  ...common,
  method: 'post',
  path: '/auth/register',
  operationId: 'register',
  summary: 'Opens an account; its role is always user',
  audience: 'public',
  body: z.object({
    email: Email,
    username: Username,
    full_name: FullName.optional(),
    password: FirstPassword,
  }),
  responses: { 201: UserBody },
  problems: ['email-taken', 'username-taken', 'too-many-logins'],
});

const LogIn = defineRoute({
  ...common,
  method: 'post',
  path: '/auth/login',
  operationId: 'logIn',
  summary: 'Begins a session; the user name may also be the e-mail',
  audience: 'public',
  bodyKind: 'form',
  body: z.object({ username: z.string().min(1).max(320), password: GivenPassword }),
  responses: { 200: TokenReply },
  problems: ['wrong-credentials', 'inactive-user', 'too-many-logins'],
});

const Refresh = defineRoute({
  ...common,
  method: 'post',
  path: '/auth/refresh',
  operationId: 'refreshSession',
  summary: 'New tokens for a refresh token; one that was used before ends the session',
  audience: 'public',
  body: z.object({ refresh_token: z.string().min(1).max(256) }),
  responses: { 200: TokenReply },
  problems: ['refresh-token-refused'],
});

const Me = defineRoute({
  ...common,
  method: 'get',
  path: '/auth/me',
  operationId: 'readMe',
  summary: 'The signed-in user',
  audience: 'user',
  responses: { 200: UserBody },
  problems: ['not-authenticated', 'inactive-user', 'user-not-found'],
});

const LogOut = defineRoute({
  ...common,
  method: 'post',
  path: '/auth/logout',
  operationId: 'logOut',
  summary: 'Ends the session and its tokens',
  audience: 'user',
  responses: { 200: Message },
});

/**
 * Routes that open accounts and sessions.
 * @param parts use case and life of an access token in seconds
 */
export function signInRoutes({
  signIn,
  accessLifeSeconds,
}: {
  signIn: SignIn;
  accessLifeSeconds: number;
}): MountedRoute[] {
  const toReply = ({ account, accessToken, refreshToken }: Tokens) => ({
    status: 200 as const,
    body: {
      access_token: accessToken,
      token_type: 'bearer' as const,
      expires_in: accessLifeSeconds,
      refresh_token: refreshToken,
      user: toUserBody(account),
    },
  });
  return [
    handle(Register, async ({ body, request }) => {
      const { email, username, full_name: fullName = null, password } = body;
      const wanted = { email, username, fullName, password };
      return { status: 201, body: toUserBody(await signIn.register(wanted, clientAddressOf(request))) };
    }),
    handle(LogIn, async ({ body, request }) =>
      toReply(await signIn.logIn(body.username, body.password, clientAddressOf(request))),
    ),
    handle(Refresh, async ({ body }) => toReply(await signIn.refresh(body.refresh_token))),
  ];
}

/**
 * `GET /auth/me` over our own accounts.
 * @param gatekeeper judges who calls
 */
export const readMe = (gatekeeper: Gatekeeper): MountedRoute =>
  handle(Me, async ({ identity }) => ({
    status: 200,
    body: toUserBody(await gatekeeper.requireAccount(identity)),
  }));

/**
 * `GET /auth/me` over accounts that are kept elsewhere.
 * @param find reads the caller's user; throws AppError when there is none
 */
export const readMainUser = (find: (userId: string) => Promise<z.input<typeof UserBody>>): MountedRoute =>
  handle(Me, async ({ identity }) => ({ status: 200, body: await find(requireUserId(identity)) }));

/**
 * `POST /auth/logout`, for tokens of every issuer.
 * @param sessions where ends are noted
 */
export const logOut = (sessions: SessionStore): MountedRoute =>
  handle(LogOut, async ({ identity }) => {
    const userId = requireUserId(identity);
    if (identity.tokenId !== undefined) {
      await sessions.end(userId, identity.tokenId);
    }
    return { status: 200, body: { message: 'Successfully logged out' } };
  });
