import { Long } from 'bson';
import { MongoServerError } from './semantics/errors.ts';
import type { BsonDocument } from './semantics/types.ts';
import { getField, isDocument, setField, toNumber } from './semantics/values.ts';
import { sessionKey } from './storage/keyspace.ts';
import type { ReadView, WriteView } from './storage/store.ts';
import { decodeDocument } from './wire/bson-decode.ts';
import { encodeDocument } from './wire/bson-encode.ts';

/** Which statements of a session's last numbered write are done, stored in the same commit as their effects. */
export class RetryMemory {
  private readonly session: string;
  private readonly txnNumber: number;
  private readonly results: BsonDocument = {};
  private readonly committed: boolean;
  private changed = false;

  private constructor(session: string, txnNumber: number, results: BsonDocument, committed: boolean) {
    this.session = session;
    this.txnNumber = txnNumber;
    this.results = results;
    this.committed = committed;
  }

  /**
   * Reads what is remembered of a numbered write.
   * Throws MongoServerError 225 when the session has already used a larger number.
   */
  static load(view: ReadView, session: string, txnNumber: number): RetryMemory {
    const raw = view.get(sessionKey(session));
    if (raw === undefined) {
      return new RetryMemory(session, txnNumber, {}, false);
    }
    const stored = decodeDocument(raw);
    const last = toNumber(stored.txnNumber) ?? -1;
    if (last > txnNumber) {
      throw transactionTooOld(txnNumber, last);
    }
    if (last < txnNumber) {
      return new RetryMemory(session, txnNumber, {}, false);
    }
    return new RetryMemory(
      session,
      txnNumber,
      isDocument(stored.results) ? stored.results : {},
      stored.committed === true,
    );
  }

  /** True when the number was that of a transaction that has been committed. */
  get isCommittedTransaction(): boolean {
    return this.committed;
  }

  /** The result of a statement done before, or undefined. */
  find(statement: number): BsonDocument | undefined {
    const result = getField(this.results, String(statement));
    return isDocument(result) ? result : undefined;
  }

  /** Notes the result of a statement. */
  remember(statement: number, result: BsonDocument): void {
    setField(this.results, String(statement), result);
    this.changed = true;
  }

  /** Writes what was noted; part of the write whose statements it describes. */
  save(view: WriteView): void {
    if (this.changed) {
      writeMemory(view, this.session, { txnNumber: Long.fromNumber(this.txnNumber), results: this.results });
    }
  }
}

function writeMemory(view: WriteView, session: string, memory: BsonDocument): void {
  view.put(sessionKey(session), encodeDocument({ ...memory, at: new Date() }));
}

/** Notes, in the commit itself, that a transaction has been committed, so that a repeated commit succeeds. */
export function rememberCommit(view: WriteView, session: string, txnNumber: number): void {
  writeMemory(view, session, { txnNumber: Long.fromNumber(txnNumber), committed: true });
}

/** The error of a statement whose number the session has left behind. */
export function transactionTooOld(txnNumber: number, last: number): MongoServerError {
  return new MongoServerError(
    225,
    `Cannot start transaction with { txnNumber: ${txnNumber} } on session because a newer transaction with txnNumber ${last} has already started on this session.`,
  );
}
