import { mainBackendReader } from '@orrery/main-backend';
import { LRUCache } from 'lru-cache';
import type { Db } from 'mongodb';
import type { Logger } from 'pino';

const KEEP_MS = 60_000;
const MAX_USERS = 5_000;

/**
 * Names of the main back end's users, remembered for a minute. A name that cannot be read is a missing one: nobody is
 * kept from asking because a greeting has no name.
 * @param db the main back end's database; absent when there is none
 * @param logger where outages go
 */
export function createMainUsers(db: Db | undefined, logger: Logger) {
  const names = new LRUCache<string, { name: string | undefined }>({ max: MAX_USERS, ttl: KEEP_MS });
  const reader = db === undefined ? undefined : mainBackendReader(db);
  return async (userId: string): Promise<string | undefined> => {
    const known = names.get(userId);
    if (known !== undefined || reader === undefined) {
      return known?.name;
    }
    try {
      const name = (await reader.findUser(userId))?.name;
      names.set(userId, { name });
      return name;
    } catch (error) {
      logger.warn({ err: error }, 'the name of a user could not be read');
      return undefined;
    }
  };
}
