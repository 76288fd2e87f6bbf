import { createHash, randomUUID, type Hash } from 'node:crypto';
import type { ClientSession, Connection } from 'mongoose';
import mongoose from 'mongoose';
import { AppError } from '../errors/app-error.ts';

/** Collection of stored replies, one row per (user, route, key). */
export const IDEMPOTENCY_COLLECTION = 'idempotency_keys';

const LIFE_MS = 24 * 60 * 60 * 1000;
// Longer than the 25 s a request may take, so that only a dead process loses its claim.
const CLAIM_MS = 60_000;
const KEY = /^[\x21-\x7e]{1,255}$/;
const DUPLICATE_KEY = 11000;

interface IdempotencyRow {
  _id: string;
  userId: string;
  route: string;
  key: string;
  owner: string;
  state: 'in-flight' | 'done';
  /** Null while a streamed body is still arriving. */
  requestHash: string | null;
  status?: number;
  headers?: Record<string, string>;
  body?: string;
  claimedUntil: Date;
  expiresAt: Date;
}

/** A reply as it is kept: the text that went over the wire. */
export interface KeptReply {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** The claim of one request on its key. */
export interface IdempotencyClaim {
  /** Stores the reply in the transaction of the effect. */
  keep(session: ClientSession, reply: KeptReply): Promise<void>;
  /** Stores the reply after the effect. */
  finish(reply: KeptReply): Promise<void>;
  /** Forgets the key, so that a failed request may be repeated. */
  abandon(): Promise<void>;
}

export interface IdempotentRequest {
  userId: string;
  route: string;
  key: string;
  /** Digest of the request, or null when its body is a stream that has not been read. */
  hash(): string | null;
  /** Reads what is left of a streamed body, so that `hash` is known. */
  drain(): Promise<void>;
}

/** Stored replies of one service. */
export interface IdempotencyStore {
  /** Creates the index that removes rows after 24 hours. */
  prepare(): Promise<void>;
  /**
   * Claims a key, or finds the reply that it already has.
   * @throws AppError `idempotency-key-reused` for another request, `idempotency-key-in-flight` while the first is at work
   */
  begin(request: IdempotentRequest): Promise<{ claim: IdempotencyClaim } | { kept: KeptReply }>;
}

/**
 * Checks the form of an `Idempotency-Key`.
 * @param key value of the header
 * @throws AppError `validation-failed`
 */
export const requireKeyForm = (key: string): string => {
  if (!KEY.test(key)) {
    throw new AppError('validation-failed', {
      fields: [
        { in: 'header', field: 'Idempotency-Key', message: 'must be 1 to 255 visible ASCII characters' },
      ],
    });
  }
  return key;
};

/**
 * Digest of a request whose body was parsed.
 * @param parts what makes two requests the same
 */
export const hashRequest = (parts: unknown): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex');

/** Digest of a streamed body. A multipart boundary is left out: every attempt of a client draws a new one. */
export class StreamHash {
  readonly #hash: Hash;
  readonly #boundary: Buffer | undefined;
  #tail: Buffer = Buffer.alloc(0);
  #digest: string | undefined;

  /**
   * @param seed further parts of the request
   * @param contentType value of the `Content-Type` header
   */
  constructor(seed: unknown, contentType: string) {
    this.#hash = createHash('sha256').update(JSON.stringify(seed));
    const boundary = /boundary="?([^";]+)"?/i.exec(contentType)?.[1];
    this.#boundary = boundary === undefined ? undefined : Buffer.from(boundary, 'latin1');
  }

  /** @param chunk the next bytes of the body */
  update(chunk: Buffer): void {
    const boundary = this.#boundary;
    if (boundary === undefined) {
      this.#hash.update(chunk);
      return;
    }
    const bytes = Buffer.concat([this.#tail, chunk]);
    let start = 0;
    for (let found = bytes.indexOf(boundary); found !== -1; found = bytes.indexOf(boundary, start)) {
      this.#hash.update(bytes.subarray(start, found));
      start = found + boundary.length;
    }
    const keepFrom = Math.max(start, bytes.length - boundary.length + 1);
    this.#hash.update(bytes.subarray(start, keepFrom));
    this.#tail = bytes.subarray(keepFrom);
  }

  /** Digest in hexadecimal; call it after the last chunk. */
  digest(): string {
    this.#digest ??= this.#hash.update(this.#tail).digest('hex');
    return this.#digest;
  }
}

const isDuplicateKey = (error: unknown): boolean =>
  error instanceof mongoose.mongo.MongoServerError && error.code === DUPLICATE_KEY;

/**
 * Stored replies in a service's own database.
 * @param connection the service's database
 */
export const createIdempotencyStore = (connection: Connection): IdempotencyStore => {
  const rows = connection.collection<IdempotencyRow>(IDEMPOTENCY_COLLECTION);

  const claimOf = (id: string, owner: string, request: IdempotentRequest): IdempotencyClaim => {
    const store = async (reply: KeptReply, session?: ClientSession): Promise<void> => {
      await rows.updateOne(
        { _id: id, owner },
        { $set: { state: 'done', requestHash: request.hash(), ...reply } },
        session === undefined ? {} : { session },
      );
    };
    return {
      keep: (session, reply) => store(reply, session),
      finish: (reply) => store(reply),
      abandon: async () => {
        await rows.deleteOne({ _id: id, owner, state: 'in-flight' });
      },
    };
  };

  const answerFrom = async (row: IdempotencyRow, request: IdempotentRequest): Promise<KeptReply> => {
    if (row.requestHash !== null) {
      await request.drain();
      if (request.hash() !== row.requestHash) {
        throw new AppError('idempotency-key-reused');
      }
    }
    if (row.state === 'in-flight' || row.status === undefined || row.body === undefined) {
      throw new AppError('idempotency-key-in-flight', { headers: { 'Retry-After': '1' } });
    }
    return { status: row.status, headers: row.headers ?? {}, body: row.body };
  };

  return {
    prepare: async () => {
      await rows.createIndex({ expiresAt: 1 }, { expireAfterSeconds: 0 });
    },
    begin: async (request) => {
      const id = `${request.userId}|${request.route}|${request.key}`;
      const owner = randomUUID();
      const now = Date.now();
      const claimedUntil = new Date(now + CLAIM_MS);
      try {
        await rows.insertOne({
          _id: id,
          userId: request.userId,
          route: request.route,
          key: request.key,
          owner,
          state: 'in-flight',
          requestHash: request.hash(),
          claimedUntil,
          expiresAt: new Date(now + LIFE_MS),
        });
        return { claim: claimOf(id, owner, request) };
      } catch (error) {
        if (!isDuplicateKey(error)) {
          throw error;
        }
      }
      const row = await rows.findOne({ _id: id });
      if (row === null) {
        throw new AppError('idempotency-key-in-flight', { headers: { 'Retry-After': '1' } });
      }
      // TTL removal runs once a minute, so an expired row may still be there.
      const isStale =
        row.state === 'in-flight' ? row.claimedUntil.getTime() < now : row.expiresAt.getTime() < now;
      if (isStale) {
        const taken = await rows.updateOne(
          { _id: id, owner: row.owner, state: row.state },
          {
            $set: {
              owner,
              state: 'in-flight',
              requestHash: request.hash(),
              claimedUntil,
              expiresAt: new Date(now + LIFE_MS),
            },
            $unset: { status: 1, headers: 1, body: 1 },
          },
        );
        if (taken.modifiedCount === 1) {
          return { claim: claimOf(id, owner, request) };
        }
        throw new AppError('idempotency-key-in-flight', { headers: { 'Retry-After': '1' } });
      }
      return { kept: await answerFrom(row, request) };
    },
  };
};
