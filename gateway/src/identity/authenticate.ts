import type { UserStanding } from '@orrery/contracts';
import { AppError, type Identity, type UserIdentity, type UserRole } from '@orrery/service-kit';
import type { StandingStore } from './standing.ts';
import type { AccessTokenVerifier, VerifiedUser } from './verify-access-token.ts';

/** A signed-in user with the end of the sign-in. */
export interface SignedIn {
  identity: UserIdentity;
  /** Milliseconds since 1970. */
  expiresAt: number;
}

/** Turns a token into an identity. */
export interface Authenticator {
  /** Set when sign-in is switched off: everybody is this user. */
  fixed: SignedIn | undefined;
  /**
   * @param token compact JWT
   * @param takesInactive whether an inactive user passes, ended tokens included: account routes answer those in words of their own
   * @returns at once when token and standing are known
   * @throws AppError `sign-in-required` for a bad token or a user who may not enter, `unavailable` while the standing
   *   of a new user cannot be asked (or a promise rejected with them)
   */
  signIn(token: string, takesInactive?: boolean): SignedIn | Promise<SignedIn>;
}

/** Everybody's identity with `DISABLE_AUTH=1`; an administrator, so that every page can be tried. */
const LOCAL_USER: SignedIn = {
  identity: { kind: 'user', userId: 'local-user', role: 'admin', tokenId: 'local', caller: 'gateway' },
  expiresAt: Number.MAX_SAFE_INTEGER,
};

const refuseVoid = (user: VerifiedUser, standing: UserStanding, takesInactive: boolean): void => {
  if (takesInactive && standing.reason === 'inactive') {
    return;
  }
  const isVoid =
    !standing.mayEnter ||
    standing.revokedTokenIds.includes(user.tokenId) ||
    // `iat` has whole seconds; a token of the same second as the revocation counts as issued after it.
    (standing.tokensValidFrom !== null && user.issuedAt + 999 < Date.parse(standing.tokensValidFrom));
  if (isVoid) {
    throw new AppError('sign-in-required', {
      detail: standing.reason === 'inactive' ? 'Inactive user' : 'Invalid token',
      headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' },
    });
  }
};

/**
 * @param parts verifier, standing (absent when no identity service is there) and whether sign-in is switched off
 */
export function authenticator(parts: {
  verifier: AccessTokenVerifier;
  standing: StandingStore | undefined;
  isDisabled: boolean;
}): Authenticator {
  const { verifier, standing, isDisabled } = parts;
  // One object for one verified token and role, so that the hot path makes none.
  const signedIn = new WeakMap<VerifiedUser, SignedIn>();

  function signedInAs(user: VerifiedUser, role: UserRole): SignedIn {
    const known = signedIn.get(user);
    if (known?.identity.role === role) {
      return known;
    }
    const { userId, tokenId, expiresAt } = user;
    const fresh: SignedIn = {
      identity: { kind: 'user', userId, role, tokenId, caller: 'gateway' },
      expiresAt,
    };
    signedIn.set(user, fresh);
    return fresh;
  }

  function enter(user: VerifiedUser, takesInactive: boolean): SignedIn | Promise<SignedIn> {
    if (standing === undefined) {
      return signedInAs(user, user.role);
    }
    const judge = (found: UserStanding): SignedIn => {
      refuseVoid(user, found, takesInactive);
      return signedInAs(user, found.role ?? user.role);
    };
    const known = standing.standingOf(user.userId, user.issuer);
    return known instanceof Promise ? known.then(judge) : judge(known);
  }

  return {
    fixed: isDisabled ? LOCAL_USER : undefined,
    signIn(token, takesInactive = false) {
      const user = verifier.verify(token);
      return user instanceof Promise
        ? user.then((verified) => enter(verified, takesInactive))
        : enter(user, takesInactive);
    },
  };
}

/** Nobody, as the gateway presents it to a public route. */
export const ANONYMOUS: Identity = { kind: 'anonymous', role: 'anonymous', caller: 'gateway' };
