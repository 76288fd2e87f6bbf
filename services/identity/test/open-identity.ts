import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { CountUserActivity } from '@orrery/contracts';
import { type Environment, type UserIdentity, type UserRole } from '@orrery/service-kit';
import { type TestReply, type TestService, nobody, startTestService } from '@orrery/testing';
import jwt from 'jsonwebtoken';
import { z } from 'zod';
import { identity } from '../src/index.ts';

export const SECRET = 'a-secret-of-this-installation-32-bytes';
export const ADMIN_PASSWORD = 'the-first-administrators-password';

export const UserReply = z.strictObject({
  id: z.string(),
  email: z.string(),
  username: z.string(),
  full_name: z.string().nullable(),
  role: z.enum(['user', 'analyst', 'admin']),
  is_active: z.boolean(),
  created_at: z.iso.datetime(),
});
export type UserReply = z.output<typeof UserReply>;

export const TokenReply = z.object({
  access_token: z.string(),
  token_type: z.literal('bearer'),
  refresh_token: z.string(),
  expires_in: z.number(),
  user: UserReply,
});
export type TokenReply = z.output<typeof TokenReply>;

const Claims = z.object({ id: z.string(), role: z.enum(['USER', 'ANALYST', 'ADMIN']), jti: z.string() });

/** A person of a test: account, tokens, and the identity that the gateway would present for them. */
export interface Person {
  user: UserReply;
  password: string;
  tokens: TokenReply;
  as: UserIdentity;
}

const ROLES: Record<z.output<typeof Claims>['role'], UserRole> = {
  USER: 'user',
  ANALYST: 'analyst',
  ADMIN: 'admin',
};

/**
 * The identity that the gateway establishes from an access token.
 * @param accessToken a token of ours
 */
export const identityOf = (accessToken: string): UserIdentity => {
  const claims = Claims.parse(jwt.verify(accessToken, SECRET, { algorithms: ['HS256'] }));
  return {
    kind: 'user',
    userId: claims.id,
    role: ROLES[claims.role],
    tokenId: claims.jti,
    caller: 'gateway',
  };
};

/** What the segmentation service of these tests says of each user, and of all. */
export const ACTIVITY = { predictions: 2, profiles: 1 };
export const ALL_ACTIVITY = { predictions: 70, profiles: 30 };

/** Segmentation, which only counts: whatever else it is asked, it is out of order. */
async function openSegmentation(): Promise<{ url: string; close(): void }> {
  const server = createServer((request, response) => {
    if (request.url !== CountUserActivity.path) {
      response.writeHead(503).end();
      return;
    }
    void json(request).then((body) => {
      const { userIds } = z.object({ userIds: z.array(z.string()) }).parse(body);
      response.setHeader('content-type', 'application/json');
      response.end(
        JSON.stringify({
          users: userIds.map((userId) => ({ userId, ...ACTIVITY })),
          totals: ALL_ACTIVITY,
        }),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${String(port)}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** The identity service in standalone mode. */
export interface OpenIdentity {
  service: TestService;
  register(fields?: Record<string, unknown>): Promise<TestReply>;
  logIn(username: string, password: string, address?: string): Promise<TestReply>;
  refresh(token: string): Promise<TestReply>;
  /** A registered person with a session. */
  aPerson(): Promise<Person>;
  admin(): Promise<Person>;
}

/** A client address nobody else has. */
export const anAddress = (): string => `2001:db8::${randomUUID().slice(0, 4)}:${randomUUID().slice(0, 4)}`;

/**
 * Starts the service.
 * @param env settings beside the usual ones
 */
export async function openIdentity(env: Environment = {}): Promise<OpenIdentity> {
  const segmentation = await openSegmentation();
  const started = await startTestService(identity, {
    addresses: { segmentation: segmentation.url },
    env: { JWT_SECRET: SECRET, ADMIN_PASSWORD, RATE_LIMIT_LOGIN: '10000', ...env },
  });
  const service: TestService = {
    ...started,
    stop: async () => {
      await started.stop();
      segmentation.close();
    },
  };
  const logIn = (username: string, password: string, address = anAddress()) =>
    service.call('/auth/login', {
      as: nobody,
      method: 'POST',
      body: new URLSearchParams({ username, password }),
      headers: { 'x-forwarded-for': address },
    });
  const register = (fields: Record<string, unknown> = {}) => {
    const name = `u${randomUUID().slice(0, 8)}`;
    return service.call('/auth/register', {
      as: nobody,
      method: 'POST',
      json: { email: `${name}@example.test`, username: name, password: 'a-long-password', ...fields },
      headers: { 'x-forwarded-for': anAddress() },
    });
  };
  const signedIn = async (name: string, password: string): Promise<Person> => {
    const tokens = TokenReply.parse((await logIn(name, password)).json);
    return { user: tokens.user, password, tokens, as: identityOf(tokens.access_token) };
  };
  return {
    service,
    logIn,
    register,
    refresh: (token) =>
      service.call('/auth/refresh', { as: nobody, method: 'POST', json: { refresh_token: token } }),
    aPerson: async () => signedIn(UserReply.parse((await register()).json).username, 'a-long-password'),
    admin: () => signedIn('admin', ADMIN_PASSWORD),
  };
}
