import type { CollectionInfo } from '../catalog.ts';
import { type CommandContext, type CommandDefinition, findCollection, viewOf } from '../command.ts';
import { booleanOption, collectionName } from '../command-options.ts';
import { Double } from 'bson';
import { checkCollection } from '../consistency-check.ts';
import { MongoServerError } from '../semantics/errors.ts';
import type { BsonDocument } from '../semantics/types.ts';
import { readCounters } from '../write-context.ts';

function countersOf(
  context: CommandContext,
  collection: CollectionInfo,
): { documents: number; bytes: number } {
  return context.transaction?.counters(collection.id) ?? readCounters(context.engine.store, collection.id);
}

/** Sizes and counts of a collection, as collStats shows them. */
export function collectionStatistics(
  context: CommandContext,
  collection: CollectionInfo,
): BsonDocument & { count: number } {
  const { documents, bytes } = countersOf(context, collection);
  return {
    ns: collection.namespace,
    size: bytes,
    count: documents,
    ...(documents > 0 ? { avgObjSize: Math.round(bytes / documents) } : {}),
    numOrphanDocs: 0,
    storageSize: bytes,
    freeStorageSize: 0,
    capped: collection.capped !== undefined,
    ...(collection.capped === undefined
      ? {}
      : {
          maxSize: collection.capped.size,
          max: Number.isFinite(collection.capped.max) ? collection.capped.max : 0,
        }),
    nindexes: collection.indexes.length,
    indexBuilds: collection.indexes.filter((index) => index.building).map((index) => index.name),
    totalIndexSize: 0,
    totalSize: bytes,
    indexSizes: Object.fromEntries(collection.indexes.map((index) => [index.name, 0])),
    scaleFactor: 1,
  };
}

function collStats(context: CommandContext): BsonDocument {
  const name = collectionName(context.command, context.name);
  const collection = findCollection(context, name);
  if (collection === undefined) {
    return {
      ns: `${context.database}.${name}`,
      size: 0,
      count: 0,
      storageSize: 0,
      nindexes: 0,
      totalIndexSize: 0,
      indexSizes: {},
      scaleFactor: 1,
    };
  }
  if (collection.kind === 'view') {
    throw new MongoServerError(166, `Namespace ${collection.namespace} is a view, not a collection`);
  }
  return collectionStatistics(context, collection);
}

function dbStats(context: CommandContext): BsonDocument {
  const collections = context.engine.catalog.list(viewOf(context), context.database);
  const real = collections.filter((collection) => collection.kind === 'collection');
  const counters = real.map((collection) => countersOf(context, collection));
  const documents = counters.reduce((sum, one) => sum + one.documents, 0);
  const bytes = counters.reduce((sum, one) => sum + one.bytes, 0);
  return {
    db: context.database,
    collections: real.length,
    views: collections.length - real.length,
    objects: documents,
    avgObjSize: new Double(documents === 0 ? 0 : bytes / documents),
    dataSize: new Double(bytes),
    storageSize: new Double(bytes),
    indexes: real.reduce((sum, collection) => sum + collection.indexes.length, 0),
    indexSize: new Double(0),
    totalSize: new Double(bytes),
    scaleFactor: 1,
    fsUsedSize: new Double(context.engine.store.sizeOnDisk()),
  };
}

function validate(context: CommandContext): BsonDocument {
  if (booleanOption(context.command, 'full') && booleanOption(context.command, 'background')) {
    throw new MongoServerError(
      72,
      'Running the validate command with { background: true } is not supported with { full: true }',
    );
  }
  const name = collectionName(context.command, 'validate');
  const collection = findCollection(context, name);
  if (collection === undefined) {
    throw new MongoServerError(26, `Collection '${context.database}.${name}' does not exist to validate.`);
  }
  const { documents, problems, entriesByIndex } = checkCollection(viewOf(context), collection);
  return {
    ns: collection.namespace,
    nInvalidDocuments: 0,
    nrecords: documents,
    nIndexes: collection.indexes.length,
    keysPerIndex: entriesByIndex,
    valid: problems.length === 0,
    warnings: [],
    errors: problems,
    extraIndexEntries: [],
    missingIndexEntries: [],
  };
}

/** collStats, dbStats and validate. */
export const statisticsCommands: Readonly<Record<string, CommandDefinition>> = {
  collStats: { run: collStats },
  collstats: { run: collStats },
  dbStats: { run: dbStats },
  dbstats: { run: dbStats },
  validate: { run: validate },
};
