import { createHash } from 'node:crypto';
import { Binary, Long } from 'bson';
import { timestampOf } from '../logical-clock.ts';
import type { BsonDocument } from '../semantics/types.ts';
import type { Change, Origin } from './change.ts';
import { encodeToken, type Position, timeOf, TOKEN_KIND } from './resume-token.ts';

/** Users are told apart by the hash of their name; without authentication that is the empty one. */
const NO_USER = new Binary(createHash('sha256').update('').digest(), 0);

/** Operations that only streams with `showExpandedEvents` tell of. */
const EXPANDED: ReadonlySet<string> = new Set(['create', 'createIndexes', 'dropIndexes', 'modify']);

/** What an event shows beside the change itself. */
export interface EventParts {
  /** Tell of what only streams with `showExpandedEvents` tell. */
  expanded: boolean;
  /** Absent: not asked for; null: not known. */
  fullDocument?: BsonDocument | null;
  fullDocumentBeforeChange?: BsonDocument | null;
}

/** True when a stream tells of a change only when it was asked for expanded events. */
export function isExpanded(change: Change): boolean {
  return EXPANDED.has(change.operation) || change.ofView === true;
}

function namespaceOf({ db, coll }: Change): BsonDocument {
  return coll === undefined ? { db } : { db, coll };
}

function updateDescriptionOf(change: Change, expanded: boolean): BsonDocument {
  const { disambiguatedPaths = {}, ...description } = change.description ?? {};
  return { ...description, ...(expanded && { disambiguatedPaths }) };
}

/** The event that a stream shows for the change at `position`. */
export function eventOf(change: Change, origin: Origin, position: Position, parts: EventParts): BsonDocument {
  const { to, key, uuid, details, description } = change;
  const { expanded, fullDocument, fullDocumentBeforeChange } = parts;
  const { transaction } = origin;
  return {
    _id: encodeToken(position, TOKEN_KIND.change),
    operationType: change.operation,
    clusterTime: timestampOf(timeOf(position)),
    ...(expanded && uuid !== undefined && { collectionUUID: uuid }),
    wallTime: origin.at,
    ...(fullDocument !== undefined && { fullDocument }),
    ns: namespaceOf(change),
    ...(to !== undefined && { to: { ...to } }),
    ...(key !== undefined && { documentKey: key }),
    ...(description !== undefined && { updateDescription: updateDescriptionOf(change, expanded) }),
    ...(expanded && details !== undefined && { operationDescription: details }),
    ...(fullDocumentBeforeChange !== undefined && { fullDocumentBeforeChange }),
    ...(transaction !== undefined && {
      txnNumber: Long.fromNumber(transaction.txnNumber),
      lsid: { id: new Binary(Buffer.from(transaction.session, 'latin1'), 4), uid: NO_USER },
    }),
  };
}

/** The last event of a stream whose collection or database is gone, after the event of the change at `position`. */
export function invalidateEvent(origin: Origin, position: Position): BsonDocument {
  return {
    _id: encodeToken(position, TOKEN_KIND.invalidate),
    operationType: 'invalidate',
    clusterTime: timestampOf(timeOf(position)),
    wallTime: origin.at,
  };
}
