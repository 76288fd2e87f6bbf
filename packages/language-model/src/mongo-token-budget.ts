import { isDuplicateKey } from '@orrery/mongo';
import type { Holding } from '@orrery/service-kit';
import type { Connection } from 'mongoose';
import { z } from 'zod';
import { utcDay, type TokenBudget, type TokenCeilings } from './token-budget.ts';

const COLLECTION = 'model_usage';
const KEPT_DAYS = 35;
const DAY_MS = 86_400_000;

interface StoredUsage {
  /** `<day>:<userId>`, or `<day>:` for all users together. */
  _id: string;
  userId?: string;
  day: string;
  tokens: number;
  calls: number;
  expiresAt: Date;
}

/** What the budget holds about users; a service that uses it lists this among its holdings. */
export const MODEL_USAGE_HOLDING: Holding = {
  collection: COLLECTION,
  owner: 'userId',
  purpose: 'Ceiling on the tokens of the language model per user and day',
  retention: `${String(KEPT_DAYS)} days`,
  fields: z.object({
    _id: z.string().describe('Day and owner'),
    userId: z.string().describe('Owner'),
    day: z.string().describe('UTC day'),
    tokens: z.int().describe('Tokens spent or set aside'),
    calls: z.int().describe('Calls of the language model'),
    expiresAt: z.date().describe('When the row goes'),
  }),
};

/**
 * Counts in the service's database, so that replicas share the ceilings. A call that dies between `reserve` and
 * `settle` stays counted in full.
 * @param connection database of the service
 * @param ceilings tokens per UTC day
 * @param now milliseconds since 1970; default the machine's clock
 */
export const createMongoTokenBudget = async (
  connection: Connection,
  ceilings: TokenCeilings,
  now: () => number = Date.now,
): Promise<TokenBudget> => {
  const usage = connection.collection<StoredUsage>(COLLECTION);
  await usage.createIndexes([
    { key: { expiresAt: 1 }, name: 'expiry', expireAfterSeconds: 0 },
    { key: { userId: 1 }, name: 'by_user' },
  ]);

  const take = async (
    id: string,
    fields: Partial<StoredUsage>,
    tokens: number,
    ceiling: number,
  ): Promise<boolean> => {
    if (tokens > ceiling) {
      return false;
    }
    const attempt = () =>
      usage.updateOne(
        { _id: id, tokens: { $lte: ceiling - tokens } },
        { $inc: { tokens, calls: 1 }, $setOnInsert: fields },
        { upsert: true },
      );
    try {
      await attempt();
      return true;
    } catch (error) {
      if (!isDuplicateKey(error)) {
        throw error;
      }
    }
    // The row exists: either it is too full, or another call made it at this very moment.
    const { matchedCount } = await usage.updateOne(
      { _id: id, tokens: { $lte: ceiling - tokens } },
      { $inc: { tokens, calls: 1 } },
    );
    return matchedCount === 1;
  };

  const giveBack = async (ids: string[], tokens: number, calls: number): Promise<void> => {
    await usage.updateMany({ _id: { $in: ids } }, { $inc: { tokens: -tokens, calls: -calls } });
  };

  return {
    async reserve(userId, tokens) {
      const day = utcDay(now());
      const common = { day, expiresAt: new Date(now() + KEPT_DAYS * DAY_MS) };
      const own = `${day}:${userId}`;
      if (!(await take(own, { ...common, userId }, tokens, ceilings.perUser))) {
        return undefined;
      }
      if (!(await take(`${day}:`, common, tokens, ceilings.inAll))) {
        await giveBack([own], tokens, 1);
        return undefined;
      }
      return { userId, day, tokens };
    },
    async settle({ userId, day, tokens }, usedTokens) {
      await giveBack([`${day}:${userId}`, `${day}:`], tokens - usedTokens, usedTokens === 0 ? 1 : 0);
    },
  };
};
