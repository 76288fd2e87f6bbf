import type { ServiceName } from '@orrery/contracts';

/** What a signed-in person may do; each role includes those before it. */
export type UserRole = 'user' | 'analyst' | 'admin';

export type Role = UserRole | 'service' | 'anonymous';

interface SignedBy {
  /** Service that signed the call: the gateway for outside traffic, else one of our own. */
  caller: ServiceName;
}

/** A signed-in person. */
export interface UserIdentity extends SignedBy {
  kind: 'user';
  userId: string;
  role: UserRole;
  /** `jti` of the person's own token, or its digest; what a log-out revokes. */
  tokenId?: string;
}

/** A machine: one of our services on its own behalf, or an outside caller with a service key. */
export interface ServiceIdentity extends SignedBy {
  kind: 'service';
  role: 'service';
  userId?: undefined;
  tokenId?: undefined;
}

/** Nobody signed in; only public routes answer. */
export interface AnonymousIdentity extends SignedBy {
  kind: 'anonymous';
  role: 'anonymous';
  userId?: undefined;
  tokenId?: undefined;
}

/** Who is calling, as the gateway established it. It comes from a verified service token and from nowhere else. */
export type Identity = UserIdentity | ServiceIdentity | AnonymousIdentity;

/**
 * A service acting for itself: jobs, event handlers, start-up.
 * @param caller the service
 */
export const serviceIdentity = (caller: ServiceName): ServiceIdentity => ({
  kind: 'service',
  role: 'service',
  caller,
});
