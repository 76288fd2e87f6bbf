import { addDays, type Clock } from '@orrery/calendar';
import { ReadSpending } from '@orrery/contracts';
import { AppError, type Runtime, type UserIdentity } from '@orrery/service-kit';
import { LRUCache } from 'lru-cache';
import { tidy } from '../domain/tidy.ts';

/** What the assistant knows about a user before any tool is asked. */
export interface UserContext {
  today: string;
  currency: string;
  merchants: string[];
}

/** Names change rarely; figures are never taken from here. */
const KEEP_MS = 60_000;
const MAX_USERS = 2_000;
const HISTORY_DAYS = 180;
const MAX_MERCHANTS = 100;
const TIMEOUT_MS = 2_000;

const isText = (value: unknown): value is string => typeof value === 'string';

/**
 * Reads the day, the main currency and the merchants of a user, and remembers them for a minute. While the ledger
 * cannot be reached, the day is UTC's and no merchant is known.
 * @param parts client of other services, and the clock
 */
export function createUserContext({
  client,
  clock,
  defaultCurrency,
}: Pick<Runtime<unknown>, 'client'> & { clock: Clock; defaultCurrency: string }) {
  const known = new LRUCache<string, UserContext>({ max: MAX_USERS, ttl: KEEP_MS });

  return async (identity: UserIdentity): Promise<UserContext> => {
    const cached = known.get(identity.userId);
    if (cached !== undefined) {
      return cached;
    }
    const utcToday = clock.today('UTC');
    try {
      const { body } = await client('insights').call(
        ReadSpending,
        { query: { from: addDays(utcToday, -HISTORY_DAYS) } },
        { identity, timeoutMs: TIMEOUT_MS },
      );
      const merchants = body.data
        .flatMap(({ byMerchant }) => byMerchant)
        .sort((left, right) => right.count - left.count)
        .slice(0, MAX_MERCHANTS)
        .map(({ name }) => tidy(name))
        .filter(isText);
      const context = { today: body.today, currency: body.currency, merchants };
      known.set(identity.userId, context);
      return context;
    } catch (error) {
      if (error instanceof AppError) {
        return { today: utcToday, currency: defaultCurrency, merchants: [] };
      }
      throw error;
    }
  };
}

export type ReadUserContext = ReturnType<typeof createUserContext>;
