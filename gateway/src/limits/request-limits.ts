import type { ServerResponse } from 'node:http';
import { AppError, type Identity } from '@orrery/service-kit';
import type { RateClass } from '../routing/route-table.ts';
import { type RateLimiter, type RatePolicy, type RateState, rateHeaders } from './rate-limiter.ts';

const MINUTE = 60_000;

/** The numbers of the limits; windows are a minute, for failed logins 15 minutes. */
export interface LimitSettings {
  user: number;
  address: number;
  upload: number;
  chat: number;
  login: number;
}

/** Applies the limits of the public surface. */
export interface RequestLimits {
  /**
   * Charges a request and shows the rest in the headers of its answer.
   * @throws AppError `too-many-requests`
   */
  charge(
    who: { identity: Identity; address: string; rateClass: RateClass },
    response: Pick<ServerResponse, 'setHeader'> | undefined,
  ): void;
  /**
   * Charges a request whose token was missing or refused to its address.
   * @throws AppError `too-many-requests`, instead of the refusal
   */
  chargeRefused(address: string): void;
  /** Counts a failed login of an address; the accounts themselves are counted by the identity service. */
  countFailedLogin(address: string): void;
}

const NO_LIMITS: RequestLimits = {
  charge: () => undefined,
  chargeRefused: () => undefined,
  countFailedLogin: () => undefined,
};

const refuseWhenOver = (states: readonly RateState[]): void => {
  const over = states.filter(({ isOver }) => isOver);
  if (over.length > 0) {
    throw new AppError('too-many-requests', {
      headers: {
        'Retry-After': String(Math.max(...over.map(({ resetSeconds }) => resetSeconds))),
        ...rateHeaders(states),
      },
    });
  }
};

/** Addresses of one household or office: all of IPv6's /64 count as one, as providers hand them out. */
const addressKey = (address: string): string => {
  if (!address.includes(':')) {
    return address;
  }
  if (address.startsWith('::ffff:')) {
    return address.slice('::ffff:'.length);
  }
  const [head = '', tail] = address.split('::');
  const before = head.split(':').filter((part) => part !== '');
  const after = (tail ?? '').split(':').filter((part) => part !== '');
  const missing = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  return [...before, ...Array.from({ length: missing }, () => '0'), ...after].slice(0, 4).join(':');
};

/**
 * The limits over a limiter.
 * @param limiter counts
 * @param settings the numbers; undefined lifts all limits
 */
export function requestLimits(limiter: RateLimiter, settings: LimitSettings | undefined): RequestLimits {
  if (settings === undefined) {
    return NO_LIMITS;
  }
  const user: RatePolicy = { name: 'user', limit: settings.user, windowMs: MINUTE };
  const address: RatePolicy = { name: 'address', limit: settings.address, windowMs: MINUTE };
  const login: RatePolicy = { name: 'login', limit: settings.login, windowMs: 15 * MINUTE };
  const extra: Partial<Record<RateClass, RatePolicy>> = {
    upload: { name: 'upload', limit: settings.upload, windowMs: MINUTE },
    chat: { name: 'chat', limit: settings.chat, windowMs: MINUTE },
  };

  return {
    charge({ identity, address: from, rateClass }, response) {
      const key = identity.userId ?? addressKey(from);
      const states = [limiter.charge(identity.userId === undefined ? address : user, key)];
      const own = extra[rateClass];
      if (own !== undefined) {
        states.push(limiter.charge(own, key));
      }
      if (rateClass === 'login') {
        states.push(limiter.look(login, addressKey(from)));
      }
      refuseWhenOver(states);
      if (response !== undefined) {
        for (const [name, value] of Object.entries(rateHeaders(states))) {
          response.setHeader(name, value);
        }
      }
    },
    chargeRefused(from) {
      refuseWhenOver([limiter.charge(address, addressKey(from))]);
    },
    countFailedLogin(from) {
      limiter.charge(login, addressKey(from));
    },
  };
}
