import { Binary, Long } from 'bson';
import type { BsonDocument } from '../semantics/types.ts';
import { binaryParts, isArray, isDocument, toNumber } from '../semantics/values.ts';
import { decodeDocument } from '../wire/bson-decode.ts';
import { encodeDocument, type RawDocument } from '../wire/bson-encode.ts';

/** The operations that change streams tell of, under MongoDB's names. */
export type OperationType =
  | 'insert'
  | 'update'
  | 'replace'
  | 'delete'
  | 'drop'
  | 'rename'
  | 'dropDatabase'
  | 'create'
  | 'createIndexes'
  | 'dropIndexes'
  | 'modify';

/** A collection's database and name. */
export interface CollectionName {
  db: string;
  coll: string;
}

/** One change, with what a change stream may be asked to tell of it. */
export interface Change<D = BsonDocument> {
  operation: OperationType;
  db: string;
  /** Absent for dropDatabase. */
  coll?: string;
  uuid?: Binary;
  /** `{ _id }` of the document. */
  key?: BsonDocument;
  /** The inserted or replacing document. */
  document?: D;
  /** `updateDescription` of an update. */
  description?: BsonDocument;
  /** The document before and after, kept only where the collection's options say so. */
  before?: D;
  after?: D;
  /** The new name of a renamed collection. */
  to?: CollectionName;
  /** `operationDescription` of a change to a collection or its indexes. */
  details?: BsonDocument;
  /** It happened to a view, of which only streams with `showExpandedEvents` tell. */
  ofView?: boolean;
}

/** A change that is going to be stored; its documents may be given as their bytes. */
export type NewChange = Change<BsonDocument | RawDocument>;

/** What the changes of one commit have in common. */
export interface Origin {
  /** Time of day of the commit. */
  at: Date;
  /** Session and number when the commit is that of a transaction. */
  transaction?: { session: string; txnNumber: number };
}

/** Changes as they were read back. */
export interface ChangeRecord {
  origin: Origin;
  changes: Change[];
}

/** Levels that a record puts around the value of an updated field, the deepest place for what was a field's value. */
const RECORD_LEVELS = 4;

/** The stored form of changes of one commit. */
export function encodeRecord({ at, transaction }: Origin, changes: readonly NewChange[]): Buffer {
  return encodeDocument({
    at,
    ...(transaction !== undefined && {
      session: new Binary(Buffer.from(transaction.session, 'latin1'), 4),
      number: Long.fromNumber(transaction.txnNumber),
    }),
    changes,
  });
}

/** Reads what `encodeRecord` made. */
export function decodeRecord(bytes: Buffer): ChangeRecord {
  const { at, session, number, changes } = decodeDocument(bytes, 0, RECORD_LEVELS);
  const origin: Origin = { at: at instanceof Date ? at : new Date(0) };
  if (session instanceof Binary) {
    origin.transaction = {
      session: Buffer.from(binaryParts(session).bytes).toString('latin1'),
      txnNumber: toNumber(number) ?? 0,
    };
  }
  return { origin, changes: isArray(changes) ? changes.filter(isChange) : [] };
}

function isChange(value: unknown): value is Change {
  return isDocument(value) && typeof value.operation === 'string' && typeof value.db === 'string';
}
