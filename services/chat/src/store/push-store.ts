import type { ClientSession, Connection } from 'mongoose';
import type { Language } from '@orrery/contracts';
import type { Notification } from '../domain/frames.ts';

const LIFE_MS = 10 * 60_000;
const MAX_AT_ONCE = 2_000;

/** News for a user in every language, since each socket may speak another. */
export interface Push {
  /** The event that it came from. */
  id: string;
  userId: string;
  kind: Notification['kind'];
  subject: string;
  createdAt: string;
  texts: Record<Language, { title: string; text: string }>;
}

interface PushRow extends Omit<Push, 'id'> {
  _id: string;
  storedAt: Date;
  expiresAt: Date;
}

/**
 * News on their way to open sockets. An event is handled by one replica only, so it is kept here for a few minutes and
 * every replica reads along and serves its own sockets.
 * @param connection database of the service
 * @param now the machine's clock
 */
export async function openPushStore(connection: Connection, now: () => Date = () => new Date()) {
  const pushes = connection.collection<PushRow>('pushes');
  await pushes.createIndex({ expiresAt: 1 }, { expireAfterSeconds: 0 });
  await pushes.createIndex({ storedAt: 1 });
  await pushes.createIndex({ userId: 1 });

  return {
    /** Keeps news, in the transaction of the event. */
    async add({ id, ...push }: Push, session: ClientSession): Promise<void> {
      const storedAt = now();
      await pushes.insertOne(
        { _id: id, ...push, storedAt, expiresAt: new Date(storedAt.getTime() + LIFE_MS) },
        { session },
      );
    },

    /** What was stored since an instant, oldest first. */
    async since(instant: Date): Promise<(Push & { storedAt: Date })[]> {
      const rows = await pushes
        .find({ storedAt: { $gte: instant } })
        .sort({ storedAt: 1 })
        .limit(MAX_AT_ONCE)
        .toArray();
      return rows.map(({ _id, expiresAt: _expiresAt, ...push }) => ({ id: _id, ...push }));
    },
  };
}

export type PushStore = Awaited<ReturnType<typeof openPushStore>>;
