import { type CollectionInfo, ID_INDEX_SPEC } from '../catalog.ts';
import { assertValidation, CREATE_OPTIONS, readCollectionOptions } from '../collection-options.ts';
import { noteCollection } from '../changes/noting.ts';
import { createCollection, discardCollection, dropCollection } from '../collections.ts';
import { type CommandContext, type CommandDefinition, findCollection, writeFor } from '../command.ts';
import {
  assertCollectionName,
  assertKnownFields,
  booleanOption,
  collectionName,
  documentOption,
  documentsOption,
  integerOption,
  requiredString,
  stringOption,
} from '../command-options.ts';
import { validatePipeline } from '../semantics/aggregate.ts';
import { MongoServerError } from '../semantics/errors.ts';
import type { BsonDocument } from '../semantics/types.ts';
import { isDocument, toNumber, valuesEqual } from '../semantics/values.ts';
import { catalogKey } from '../storage/keyspace.ts';

const CREATE_FIELDS = new Set([
  'create',
  ...CREATE_OPTIONS,
  'autoIndexId',
  'idIndex',
  'temp',
  'flags',
  'encryptedFields',
]);

async function create(context: CommandContext): Promise<BsonDocument> {
  const { command, database } = context;
  assertKnownFields(command, 'create', CREATE_FIELDS);
  const name = collectionName(command, 'create');
  if (Buffer.byteLength(`${database}.${name}`) > 255) {
    throw new MongoServerError(
      73,
      `Fully qualified namespace is too long. Namespace: ${database}.${name} Max: 255`,
    );
  }
  const options = readCollectionOptions(command);
  const viewOn = stringOption(command, 'viewOn');
  const pipeline = documentsOption(command, 'pipeline');
  if (viewOn === undefined && pipeline !== undefined) {
    throw new MongoServerError(72, `'pipeline' requires 'viewOn' to also be specified`);
  }
  if (viewOn !== undefined) {
    assertCollectionName(viewOn);
    validatePipeline(pipeline ?? []);
    options.pipeline = pipeline ?? [];
  }
  await writeFor(context, (write) => {
    const existing = write.catalog.find(write.view, database, name);
    if (existing === undefined) {
      createCollection(write, database, name, options, viewOn === undefined ? 'collection' : 'view');
    } else if (!valuesEqual(existing.options, options) || context.transaction !== undefined) {
      throw new MongoServerError(48, `Collection ${existing.namespace} already exists.`);
    }
  });
  return {};
}

async function drop(context: CommandContext): Promise<BsonDocument> {
  const name = collectionName(context.command, 'drop');
  return writeFor(context, (write) => {
    const collection = write.catalog.find(write.view, context.database, name);
    if (collection === undefined) {
      return {};
    }
    const indexes = collection.indexes.length;
    dropCollection(write, collection);
    context.engine.cursors.closeOn((namespace) => namespace === collection.namespace);
    return { nIndexesWas: indexes, ns: collection.namespace };
  });
}

function splitNamespace(namespace: string): [database: string, collection: string] {
  const dot = namespace.indexOf('.');
  if (dot < 1 || dot === namespace.length - 1) {
    throw new MongoServerError(73, `Invalid namespace specified '${namespace}'`);
  }
  const name = namespace.slice(dot + 1);
  assertCollectionName(name);
  return [namespace.slice(0, dot), name];
}

async function renameCollection(context: CommandContext): Promise<BsonDocument> {
  const { command } = context;
  const from = requiredString(command, 'renameCollection');
  const to = requiredString(command, 'to');
  const [fromDatabase, fromName] = splitNamespace(from);
  const [toDatabase, toName] = splitNamespace(to);
  if (from === to) {
    throw new MongoServerError(20, `Can't rename a collection to itself`);
  }
  const dropTarget = booleanOption(command, 'dropTarget');
  await writeFor(context, (write) => {
    const source = write.catalog.find(write.view, fromDatabase, fromName);
    if (source === undefined) {
      throw new MongoServerError(26, `Source collection ${from} does not exist`);
    }
    if (source.kind === 'view') {
      throw new MongoServerError(166, `cannot rename view: ${from}`);
    }
    const target = write.catalog.find(write.view, toDatabase, toName);
    if (target !== undefined) {
      if (!dropTarget) {
        throw new MongoServerError(48, 'target namespace exists');
      }
      discardCollection(write, target);
    }
    write.guardCollection(from);
    write.guardCollection(to);
    write.view.del(catalogKey(fromDatabase, fromName));
    write.catalog.save(write.view, toDatabase, toName, write.catalog.storedForm(source));
    const renamed = { db: toDatabase, coll: toName };
    noteCollection(write, source, 'rename', {
      to: renamed,
      details: { to: renamed, ...(target !== undefined && { dropTarget: target.uuid }) },
    });
  });
  context.engine.cursors.closeOn((namespace) => namespace === from || namespace === to);
  return {};
}

const COLL_MOD_FIELDS = new Set([
  'collMod',
  'index',
  'validator',
  'validationLevel',
  'validationAction',
  'viewOn',
  'pipeline',
  'expireAfterSeconds',
  'cappedSize',
  'cappedMax',
  'changeStreamPreAndPostImages',
  'timeseries',
  'dryRun',
  'recordIdsReplicated',
]);

function changeIndex(
  collection: CollectionInfo,
  change: BsonDocument,
  indexes: { id: number; spec: BsonDocument }[],
): BsonDocument {
  const name = stringOption(change, 'name');
  const keyPattern = documentOption(change, 'keyPattern');
  const found = indexes.find(({ spec }) =>
    name === undefined ? keyPattern !== undefined && valuesEqual(spec.key, keyPattern) : spec.name === name,
  );
  if (found === undefined) {
    throw new MongoServerError(
      27,
      `cannot find index ${name ?? 'with the given key pattern'} for ns ${collection.namespace}`,
    );
  }
  const reply: BsonDocument = {};
  if (change.expireAfterSeconds !== undefined) {
    const seconds = toNumber(change.expireAfterSeconds);
    if (seconds === undefined || seconds < 0) {
      throw new MongoServerError(72, 'expireAfterSeconds must be a number that is not negative');
    }
    if (found.spec.expireAfterSeconds !== undefined) {
      reply.expireAfterSeconds_old = found.spec.expireAfterSeconds;
    }
    reply.expireAfterSeconds_new = change.expireAfterSeconds;
    found.spec = { ...found.spec, expireAfterSeconds: change.expireAfterSeconds };
  }
  if (typeof change.hidden === 'boolean') {
    if (found.spec.name === '_id_') {
      throw new MongoServerError(2, "can't hide _id index");
    }
    reply.hidden_old = found.spec.hidden === true;
    reply.hidden_new = change.hidden;
    const { hidden: _hidden, ...spec } = found.spec;
    found.spec = change.hidden ? { ...spec, hidden: true } : spec;
  }
  if (change.unique === true) {
    throw new MongoServerError(
      72,
      'collMod cannot make an index unique on this server: create a unique index instead',
    );
  }
  return reply;
}

async function collMod(context: CommandContext): Promise<BsonDocument> {
  const { command, database } = context;
  assertKnownFields(command, 'collMod', COLL_MOD_FIELDS);
  const name = collectionName(command, 'collMod');
  assertValidation(command);
  return writeFor(context, (write) => {
    const collection = write.catalog.find(write.view, database, name);
    if (collection === undefined) {
      throw new MongoServerError(26, `ns does not exist: ${database}.${name}`);
    }
    write.guardCollection(collection.namespace);
    const stored = write.catalog.storedForm(collection);
    const { options } = stored;
    for (const field of [
      'validator',
      'validationLevel',
      'validationAction',
      'viewOn',
      'pipeline',
      'expireAfterSeconds',
      'changeStreamPreAndPostImages',
    ] as const) {
      if (command[field] !== undefined) {
        options[field] = command[field];
      }
    }
    if (command.cappedSize !== undefined) {
      options.size = command.cappedSize;
    }
    if (command.cappedMax !== undefined) {
      options.max = command.cappedMax;
    }
    const change = documentOption(command, 'index');
    const reply = change === undefined ? {} : changeIndex(collection, change, stored.indexes);
    write.catalog.save(write.view, database, name, stored);
    const given = Object.entries(command).filter(
      ([field]) => COLL_MOD_FIELDS.has(field) && field !== 'collMod',
    );
    noteCollection(write, collection, 'modify', { details: Object.fromEntries(given) });
    return reply;
  });
}

/** Views, time series and clustered collections have no index on `_id` of their own. */
function hasIdIndex({ kind, options }: CollectionInfo): boolean {
  return kind === 'collection' && options.timeseries === undefined && options.clusteredIndex === undefined;
}

/** A collection as listCollections shows it. */
export function describeCollection(collection: CollectionInfo, nameOnly: boolean): BsonDocument {
  const type =
    collection.kind === 'view'
      ? 'view'
      : isDocument(collection.options.timeseries)
        ? 'timeseries'
        : 'collection';
  if (nameOnly) {
    return { name: collection.name, type };
  }
  return {
    name: collection.name,
    type,
    options: collection.options,
    info: {
      readOnly: collection.kind === 'view',
      ...(collection.kind === 'view' ? {} : { uuid: collection.uuid }),
    },
    ...(hasIdIndex(collection) ? { idIndex: ID_INDEX_SPEC } : {}),
  };
}

/** convertToCapped: the collection keeps its newest documents within the size. */
async function convertToCapped(context: CommandContext): Promise<BsonDocument> {
  const name = collectionName(context.command, 'convertToCapped');
  const size = integerOption(context.command, 'size');
  if (size === undefined || size < 1) {
    throw new MongoServerError(72, 'Capped collection size must be greater than zero');
  }
  if (findCollection(context, name) === undefined) {
    throw new MongoServerError(26, `source collection ${context.database}.${name} does not exist`);
  }
  await writeFor(context, (write) => {
    const collection = write.catalog.find(write.view, context.database, name);
    if (collection !== undefined) {
      write.guardCollection(collection.namespace);
      const stored = write.catalog.storedForm(collection);
      stored.options = { ...stored.options, capped: true, size };
      write.catalog.save(write.view, context.database, name, stored);
    }
  });
  return {};
}

/** Commands that make, change and remove collections and views. */
export const collectionCommands: Readonly<Record<string, CommandDefinition>> = {
  create: { run: create, inTransaction: true, writes: true },
  drop: { run: drop, writes: true },
  renameCollection: { run: renameCollection, adminOnly: true, writes: true },
  collMod: { run: collMod, writes: true },
  convertToCapped: { run: convertToCapped, writes: true },
};
