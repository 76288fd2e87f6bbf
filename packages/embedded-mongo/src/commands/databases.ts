import { dropCollection } from '../collections.ts';
import { type CommandContext, type CommandDefinition, viewOf, writeFor } from '../command.ts';
import { booleanOption, documentOption } from '../command-options.ts';
import { evaluationContext, matcherFor } from '../evaluation.ts';
import { ListStream } from '../find-stream.ts';
import type { BsonDocument } from '../semantics/types.ts';
import { encodeDocument } from '../wire/bson-encode.ts';
import { readCounters } from '../write-context.ts';
import { describeCollection } from './collections.ts';
import { cursorBatchSize, cursorReply } from './cursor-replies.ts';
import { Double } from 'bson';

function listDatabases(context: CommandContext): BsonDocument {
  const { command, engine } = context;
  const sizes = new Map<string, number>();
  for (const collection of engine.catalog.list(viewOf(context))) {
    const { bytes } = readCounters(engine.store, collection.id);
    sizes.set(collection.database, (sizes.get(collection.database) ?? 0) + bytes);
  }
  const matcher = matcherFor(documentOption(command, 'filter') ?? {}, evaluationContext(context.now));
  const nameOnly = booleanOption(command, 'nameOnly');
  const databases = [...sizes]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, size]): BsonDocument => ({
      name,
      sizeOnDisk: new Double(Math.max(size, 4096)),
      empty: false,
    }))
    .filter((database) => matcher.test(database));
  if (nameOnly) {
    return { databases: databases.map(({ name }) => ({ name })) };
  }
  const totalSize = new Double(engine.store.sizeOnDisk());
  return { databases, totalSize, totalSizeMb: Math.round(engine.store.sizeOnDisk() / 1048576) };
}

async function dropDatabase(context: CommandContext): Promise<BsonDocument> {
  const { database, engine } = context;
  const found = await writeFor(context, (write) => {
    const collections = write.catalog.list(write.view, database);
    for (const collection of collections) {
      dropCollection(write, collection);
    }
    if (collections.length > 0) {
      write.changes(database)?.push({ operation: 'dropDatabase', db: database });
    }
    return collections.length > 0;
  });
  engine.cursors.closeOn((namespace) => namespace.startsWith(`${database}.`));
  return found ? { dropped: database } : {};
}

async function listCollections(context: CommandContext): Promise<BsonDocument> {
  const { command, database, engine } = context;
  const matcher = matcherFor(documentOption(command, 'filter') ?? {}, evaluationContext(context.now));
  const nameOnly = booleanOption(command, 'nameOnly');
  const documents = engine.catalog
    .list(viewOf(context), database)
    .filter((collection) => matcher.test(describeCollection(collection, false)))
    .map((collection) => encodeDocument(describeCollection(collection, nameOnly)));
  const batchSize = cursorBatchSize(command);
  return cursorReply(
    context,
    `${database}.$cmd.listCollections`,
    new ListStream(documents),
    batchSize === undefined ? { batchSize: documents.length + 1 } : { batchSize },
  );
}

/** Commands about databases. */
export const databaseCommands: Readonly<Record<string, CommandDefinition>> = {
  listDatabases: { run: listDatabases, adminOnly: true },
  dropDatabase: { run: dropDatabase, writes: true },
  listCollections: { run: listCollections },
};
