import { type CommandContext, type CommandDefinition, findCollection, pacerOf, viewOf } from '../command.ts';
import {
  assertKnownFields,
  booleanOption,
  collectionName,
  countOption,
  documentOption,
  integerOption,
} from '../command-options.ts';
import { projectorFor } from '../evaluation.ts';
import { documentById, soleId } from '../find-by-id.ts';
import { FindStream, type StreamSort } from '../find-stream.ts';
import type { Plan } from '../planner.ts';
import { nearOrder, planOf, prepareQuery, type Query, queryOptions, scanOf } from '../query.ts';
import type { FoundDocument } from '../scan.ts';
import { MongoServerError } from '../semantics/errors.ts';
import { valueAtPlainPath } from '../semantics/paths.ts';
import type { BsonDocument } from '../semantics/types.ts';
import { getField, isDocument, setField } from '../semantics/values.ts';
import { Double, Long } from 'bson';
import { TailStream } from '../tail-stream.ts';
import { decodeDocument } from '../wire/bson-decode.ts';
import { encodeDocument, RawDocument } from '../wire/bson-encode.ts';
import { findInView } from './aggregate.ts';
import { cursorReply } from './cursor-replies.ts';

const FIND_FIELDS = new Set([
  'find',
  'filter',
  'sort',
  'projection',
  'hint',
  'skip',
  'limit',
  'batchSize',
  'singleBatch',
  'max',
  'min',
  'returnKey',
  'showRecordId',
  'tailable',
  'oplogReplay',
  'noCursorTimeout',
  'awaitData',
  'allowPartialResults',
  'collation',
  'allowDiskUse',
  'let',
  'ntoreturn',
]);

/** What returnKey shows of a document: the fields of the index that found it, without those it lacks. */
function keyOf(document: BsonDocument, paths: readonly string[]): BsonDocument {
  const key: BsonDocument = {};
  for (const path of paths) {
    const value = valueAtPlainPath(document, path);
    if (value !== undefined) {
      setField(key, path, value);
    }
  }
  return key;
}

/** The fields of a projection that show the score of a text search. */
function scoreFields(projection: BsonDocument): string[] {
  return Object.keys(projection).filter((path) => {
    const value = projection[path];
    return isDocument(value) && value.$meta === 'textScore';
  });
}

/** How a find's documents are turned into the bytes that are sent. */
function presenter(command: BsonDocument, projection: BsonDocument | undefined, query: Query, plan: Plan) {
  const showRecordId = booleanOption(command, 'showRecordId');
  if (booleanOption(command, 'returnKey')) {
    const paths = plan.kind === 'index' ? plan.index.fields.map(([path]) => path) : [];
    return (found: FoundDocument): Uint8Array => encodeDocument(keyOf(decodeDocument(found.raw), paths));
  }
  const { textScore } = query.evaluation;
  const scores = textScore === undefined ? [] : scoreFields(projection ?? {});
  const plain = Object.fromEntries(
    Object.entries(projection ?? {}).filter(([path]) => !scores.includes(path)),
  );
  const project = Object.keys(plain).length === 0 ? undefined : projectorFor(plain, query.evaluation);
  if (project === undefined && !showRecordId && scores.length === 0) {
    return (found: FoundDocument): Uint8Array => found.raw;
  }
  return (found: FoundDocument): Uint8Array => {
    const document = decodeDocument(found.raw);
    const shown = project === undefined ? document : project(document, found.arrayIndex);
    for (const field of scores) {
      setField(shown, field, new Double(textScore?.(document) ?? 0));
    }
    if (showRecordId) {
      setField(shown, '$recordId', Long.fromNumber(found.recordId));
    }
    return encodeDocument(shown);
  };
}

/** The order the documents have to be brought into: the sort's, or the distance from the point of a `$near`. */
function sortOf(query: Query, plan: Plan): StreamSort | undefined {
  const { fields, byScore } = query.sort;
  const { textScore } = query.evaluation;
  if (byScore === true && textScore !== undefined) {
    return { fields: [], distance: (document) => -textScore(document) };
  }
  const distance = nearOrder(query);
  if (distance !== undefined) {
    return { fields: [], distance };
  }
  return plan.sorted
    ? undefined
    : { fields, ...(query.shape.collation && { collation: query.shape.collation }) };
}

function wantsArrayIndex(projection: BsonDocument | undefined): boolean {
  return Object.keys(projection ?? {}).some((path) => path.endsWith('.$'));
}

async function find(context: CommandContext): Promise<BsonDocument> {
  const { command } = context;
  assertKnownFields(command, 'find', FIND_FIELDS);
  const name = collectionName(command, 'find');
  const namespace = `${context.database}.${name}`;
  const filter = documentOption(command, 'filter') ?? {};
  const skip = countOption(command, 'skip') ?? 0;
  let limit = integerOption(command, 'limit') ?? 0;
  let singleBatch = booleanOption(command, 'singleBatch');
  if (limit < 0) {
    limit = -limit;
    singleBatch = true;
  }
  const batchSize = countOption(command, 'batchSize');
  const collection = findCollection(context, name);
  if (collection?.kind === 'view') {
    return findInView(context, collection);
  }
  const id = collection === undefined ? undefined : soleId(command, collection);
  if (collection !== undefined && id !== undefined) {
    const raw = documentById(viewOf(context), collection, id);
    return {
      cursor: { firstBatch: raw === undefined ? [] : [new RawDocument(raw)], id: Long.ZERO, ns: namespace },
    };
  }
  if (booleanOption(command, 'tailable') && collection?.capped === undefined) {
    throw new MongoServerError(
      2,
      `error processing query: ns=${namespace} tailable cursor requested on non capped collection`,
    );
  }
  const projection = documentOption(command, 'projection');
  const query = prepareQuery(collection, filter, {
    ...queryOptions(command, context.now),
    sortsByScore: true,
  });
  const view = viewOf(context);
  const plan = planOf(view, collection, query);
  if (collection !== undefined && booleanOption(command, 'tailable')) {
    const present = presenter(command, projection, query, plan);
    const tail = new TailStream(view, collection, query.condition.matcher, present, { skip, limit });
    return cursorReply(context, namespace, tail, {
      ...(batchSize === undefined ? {} : { batchSize }),
      awaitsData: booleanOption(command, 'awaitData'),
    });
  }
  const sort = sortOf(query, plan);
  const stream = new FindStream({
    scan: scanOf(view, collection, query, plan, { wantsArrayIndex: wantsArrayIndex(projection) }),
    ...(sort === undefined ? {} : { sort }),
    skip,
    limit,
    present: presenter(command, projection, query, plan),
    pacer: () => pacerOf(context),
  });
  return cursorReply(context, namespace, stream, {
    ...(batchSize === undefined ? {} : { batchSize }),
    singleBatch,
    noCursorTimeout: getField(command, 'noCursorTimeout') === true,
  });
}

/** find. */
export const findCommands: Readonly<Record<string, CommandDefinition>> = {
  find: { run: find, inTransaction: true },
};
