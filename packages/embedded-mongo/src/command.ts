import type { CollectionInfo } from './catalog.ts';
import type { Engine, WriteWork } from './engine.ts';
import { timeLimitError } from './engine.ts';
import { Pacer } from './pacing.ts';
import type { BsonDocument } from './semantics/types.ts';
import type { Session } from './sessions.ts';
import type { ServerState } from './server-state.ts';
import type { ReadView } from './storage/store.ts';
import type { Transaction } from './transactions.ts';

/** What a client said about itself on its connection. */
export interface ConnectionState {
  id: number;
  /** Name of the application, from its greeting. */
  appName?: string;
  /** Closes the socket. */
  close(): void;
}

/** One command with everything its handler may need. */
export interface CommandContext {
  server: ServerState;
  engine: Engine;
  connection: ConnectionState;
  database: string;
  /** Name of the command as the client wrote it. */
  name: string;
  command: BsonDocument;
  /** Bytes of the documents sent in kind-1 sections, by name. */
  rawSections: ReadonlyMap<string, Buffer[]>;
  session?: Session;
  transaction?: Transaction;
  /** Set for a retryable write. */
  retry?: { session: string; txnNumber: number };
  /** Server time of the command. */
  now: Date;
  /** Time (as of performance.now()) at which maxTimeMS is over. */
  deadline?: number;
  /** Set by a fail point: the connection is closed instead of answering. */
  closesConnection?: boolean;
}

/** Carries out a command and returns the fields of its reply (without `ok`). Throws MongoServerError. */
export type CommandHandler = (context: CommandContext) => BsonDocument | Promise<BsonDocument>;

/** A command and the rules that hold for it. */
export interface CommandDefinition {
  run: CommandHandler;
  /** Allowed inside a multi-document transaction. */
  inTransaction?: boolean;
  /** Only on the admin database. */
  adminOnly?: boolean;
  /** A write: has a write concern, and may be retryable. */
  writes?: boolean;
}

/** The state that the command reads: that of its transaction, or what is committed. */
export function viewOf(context: CommandContext): ReadView {
  return context.engine.viewOf(context.transaction);
}

/** Looks up a collection or view of the command's database. */
export function findCollection(context: CommandContext, name: string): CollectionInfo | undefined {
  return context.engine.catalog.find(viewOf(context), context.database, name);
}

/** A pacer that also watches the command's time limit. */
export function pacerOf(context: CommandContext): Pacer {
  return new Pacer(context.deadline, timeLimitError);
}

/** Runs a write for the command; see `Engine.write`. */
export function writeFor<T>(context: CommandContext, work: WriteWork<T>): Promise<T> {
  const { transaction, retry, deadline } = context;
  return context.engine.write(
    {
      ...(transaction === undefined ? {} : { transaction }),
      ...(retry === undefined ? {} : { retry }),
      ...(deadline === undefined ? {} : { deadline }),
    },
    work,
  );
}
