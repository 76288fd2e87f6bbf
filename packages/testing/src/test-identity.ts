import { randomUUID } from 'node:crypto';
import type { ServiceName } from '@orrery/contracts';
import {
  SERVICE_TOKEN_HEADER,
  serviceIdentity,
  serviceTokenKeys,
  signServiceToken,
  type AnonymousIdentity,
  type Identity,
  type ServiceIdentity,
  type UserIdentity,
  type UserRole,
} from '@orrery/service-kit';

/** The secret of every service that a test starts. */
export const TEST_SERVICE_TOKEN_SECRET = 'a-secret-that-only-tests-know-0123456789';

/**
 * A user nobody else has, as the gateway would present it.
 * @param fields what matters to the test
 */
export const aUser = (fields: { userId?: string; role?: UserRole } = {}): UserIdentity => ({
  kind: 'user',
  userId: fields.userId ?? `u-${randomUUID()}`,
  role: fields.role ?? 'user',
  caller: 'gateway',
});

/** An administrator nobody else has. */
export const anAdmin = (): UserIdentity => aUser({ role: 'admin' });

/** Somebody who is not signed in. */
export const nobody: AnonymousIdentity = { kind: 'anonymous', role: 'anonymous', caller: 'gateway' };

/**
 * Another service of ours calling on its own behalf.
 * @param caller the service
 */
export const aService = (caller: ServiceName): ServiceIdentity => serviceIdentity(caller);

/**
 * Headers of a really signed call.
 * @param identity who calls
 * @param target the service that is called
 * @param requestId default a new one
 */
export const signedHeaders = (
  identity: Identity,
  target: ServiceName,
  requestId: string = randomUUID(),
): Record<string, string> => ({
  'x-request-id': requestId,
  [SERVICE_TOKEN_HEADER]: signServiceToken(serviceTokenKeys(TEST_SERVICE_TOKEN_SECRET), {
    identity,
    target,
    requestId,
  }),
});
