import { Binary } from 'bson';
import { MongoServerError } from './semantics/errors.ts';
import type { BsonDocument } from './semantics/types.ts';
import { binaryParts, isDocument } from './semantics/values.ts';
import type { Transaction } from './transactions.ts';

/** A client's logical session. */
export interface Session {
  /** The session id's bytes as a latin-1 string. */
  id: string;
  lastUse: number;
  /** The largest number used by a retryable write or transaction. */
  txnNumber: number;
  /** The transaction of that number, running or ended. */
  transaction?: Transaction;
}

/** Minutes after which an unused session ends, as announced in hello. */
export const SESSION_TIMEOUT_MINUTES = 30;

/** Reads a session id (`lsid`). Throws MongoServerError 14 or 40414 when malformed. */
export function sessionIdOf(lsid: unknown): string {
  if (!isDocument(lsid)) {
    throw new MongoServerError(14, `BSON field 'lsid' is the wrong type, expected type 'object'`);
  }
  if (!(lsid.id instanceof Binary)) {
    throw new MongoServerError(40414, `BSON field 'lsid.id' is missing but a required field`);
  }
  const { bytes, subtype } = binaryParts(lsid.id);
  if (subtype !== 4 || bytes.length !== 16) {
    throw new MongoServerError(207, 'session id must be a UUID');
  }
  return Buffer.from(bytes).toString('latin1');
}

/** The sessions in use. */
export class SessionTable {
  private readonly sessions = new Map<string, Session>();
  private readonly onEnd: (session: Session) => void;

  /** `onEnd` is called for each session that ends, to kill its cursors and abort its transaction. */
  constructor(onEnd: (session: Session) => void) {
    this.onEnd = onEnd;
  }

  /** The session of an id; begins it when it is new. */
  use(id: string): Session {
    let session = this.sessions.get(id);
    if (session === undefined) {
      session = { id, lastUse: Date.now(), txnNumber: -1 };
      this.sessions.set(id, session);
    }
    session.lastUse = Date.now();
    return session;
  }

  /** All sessions. */
  all(): Session[] {
    return [...this.sessions.values()];
  }

  /** Ends a session if it exists. */
  end(id: string): void {
    const session = this.sessions.get(id);
    if (session !== undefined) {
      this.sessions.delete(id);
      this.onEnd(session);
    }
  }

  /** Ends the sessions that were not used for the time-out; returns their ids. */
  expire(now: number): string[] {
    const limit = now - SESSION_TIMEOUT_MINUTES * 60_000;
    const old = this.all().filter((session) => session.lastUse < limit);
    for (const session of old) {
      this.end(session.id);
    }
    return old.map((session) => session.id);
  }
}

/** The ids in a list of session documents, as endSessions and killSessions take it. */
export function sessionIdsOf(list: unknown): string[] {
  return Array.isArray(list) ? list.filter(isDocument).map((entry: BsonDocument) => sessionIdOf(entry)) : [];
}
