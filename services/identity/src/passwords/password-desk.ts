import { hash, verify } from '@node-rs/argon2';
import { AppError } from '@orrery/service-kit';

// OWASP Password Storage Cheat Sheet: Argon2id with 19 MiB, two passes, one lane.
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

// Each hash holds its memory and a thread of the pool; more at once would starve file and DNS work.
const AT_ONCE = 2;
const MAX_WAITING = 200;

/** Hashes and checks passwords off the event loop, a few at a time. */
export interface PasswordDesk {
  /** @returns an Argon2id hash in PHC form. Throws AppError `unavailable` when too many wait. */
  hash(password: string): Promise<string>;
  /** Takes as long without a stored hash as with one, so that time does not tell whether the account exists. */
  matches(password: string, stored: string | undefined): Promise<boolean>;
}

/** Opens the desk; it makes the hash that stands in for unknown accounts. */
export async function openPasswordDesk(): Promise<PasswordDesk> {
  const standIn = await hash('no account has this password', COST);
  const waiting: (() => void)[] = [];
  let atWork = 0;

  async function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    if (atWork >= AT_ONCE) {
      if (waiting.length >= MAX_WAITING) {
        throw new AppError('unavailable', { detail: 'Too many people sign in at once.' });
      }
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
      });
    } else {
      atWork += 1;
    }
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) {
        atWork -= 1;
      } else {
        next();
      }
    }
  }

  return {
    hash: (password) => inTurn(() => hash(password, COST)),
    async matches(password, stored) {
      const isRight = await inTurn(() => verify(stored ?? standIn, password));
      return isRight && stored !== undefined;
    },
  };
}
