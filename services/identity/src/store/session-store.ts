import type { UserMark } from '@orrery/service-kit';
import type { ClientSession, Connection } from 'mongoose';
import { digestOf, sameDigest } from '../tokens/refresh-token.ts';

interface SessionRow {
  /** `jti` of its access tokens. */
  _id: string;
  userId: string;
  /** Digest of the family of its refresh tokens. */
  familyDigest: string;
  /** Digest of the one refresh token that may still be used. */
  secretDigest: string;
  createdAt: Date;
  usedAt: Date;
  expiresAt: Date;
}

/** A token that was ended before its expiry, known by its id and the mark of its user. */
interface EndedTokenRow {
  _id: string;
  mark: string;
  expiresAt: Date;
}

export interface SessionLives {
  accessLifeMs: number;
  sessionLifeMs: number;
}

/** What became of a refresh token. `reused`: it had been used before, so one of its two holders is a thief. */
export type Rotation =
  | { kind: 'rotated'; userId: string; sessionId: string }
  | { kind: 'reused'; userId: string; sessionId: string }
  | { kind: 'unknown' };

// Tokens of other issuers may live for months; the gateway does not say for how long.
const FOREIGN_TOKEN_LIFE_MS = 90 * 24 * 60 * 60_000;

/** What the contract with the gateway takes. */
const MAX_ENDED_TOLD = 1_000;

/** A user with more is a program that never logs out; its oldest sessions end. */
const MAX_SESSIONS = 50;

/**
 * Sessions of logins, and ids of tokens that ended early.
 * @param connection database of the service
 * @param markOf marks users without naming them
 * @param lives how long tokens and sessions live
 */
export const createSessionStore = (connection: Connection, markOf: UserMark, lives: SessionLives) => {
  const sessions = connection.collection<SessionRow>('sessions');
  const ended = connection.collection<EndedTokenRow>('ended_tokens');

  const noteEnded = async (
    userId: string,
    tokenIds: readonly string[],
    lifeMs: number,
    session: ClientSession | undefined,
  ): Promise<void> => {
    if (tokenIds.length === 0) {
      return;
    }
    const expiresAt = new Date(Date.now() + lifeMs);
    await ended.bulkWrite(
      tokenIds.map((_id) => ({
        updateOne: { filter: { _id }, update: { $set: { mark: markOf(userId), expiresAt } }, upsert: true },
      })),
      session === undefined ? {} : { session },
    );
  };

  const endSome = async (
    userId: string,
    which: { _id?: string | { $ne: string } | { $in: string[] } },
    session?: ClientSession,
  ): Promise<number> => {
    const options = session === undefined ? {} : { session };
    const rows = await sessions.find({ userId, ...which }, { projection: { _id: 1 }, ...options }).toArray();
    const ids = rows.map(({ _id }) => _id);
    // The note comes first: a kill in between must not leave a token alive.
    await noteEnded(userId, ids, lives.accessLifeMs, session);
    await sessions.deleteMany({ userId, _id: { $in: ids } }, options);
    return ids.length;
  };

  return {
    /** Makes the collections and indexes; safe to repeat. */
    async prepare(): Promise<void> {
      await sessions.createIndexes([
        { key: { userId: 1, usedAt: 1 }, name: 'by_user' },
        { key: { familyDigest: 1 }, name: 'by_family', unique: true },
        { key: { expiresAt: 1 }, name: 'expiry', expireAfterSeconds: 0 },
      ]);
      await ended.createIndexes([
        { key: { mark: 1, expiresAt: -1 }, name: 'by_user' },
        { key: { expiresAt: 1 }, name: 'expiry', expireAfterSeconds: 0 },
      ]);
    },

    /**
     * Begins a session; the oldest of too many end.
     * @param userId who logged in
     * @param session its id and the parts of its first refresh token
     */
    async begin(
      userId: string,
      { sessionId, family, secret }: { sessionId: string; family: string; secret: string },
    ): Promise<void> {
      const now = Date.now();
      await sessions.insertOne({
        _id: sessionId,
        userId,
        familyDigest: digestOf(family),
        secretDigest: digestOf(secret),
        createdAt: new Date(now),
        usedAt: new Date(now),
        expiresAt: new Date(now + lives.sessionLifeMs),
      });
      const surplus = await sessions
        .find({ userId }, { projection: { _id: 1 } })
        .sort({ usedAt: -1 })
        .skip(MAX_SESSIONS)
        .toArray();
      if (surplus.length > 0) {
        await endSome(userId, { _id: { $in: surplus.map(({ _id }) => _id) } });
      }
    },

    /**
     * Uses a refresh token up and puts another in its place. A token that was used before ends the whole session
     * (RFC 9700, 4.14.2).
     * @param family names the session
     * @param secret the part that counts once
     * @param nextSecret the part of the token that follows
     */
    async rotate(family: string, secret: string, nextSecret: string): Promise<Rotation> {
      const now = new Date();
      const found = await sessions.findOne({ familyDigest: digestOf(family), expiresAt: { $gt: now } });
      if (found === null) {
        return { kind: 'unknown' };
      }
      const { _id: sessionId, userId } = found;
      const next = {
        secretDigest: digestOf(nextSecret),
        usedAt: now,
        expiresAt: new Date(now.getTime() + lives.sessionLifeMs),
      };
      const isCurrent = sameDigest(found.secretDigest, digestOf(secret));
      const { matchedCount } = isCurrent
        ? await sessions.updateOne({ _id: sessionId, secretDigest: found.secretDigest }, { $set: next })
        : { matchedCount: 0 };
      if (matchedCount === 0) {
        await endSome(userId, { _id: sessionId });
        return { kind: 'reused', userId, sessionId };
      }
      return { kind: 'rotated', userId, sessionId };
    },

    /**
     * Ends the session of a token, or a token that another issuer signed.
     * @param userId its user
     * @param tokenId `jti` or the gateway's digest
     */
    async end(userId: string, tokenId: string): Promise<void> {
      if ((await endSome(userId, { _id: tokenId })) === 0) {
        await noteEnded(userId, [tokenId], FOREIGN_TOKEN_LIFE_MS, undefined);
      }
    },

    /**
     * Ends every session of a user but one.
     * @param userId the user
     * @param keep the session to keep, if any
     * @param session transaction of the change
     * @returns number of sessions that ended
     */
    endAll: (userId: string, keep: string | undefined, session: ClientSession): Promise<number> =>
      endSome(userId, keep === undefined ? {} : { _id: { $ne: keep } }, session),

    /**
     * Ids of the user's tokens that ended before their expiry.
     * @param userId the user
     */
    async endedTokens(userId: string): Promise<string[]> {
      const rows = await ended
        .find({ mark: markOf(userId), expiresAt: { $gt: new Date() } })
        .sort({ expiresAt: -1 })
        .limit(MAX_ENDED_TOLD)
        .toArray();
      return rows.map(({ _id }) => _id);
    },

    /**
     * Whether a token ended before its expiry.
     * @param userId its user
     * @param tokenId its id
     */
    async hasEnded(userId: string, tokenId: string): Promise<boolean> {
      return (await ended.findOne({ _id: tokenId, mark: markOf(userId) })) !== null;
    },
  };
};

export type SessionStore = ReturnType<typeof createSessionStore>;
