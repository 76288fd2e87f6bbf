import type { CollectionInfo } from './catalog.ts';
import { NamedPaths } from './changes/describe-update.ts';
import { assertNotView, collectionForWrite } from './collections.ts';
import { type CommandContext, findCollection, pacerOf, viewOf } from './command.ts';
import {
  insertDocument,
  prepareDocument,
  removeDocument,
  replaceDocument,
  validateDocument,
} from './documents.ts';
import { nearOrder, planOf, prepareQuery, type Query, type QueryOptions, scanOf } from './query.ts';
import type { FoundDocument } from './scan.ts';
import { MongoServerError } from './semantics/errors.ts';
import { compareSortValues, sortValuesOf } from './semantics/keys.ts';
import type { BsonDocument, Updater } from './semantics/types.ts';
import { compileUpdate } from './semantics/update.ts';
import { isDocument } from './semantics/values.ts';
import { seedFromFilter } from './semantics/upsert-seed.ts';
import { documentKey } from './storage/keyspace.ts';
import type { ReadView } from './storage/store.ts';
import { decodeDocument } from './wire/bson-decode.ts';
import type { WriteContext } from './write-context.ts';

/** Which documents a statement is about. */
export interface TargetStatement {
  filter: BsonDocument;
  options: QueryOptions;
  multi: boolean;
}

/** One update statement. */
export interface UpdateStatement extends TargetStatement {
  update: BsonDocument | BsonDocument[];
  upsert: boolean;
  arrayFilters?: BsonDocument[];
  bypassValidation: boolean;
}

/** Outcome of an update statement. */
export interface UpdateOutcome {
  /** Documents matched, an inserted one included. */
  matched: number;
  modified: number;
  /** `_id` of the inserted document. */
  upserted?: { id: unknown };
  /** The single document before and after, for findAndModify. */
  before?: BsonDocument;
  after?: BsonDocument;
}

/** Collections with more documents are searched outside of the write when no index serves the filter. */
const LONG_SCAN = 5000;

/** Record ids found beforehand for a statement whose search would hold up everything for long. */
export type Candidates = readonly number[] | undefined;

/**
 * Searches for a statement's documents outside of the write, letting others work in between, when no index serves
 * its filter and the collection is large. The write then tests the found documents again.
 */
export async function findCandidates(
  context: CommandContext,
  name: string,
  statement: TargetStatement,
): Promise<Candidates> {
  const collection = findCollection(context, name);
  if (collection === undefined || collection.kind === 'view') {
    return undefined;
  }
  const { _id } = statement.filter;
  const isById = _id !== undefined && !isDocument(_id);
  if (isById || context.engine.documentCount(collection.id, context.transaction) <= LONG_SCAN) {
    return undefined;
  }
  const view = viewOf(context);
  const query = prepareQuery(collection, statement.filter, statement.options);
  const plan = planOf(view, collection, query);
  if (plan.kind !== 'collection' || query.condition.always || !plan.sorted) {
    return undefined;
  }
  const scan = scanOf(view, collection, query, plan);
  const pacer = pacerOf(context);
  const distance = statement.multi ? undefined : nearOrder(query);
  const found: number[] = [];
  let nearest = Infinity;
  for (;;) {
    const step = scan.step();
    if (step === undefined) {
      return found;
    }
    if (step !== false && distance !== undefined) {
      const far = distance(decodeDocument(step.raw));
      if (far < nearest) {
        nearest = far;
        found[0] = step.recordId;
      }
    } else if (step !== false) {
      found.push(step.recordId);
      if (!statement.multi) {
        return found;
      }
    }
    if (pacer.isDue) {
      await pacer.rest();
    }
  }
}

function recheck(
  view: ReadView,
  collection: CollectionInfo,
  query: Query,
  candidates: readonly number[],
): FoundDocument[] {
  const found: FoundDocument[] = [];
  for (const recordId of candidates) {
    const raw = view.get(documentKey(collection.id, recordId));
    if (raw !== undefined) {
      const { matched, arrayIndex } = query.condition.matcher.match(decodeDocument(raw));
      if (matched) {
        found.push({ recordId, raw, ...(arrayIndex === undefined ? {} : { arrayIndex }) });
      }
    }
  }
  return found;
}

/** The documents a statement changes, all found before the first is changed. */
function findTargets(
  view: ReadView,
  collection: CollectionInfo,
  query: Query,
  statement: TargetStatement,
  candidates: Candidates,
): FoundDocument[] {
  if (candidates !== undefined) {
    const found = recheck(view, collection, query, candidates);
    // A single document that changed meanwhile is searched for again.
    if (statement.multi || found.length > 0 || candidates.length === 0) {
      return found;
    }
  }
  const plan = planOf(view, collection, query);
  const scan = scanOf(view, collection, query, plan, { wantsArrayIndex: true });
  const distance = statement.multi ? undefined : nearOrder(query);
  const found: FoundDocument[] = [];
  for (let next = scan.next(); next !== undefined; next = scan.next()) {
    found.push(next);
    if (!statement.multi && plan.sorted && distance === undefined) {
      return found;
    }
  }
  if (distance !== undefined) {
    return firstByDistance(found, distance);
  }
  return plan.sorted ? found : firstInOrder(found, query);
}

function firstByDistance(
  found: readonly FoundDocument[],
  distance: (document: BsonDocument) => number,
): FoundDocument[] {
  let nearest = Infinity;
  let first: FoundDocument[] = [];
  for (const one of found) {
    const far = distance(decodeDocument(one.raw));
    if (far < nearest) {
      nearest = far;
      first = [one];
    }
  }
  return first;
}

function firstInOrder(found: readonly FoundDocument[], query: Query): FoundDocument[] {
  const { fields } = query.sort;
  const { collation } = query.shape;
  let best: { found: FoundDocument; key: unknown[] } | undefined;
  for (const one of found) {
    const key = sortValuesOf(decodeDocument(one.raw), fields, collation);
    if (best === undefined || compareSortValues(key, best.key, fields, collation) < 0) {
      best = { found: one, key };
    }
  }
  return best === undefined ? [] : [best.found];
}

function updaterOf(statement: UpdateStatement, query: Query): Updater {
  return compileUpdate(statement.update, {
    ...query.evaluation,
    ...(statement.arrayFilters === undefined ? {} : { arrayFilters: statement.arrayFilters }),
  });
}

/** True for an update that replaces the whole document. */
export function isReplacement(update: BsonDocument | BsonDocument[]): boolean {
  return !Array.isArray(update) && !(Object.keys(update)[0] ?? '').startsWith('$');
}

/**
 * Carries out an update statement within a write. Throws MongoServerError for a malformed update, a duplicate key,
 * a validation failure and so on; documents changed before the failing one stay changed.
 */
export function runUpdate(
  context: WriteContext,
  database: string,
  name: string,
  statement: UpdateStatement,
  candidates?: Candidates,
): UpdateOutcome {
  let collection = context.catalog.find(context.view, database, name);
  if (collection !== undefined) {
    assertNotView(collection);
  }
  if (statement.multi && isReplacement(statement.update)) {
    throw new MongoServerError(9, 'multi update is not supported for replacement-style update');
  }
  const query = prepareQuery(collection, statement.filter, statement.options);
  const updater = updaterOf(statement, query);
  context.useCollection(database, name);
  const targets =
    collection === undefined ? [] : findTargets(context.view, collection, query, statement, candidates);
  if (targets.length === 0 && statement.upsert) {
    collection = collectionForWrite(context, database, name);
    return insertForUpsert(context, collection, statement, updater);
  }
  const how = isReplacement(statement.update) ? 'replaced' : new NamedPaths(statement.update);
  const outcome: UpdateOutcome = { matched: targets.length, modified: 0 };
  for (const target of targets) {
    if (collection === undefined) {
      break;
    }
    const before = decodeDocument(target.raw);
    const after = updater.apply(before, {
      insert: false,
      ...(target.arrayIndex === undefined ? {} : { arrayIndex: target.arrayIndex }),
    });
    if (after !== before) {
      if (!statement.bypassValidation) {
        validateDocument(collection, after, before);
      }
      replaceDocument(
        context,
        collection,
        target.recordId,
        { document: before, size: target.raw.length },
        after,
        how,
      );
      outcome.modified += 1;
    }
    outcome.before = before;
    outcome.after = after;
  }
  return outcome;
}

function insertForUpsert(
  context: WriteContext,
  collection: CollectionInfo,
  statement: UpdateStatement,
  updater: Updater,
): UpdateOutcome {
  const equalities = seedFromFilter(statement.filter);
  const seed: BsonDocument = {};
  if (Object.hasOwn(equalities, '_id')) {
    seed._id = equalities._id;
  }
  const made = updater.apply(isReplacement(statement.update) ? seed : equalities, { insert: true });
  const prepared = prepareDocument(made);
  if (!statement.bypassValidation) {
    validateDocument(collection, prepared.document);
  }
  insertDocument(context, collection, prepared);
  return { matched: 1, modified: 0, upserted: { id: prepared.document._id }, after: prepared.document };
}

/** Carries out a delete statement within a write. Returns how many documents were removed, and the last of them. */
export function runDelete(
  context: WriteContext,
  database: string,
  name: string,
  statement: TargetStatement,
  candidates?: Candidates,
): { removed: number; last?: BsonDocument } {
  const collection = context.catalog.find(context.view, database, name);
  const query = prepareQuery(collection, statement.filter, statement.options);
  if (collection === undefined) {
    return { removed: 0 };
  }
  assertNotView(collection);
  context.useCollection(database, name);
  const targets = findTargets(context.view, collection, query, statement, candidates);
  let last: BsonDocument | undefined;
  for (const target of targets) {
    last = decodeDocument(target.raw);
    removeDocument(context, collection, target.recordId, { document: last, size: target.raw.length });
  }
  return last === undefined ? { removed: 0 } : { removed: targets.length, last };
}
