import { createHash, randomUUID } from 'node:crypto';
import type { Connection } from 'mongoose';
import type { Act } from '../tools/tool-access.ts';

const LIFE_MS = 10 * 60_000;

interface ActRow {
  /** One waiting change per conversation. */
  _id: string;
  userId: string;
  actId: string;
  act: Act;
  proposal: string;
  expiresAt: Date;
}

/** A change that waits for a yes. */
export interface WaitingAct {
  /** Makes carrying it out safe to repeat. */
  id: string;
  act: Act;
  proposal: string;
}

/**
 * Changes that the assistant has proposed and the user has not answered yet.
 * @param connection database of the service
 * @param now the machine's clock
 */
export async function openActStore(connection: Connection, now: () => Date = () => new Date()) {
  const acts = connection.collection<ActRow>('waiting_acts');
  await acts.createIndex({ expiresAt: 1 }, { expireAfterSeconds: 0 });
  await acts.createIndex({ userId: 1 });
  const idOf = (userId: string, conversationId: string): string =>
    createHash('sha256').update(`${userId}\0${conversationId}`).digest('hex').slice(0, 32);

  return {
    /** Keeps a change for ten minutes; it replaces the one before. */
    async keep(userId: string, conversationId: string, act: Act, proposal: string): Promise<void> {
      await acts.replaceOne(
        { _id: idOf(userId, conversationId) },
        { userId, actId: randomUUID(), act, proposal, expiresAt: new Date(now().getTime() + LIFE_MS) },
        { upsert: true },
      );
    },

    /** Takes the waiting change out, so that two answers cannot both have it. */
    async take(userId: string, conversationId: string): Promise<WaitingAct | undefined> {
      const row = await acts.findOneAndDelete({
        _id: idOf(userId, conversationId),
        userId,
        expiresAt: { $gt: now() },
      });
      return row === null ? undefined : { id: row.actId, act: row.act, proposal: row.proposal };
    },

    /** Drops the waiting change: the user spoke of something else, or deleted the conversation. */
    async drop(userId: string, conversationId: string): Promise<void> {
      await acts.deleteOne({ _id: idOf(userId, conversationId), userId });
    },
  };
}

export type ActStore = Awaited<ReturnType<typeof openActStore>>;
