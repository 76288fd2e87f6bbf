import { Binary, Long } from 'bson';
import { codeNameOf, errorLabels, type LabelContext } from './error-codes.ts';
import { type LogicalTime, timestampOf } from './logical-clock.ts';
import { MongoServerError } from './semantics/errors.ts';
import type { BsonDocument } from './semantics/types.ts';

const NO_SIGNATURE = { hash: new Binary(Buffer.alloc(20), 0), keyId: Long.ZERO };

/** Adds `ok` and the logical times that every reply carries. */
export function withTimes(reply: BsonDocument, time: LogicalTime): BsonDocument {
  const timestamp = timestampOf(time);
  return {
    ...reply,
    $clusterTime: { clusterTime: timestamp, signature: NO_SIGNATURE },
    operationTime: timestamp,
  };
}

/** The reply for a command that failed. Errors that are none of MongoDB's become code 1 without details. */
export function errorReply(error: unknown, labels: LabelContext): BsonDocument {
  const known =
    error instanceof MongoServerError ? error : new MongoServerError(1, 'internal error of the server');
  const given = known.details.errorLabels;
  const all = [...errorLabels(known.code, labels), ...(Array.isArray(given) ? given.map(String) : [])];
  return {
    ok: 0,
    errmsg: known.message,
    code: known.code,
    codeName: codeNameOf(known.code),
    ...known.details,
    ...(all.length > 0 ? { errorLabels: [...new Set(all)] } : {}),
  };
}
