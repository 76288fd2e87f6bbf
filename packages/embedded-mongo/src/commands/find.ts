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
import { FindStream } from '../find-stream.ts';
import { planOf, prepareQuery, queryOptions, scanOf } from '../query.ts';
import type { FoundDocument } from '../scan.ts';
import { MongoServerError } from '../semantics/errors.ts';
import type { BsonDocument } from '../semantics/types.ts';
import { getField, setField } from '../semantics/values.ts';
import { Long } from 'bson';
import { decodeDocument } from '../wire/bson-decode.ts';
import { encodeDocument } from '../wire/bson-encode.ts';
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

/** How a find's documents are turned into the bytes that are sent. */
function presenter(
  command: BsonDocument,
  projection: BsonDocument | undefined,
  query: ReturnType<typeof prepareQuery>,
) {
  const showRecordId = booleanOption(command, 'showRecordId');
  const project =
    projection === undefined || Object.keys(projection).length === 0
      ? undefined
      : projectorFor(projection, query.evaluation);
  if (project === undefined && !showRecordId) {
    return (found: FoundDocument): Uint8Array => found.raw;
  }
  return (found: FoundDocument): Uint8Array => {
    const document = decodeDocument(found.raw);
    const shown = project === undefined ? document : project(document, found.arrayIndex);
    if (showRecordId) {
      setField(shown, '$recordId', Long.fromNumber(found.recordId));
    }
    return encodeDocument(shown);
  };
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
  if (booleanOption(command, 'tailable') && collection?.capped === undefined) {
    throw new MongoServerError(
      2,
      `error processing query: ns=${namespace} tailable cursor requested on non capped collection`,
    );
  }
  const projection = documentOption(command, 'projection');
  const query = prepareQuery(collection, filter, queryOptions(command, context.now));
  const view = viewOf(context);
  const plan = planOf(view, collection, query);
  const stream = new FindStream({
    scan: scanOf(view, collection, query, plan, { wantsArrayIndex: wantsArrayIndex(projection) }),
    ...(plan.sorted
      ? {}
      : {
          sort: {
            fields: query.sort.fields,
            ...(query.shape.collation && { collation: query.shape.collation }),
          },
        }),
    skip,
    limit,
    present: presenter(command, projection, query),
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
