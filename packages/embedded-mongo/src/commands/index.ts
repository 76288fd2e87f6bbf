import type { CommandDefinition } from '../command.ts';
import type { BsonDocument } from '../semantics/types.ts';
import { aggregateCommands } from './aggregate.ts';
import { bulkWriteCommands } from './bulk-write.ts';
import { collectionCommands } from './collections.ts';
import { countCommands } from './count.ts';
import { cursorCommands } from './cursor-replies.ts';
import { databaseCommands } from './databases.ts';
import { diagnosticCommands } from './diagnostics.ts';
import { explainCommands } from './explain.ts';
import { findAndModifyCommands } from './find-and-modify.ts';
import { findCommands } from './find.ts';
import { handshakeCommands } from './handshake.ts';
import { indexCommands } from './indexes.ts';
import { insertCommands } from './insert.ts';
import { sessionCommands } from './sessions.ts';
import { statisticsCommands } from './statistics.ts';
import { updateCommands } from './update.ts';

function listCommands(): BsonDocument {
  const commands: BsonDocument = {};
  for (const [name, { adminOnly = false, writes = false }] of Object.entries(commandTable)) {
    commands[name] = { help: '', requiresAuth: false, secondaryOk: !writes, adminOnly };
  }
  return { commands };
}

/** Every command the server knows, by name. */
export const commandTable: Readonly<Record<string, CommandDefinition>> = {
  ...aggregateCommands,
  ...bulkWriteCommands,
  ...collectionCommands,
  ...countCommands,
  ...cursorCommands,
  ...databaseCommands,
  ...diagnosticCommands,
  ...explainCommands,
  ...findAndModifyCommands,
  ...findCommands,
  ...handshakeCommands,
  ...indexCommands,
  ...insertCommands,
  ...sessionCommands,
  ...statisticsCommands,
  ...updateCommands,
  listCommands: { run: listCommands },
};
