import type { ClientSession, Connection } from 'mongoose';
import type { Signal } from '../domain/suggestions/signal.ts';

/** A suggestion about something older would come too late. */
const KEPT_MS = 14 * 24 * 60 * 60 * 1_000;

interface StoredSignal {
  /** `<userId>:<kind>:<subject>` */
  _id: string;
  userId: string;
  signal: Signal;
  /** Machine time. */
  expiresAt: Date;
}

/**
 * What other services told about users lately, one row per kind and subject.
 * @param connection database of the service
 */
export const createSignalStore = (connection: Connection) => {
  const signals = connection.collection<StoredSignal>('signals');
  return {
    /** Makes the indexes; safe to repeat. */
    async prepare(): Promise<void> {
      await signals.createIndexes([
        { key: { userId: 1 }, name: 'by_user' },
        { key: { expiresAt: 1 }, name: 'expiry', expireAfterSeconds: 0 },
      ]);
    },

    /**
     * Keeps what was told; the same subject told again replaces it.
     * @param userId whom it is about
     * @param subject which budget, payment or day
     * @param signal what was told
     * @param session transaction of the event
     */
    async keep(userId: string, subject: string, signal: Signal, session: ClientSession): Promise<void> {
      await signals.updateOne(
        { _id: `${userId}:${signal.kind}:${subject}` },
        { $set: { userId, signal, expiresAt: new Date(Date.now() + KEPT_MS) } },
        { upsert: true, session },
      );
    },

    /**
     * The signal of one kind and subject, or undefined.
     * @param userId whom it is about
     * @param kind its kind
     * @param subject its subject
     * @param session transaction of the event
     */
    async find(
      userId: string,
      kind: Signal['kind'],
      subject: string,
      session: ClientSession,
    ): Promise<Signal | undefined> {
      return (await signals.findOne({ _id: `${userId}:${kind}:${subject}` }, { session }))?.signal;
    },

    /**
     * Signals of many users.
     * @param userIds a few hundred at most
     */
    async ofUsers(userIds: readonly string[]): Promise<Map<string, Signal[]>> {
      const rows = await signals
        .find({ userId: { $in: [...userIds] } })
        .sort({ _id: 1 })
        .toArray();
      const byUser = new Map<string, Signal[]>();
      for (const { userId, signal } of rows) {
        byUser.set(userId, [...(byUser.get(userId) ?? []), signal]);
      }
      return byUser;
    },
  };
};

export type SignalStore = ReturnType<typeof createSignalStore>;
