import type { CollectionInfo } from '../catalog.ts';
import { noteCollection } from '../changes/noting.ts';
import { assertNotView, createCollection, discardIndex } from '../collections.ts';
import { type CommandContext, type CommandDefinition, findCollection, writeFor } from '../command.ts';
import { assertKnownFields, collectionName, documentsOption, optionalField } from '../command-options.ts';
import { ListStream } from '../find-stream.ts';
import { buildInBatches, fillIndexes, INLINE_BUILD } from '../index-builds.ts';
import { existingIndex, normalizeIndexSpec } from '../index-specs.ts';
import { MongoServerError } from '../semantics/errors.ts';
import type { BsonDocument } from '../semantics/types.ts';
import { isArray, isDocument, valuesEqual } from '../semantics/values.ts';
import { describeValue } from '../semantics/update-describe.ts';
import { catalogKey } from '../storage/keyspace.ts';
import { encodeDocument } from '../wire/bson-encode.ts';
import type { WriteContext } from '../write-context.ts';
import { cursorBatchSize, cursorReply } from './cursor-replies.ts';

const CREATE_FIELDS = new Set(['createIndexes', 'indexes', 'commitQuorum', 'ignoreUnknownIndexOptions', 'v']);

interface Registered {
  collection: CollectionInfo;
  created: Set<number>;
  before: number;
  createdCollection: boolean;
  /** Indexes of the same kind that another command is building. */
  pending: number[];
  long: boolean;
}

/** Adds the specifications to the catalogue, marked as being built when the collection is large. */
function register(
  context: CommandContext,
  write: WriteContext,
  name: string,
  specs: readonly BsonDocument[],
): Registered {
  const { database } = context;
  const existing = write.catalog.find(write.view, database, name);
  if (existing !== undefined) {
    assertNotView(existing);
  }
  let collection = existing ?? createCollection(write, database, name, {});
  const before = collection.indexes.length;
  const long = context.transaction === undefined && write.counters(collection.id).documents > INLINE_BUILD;
  const created = new Set<number>();
  const added: BsonDocument[] = [];
  const pending: number[] = [];
  const collation = isDocument(collection.options.collation) ? collection.options.collation : undefined;
  for (const spec of specs) {
    const normalized = normalizeIndexSpec(spec, collation);
    const known = existingIndex(collection, normalized);
    if (known !== undefined) {
      if (known.building && !created.has(known.id)) {
        pending.push(known.id);
      }
      continue;
    }
    if (collection.indexes.length >= 64) {
      throw new MongoServerError(67, `add index fails, too many indexes for ${collection.namespace}`);
    }
    if (created.size === 0) {
      write.guardCollection(collection.namespace);
    }
    const id = write.catalog.newId();
    const stored = write.catalog.storedForm(collection);
    stored.indexes.push({ id, spec: normalized, ...(long ? { building: true } : {}) });
    collection = write.catalog.save(write.view, database, name, stored);
    created.add(id);
    added.push(normalized);
  }
  if (added.length > 0) {
    noteCollection(write, collection, 'createIndexes', { details: { indexes: added } });
  }
  if (!long && created.size > 0) {
    fillIndexes(write, collection, created);
  }
  return { collection, created, before, createdCollection: existing === undefined, pending, long };
}

/** True in a transaction that did not create the collection itself. */
function existedBefore({ transaction, database }: CommandContext, name: string): boolean {
  const key = catalogKey(database, name);
  return transaction?.overlay.getBase(key, key.toString('latin1')) !== undefined;
}

async function createIndexes(context: CommandContext): Promise<BsonDocument> {
  const { command, engine } = context;
  assertKnownFields(command, 'createIndexes', CREATE_FIELDS);
  const name = collectionName(command, 'createIndexes');
  const specs = documentsOption(command, 'indexes') ?? [];
  if (specs.length === 0) {
    throw new MongoServerError(2, 'Must specify at least one index to create');
  }
  const registered = await writeFor(context, (write) => {
    const found = write.catalog.find(write.view, context.database, name);
    const registered = register(context, write, name, specs);
    if (found !== undefined && registered.created.size > 0 && existedBefore(context, name)) {
      throw new MongoServerError(
        263,
        `Cannot create new indexes on existing collection ${found.namespace} in a multi-document transaction.`,
      );
    }
    return registered;
  });
  const { collection, created, before, long } = registered;
  if (long && created.size > 0) {
    const build = buildInBatches(engine, {}, collection, created);
    engine.trackBuild(created, build);
    await build;
  }
  for (const id of registered.pending) {
    await engine.buildOf(id);
  }
  const after = before + created.size;
  return {
    numIndexesBefore: before,
    numIndexesAfter: after,
    createdCollectionAutomatically: registered.createdCollection,
    ...(created.size === 0 ? { note: 'all indexes already exist' } : {}),
    commitQuorum: 'votingMembers',
  };
}

function matchingIndexes(collection: CollectionInfo, wanted: unknown): string[] {
  if (wanted === '*') {
    return collection.indexes.slice(1).map((index) => index.name);
  }
  if (isArray(wanted)) {
    return wanted.flatMap((one) => matchingIndexes(collection, one));
  }
  if (typeof wanted === 'string') {
    if (!collection.indexes.some((index) => index.name === wanted)) {
      throw new MongoServerError(27, `index not found with name [${wanted}]`);
    }
    return [wanted];
  }
  const found = collection.indexes.filter(
    (index) => isDocument(wanted) && valuesEqual(index.spec.key, wanted),
  );
  if (found.length === 0) {
    throw new MongoServerError(27, `can't find index with key: ${describeValue(wanted)}`);
  }
  if (found.length > 1) {
    throw new MongoServerError(
      181,
      `${found.length} indexes found for key: ${describeValue(wanted)}, identify by name instead.`,
    );
  }
  return found.map((index) => index.name);
}

async function dropIndexes(context: CommandContext): Promise<BsonDocument> {
  const { command, database } = context;
  const name = collectionName(command, context.name);
  const wanted = optionalField(command, 'index');
  return writeFor(context, (write) => {
    const collection = write.catalog.find(write.view, database, name);
    if (collection === undefined) {
      throw new MongoServerError(26, `ns not found ${database}.${name}`);
    }
    assertNotView(collection);
    const names = new Set(matchingIndexes(collection, wanted));
    const [first] = collection.indexes;
    if (first !== undefined && names.has(first.name)) {
      throw new MongoServerError(72, 'cannot drop _id index');
    }
    write.guardCollection(collection.namespace);
    for (const index of collection.indexes) {
      if (names.has(index.name)) {
        discardIndex(write, index);
      }
    }
    const stored = write.catalog.storedForm(collection);
    stored.indexes = stored.indexes.filter((index) => !names.has(String(index.spec.name)));
    write.catalog.save(write.view, database, name, stored);
    const dropped = collection.indexes.filter((index) => names.has(index.name)).map((index) => index.spec);
    if (dropped.length > 0) {
      noteCollection(write, collection, 'dropIndexes', { details: { indexes: dropped } });
    }
    return {
      nIndexesWas: collection.indexes.length,
      ...(wanted === '*' ? { msg: 'non-_id indexes dropped for collection' } : {}),
    };
  });
}

async function listIndexes(context: CommandContext): Promise<BsonDocument> {
  const { command } = context;
  const name = collectionName(command, 'listIndexes');
  const collection = findCollection(context, name);
  if (collection === undefined) {
    throw new MongoServerError(26, `ns does not exist: ${context.database}.${name}`);
  }
  assertNotView(collection);
  const documents = collection.indexes
    .filter((index, position) => !index.building && (position > 0 || collection.timeField === undefined))
    .map((index) => encodeDocument(index.spec));
  const batchSize = cursorBatchSize(command);
  return cursorReply(
    context,
    collection.namespace,
    new ListStream(documents),
    batchSize === undefined ? {} : { batchSize },
  );
}

/** Commands about indexes. */
export const indexCommands: Readonly<Record<string, CommandDefinition>> = {
  createIndexes: { run: createIndexes, inTransaction: true, writes: true },
  dropIndexes: { run: dropIndexes, writes: true },
  deleteIndexes: { run: dropIndexes, writes: true },
  listIndexes: { run: listIndexes },
};
