import { setTimeout as pause } from 'node:timers/promises';
import { assertApiVersion } from './api-version.ts';
import type { CommandContext, CommandDefinition, ConnectionState } from './command.ts';
import { commandTable } from './commands/index.ts';
import { codeNameOf } from './error-codes.ts';
import { type Engine, timeLimitError } from './engine.ts';
import type { InjectedFailure } from './fail-points.ts';
import { errorReply, withTimes } from './reply.ts';
import { transactionTooOld } from './retry-memory.ts';
import { MongoServerError } from './semantics/errors.ts';
import type { BsonDocument } from './semantics/types.ts';
import { isDocument, isTruthy, toNumber } from './semantics/values.ts';
import type { ServerState } from './server-state.ts';
import { sessionIdOf } from './sessions.ts';
import { noSuchTransaction } from './transactions.ts';
import type { Request } from './wire/messages.ts';

/** Commands that transactions may send to the admin database. */
const ON_ADMIN = new Set(['bulkWrite', 'getMore', 'killCursors', 'hello', 'isMaster', 'ismaster']);
const ENDS_TRANSACTION = new Set(['commitTransaction', 'abortTransaction']);

/** Parts of a command that say to which session and transaction it belongs. */
interface Attribution {
  inTransaction: boolean;
  endsTransaction: boolean;
  retryableWrite: boolean;
}

/** What is done with a request. */
export interface Answer {
  reply: BsonDocument;
  /** Close the connection instead of answering. */
  closeConnection: boolean;
}

function attribution(command: BsonDocument, name: string): Attribution {
  const numbered = command.txnNumber !== undefined;
  const inTransaction = numbered && command.autocommit === false;
  return {
    inTransaction,
    endsTransaction: ENDS_TRANSACTION.has(name),
    retryableWrite: numbered && !inTransaction,
  };
}

/** Finds, starts or refuses the transaction that a statement names. */
function enterTransaction(context: CommandContext): void {
  const { command, engine, session, name } = context;
  const number = toNumber(command.txnNumber);
  if (session === undefined || number === undefined) {
    throw new MongoServerError(72, `'autocommit' needs a session and a transaction number`);
  }
  if (command.startTransaction === true) {
    if (number < session.txnNumber) {
      throw transactionTooOld(number, session.txnNumber);
    }
    if (number === session.txnNumber && session.transaction !== undefined) {
      const { state } = session.transaction;
      if (state !== 'aborted') {
        throw new MongoServerError(50911, `Cannot start transaction ${number}: it has already been started`);
      }
    }
    context.transaction = engine.startTransaction(session, number);
    return;
  }
  if (ENDS_TRANSACTION.has(name)) {
    return;
  }
  const { transaction } = session;
  if (transaction === undefined || session.txnNumber !== number) {
    throw noSuchTransaction(number);
  }
  if (transaction.state === 'committed' || transaction.state === 'committing') {
    throw new MongoServerError(256, `Transaction ${number} has been committed.`);
  }
  if (transaction.state === 'aborted') {
    throw noSuchTransaction(number, `Transaction ${number} has been aborted.`);
  }
  transaction.lastUse = Date.now();
  context.transaction = transaction;
}

function assertAllowedInTransaction(context: CommandContext, definition: CommandDefinition): void {
  const { command, name } = context;
  if (definition.inTransaction !== true) {
    throw new MongoServerError(263, `Cannot run '${name}' in a multi-document transaction.`);
  }
  if (
    ['admin', 'config', 'local'].includes(context.database) &&
    definition.adminOnly !== true &&
    !ON_ADMIN.has(name)
  ) {
    throw new MongoServerError(
      263,
      `Cannot run command against the '${context.database}' database in a transaction.`,
    );
  }
  if (command.writeConcern !== undefined && !ENDS_TRANSACTION.has(name)) {
    throw new MongoServerError(72, 'writeConcern is not allowed within a multi-statement transaction');
  }
  if (command.readConcern !== undefined && command.startTransaction !== true) {
    throw new MongoServerError(72, 'Only the first command in a transaction may specify a readConcern');
  }
}

function assertReadConcern(context: CommandContext): void {
  const { readConcern } = context.command;
  const level = isDocument(readConcern) ? readConcern.level : undefined;
  if (level === 'snapshot' && context.transaction === undefined) {
    throw new MongoServerError(
      72,
      'readConcern level snapshot is supported only within a transaction by this server',
    );
  }
  if (context.transaction !== undefined && (level === 'available' || level === 'linearizable')) {
    throw new MongoServerError(
      72,
      'The readConcern level must be either "local" (default), "majority" or "snapshot" in order to run in a transaction',
    );
  }
  if (
    level !== undefined &&
    !['local', 'available', 'majority', 'linearizable', 'snapshot'].includes(String(level))
  ) {
    throw new MongoServerError(
      9,
      `Enumeration value '${String(level)}' for field 'readConcern.level' is not a valid value.`,
    );
  }
}

/** What a write concern that one node cannot satisfy adds to a reply. */
function writeConcernError(command: BsonDocument): BsonDocument | undefined {
  const concern = command.writeConcern;
  if (!isDocument(concern)) {
    return undefined;
  }
  const number = toNumber(concern.w);
  if (number !== undefined && number > 1) {
    return { code: 100, codeName: codeNameOf(100), errmsg: 'Not enough data-bearing nodes' };
  }
  if (typeof concern.w === 'string' && concern.w !== 'majority') {
    return {
      code: 79,
      codeName: codeNameOf(79),
      errmsg: `No write concern mode named '${concern.w}' found in replica set configuration`,
    };
  }
  return undefined;
}

function concernOfFailed(name: string, command: BsonDocument): BsonDocument {
  const isWrite = Object.hasOwn(commandTable, name) && commandTable[name]?.writes === true;
  const concernError = isWrite && command.autocommit === undefined ? writeConcernError(command) : undefined;
  return concernError === undefined ? {} : { writeConcernError: concernError };
}

/** Lets a command wait as a fail point says. Throws MongoServerError 50 at the command's own time limit. */
async function block({ blockMilliseconds }: InjectedFailure, maxTimeMS: number | undefined): Promise<void> {
  const limit = maxTimeMS !== undefined && maxTimeMS > 0 ? maxTimeMS : Number.POSITIVE_INFINITY;
  if (blockMilliseconds > 0) {
    await pause(Math.min(blockMilliseconds, limit));
  }
  if (blockMilliseconds > limit) {
    throw timeLimitError();
  }
}

/** Carries out requests: finds the command, its session and transaction, and makes the reply. */
export class Dispatcher {
  private readonly engine: Engine;
  private readonly server: ServerState;
  private readonly logError: (message: string, error: unknown) => void;

  constructor(engine: Engine, server: ServerState, logError: (message: string, error: unknown) => void) {
    this.engine = engine;
    this.server = server;
    this.logError = logError;
  }

  /** Answers one request. Never rejects: whatever goes wrong becomes an error reply. */
  async answer(request: Request, connection: ConnectionState): Promise<Answer> {
    const { command } = request;
    const name = Object.keys(command)[0] ?? '';
    const labels = attribution(command, name);
    this.server.commandsRun += 1;
    const namespace = `${String(command.$db)}.${String(command[name])}`;
    const injected = this.server.failPoints.take(name, namespace, connection.appName);
    let context: CommandContext | undefined;
    let reply: BsonDocument;
    try {
      if (injected !== undefined) {
        await block(injected, toNumber(command.maxTimeMS));
        if (injected.closeConnection) {
          return { reply: {}, closeConnection: true };
        }
        if (injected.errorCode !== undefined && injected.writeConcernError === undefined) {
          const labelled = injected.errorLabels === undefined ? {} : { errorLabels: injected.errorLabels };
          const failed = errorReply(
            new MongoServerError(injected.errorCode, `Failing command via 'failCommand' failpoint`, {}),
            injected.errorLabels === undefined
              ? labels
              : { ...labels, inTransaction: false, endsTransaction: false, retryableWrite: false },
          );
          return this.finish({ ...failed, ...labelled });
        }
      }
      context = this.contextOf(request, connection, name);
      reply = await this.run(context, labels);
    } catch (error) {
      if (!(error instanceof MongoServerError)) {
        this.logError(`command ${name} failed`, error);
      }
      // As in MongoDB, a write that failed tells of its write concern as well.
      reply = { ...errorReply(error, labels), ...concernOfFailed(name, command) };
    }
    if (context?.closesConnection === true) {
      return { reply: {}, closeConnection: true };
    }
    return this.finish(this.withInjectedConcern(reply, injected, labels));
  }

  private withInjectedConcern(
    reply: BsonDocument,
    injected: InjectedFailure | undefined,
    labels: Attribution,
  ): BsonDocument {
    if (injected?.writeConcernError === undefined) {
      return reply;
    }
    const code = toNumber(injected.writeConcernError.code) ?? 0;
    const labelled =
      injected.errorLabels ??
      errorReply(new MongoServerError(code, ''), { ...labels, inTransaction: false }).errorLabels;
    return {
      ...reply,
      writeConcernError: injected.writeConcernError,
      ...(labelled === undefined ? {} : { errorLabels: labelled }),
    };
  }

  private finish(reply: BsonDocument): Answer {
    const done = Object.hasOwn(reply, 'ok') ? reply : { ...reply, ok: 1 };
    return { reply: withTimes(done, this.server.tick()), closeConnection: false };
  }

  private contextOf(request: Request, connection: ConnectionState, name: string): CommandContext {
    const { command, rawSections } = request;
    const database = command.$db;
    if (
      typeof database !== 'string' ||
      database === '' ||
      /[\0/\\. "$]/.test(database) ||
      database.length > 63
    ) {
      throw new MongoServerError(73, `Invalid database name: '${String(database)}'`);
    }
    const context: CommandContext = {
      server: this.server,
      engine: this.engine,
      connection,
      database,
      name,
      command,
      rawSections,
      now: new Date(),
    };
    if (command.lsid !== undefined) {
      context.session = this.engine.sessions.use(sessionIdOf(command.lsid));
    }
    const maxTime = toNumber(command.maxTimeMS);
    if (maxTime !== undefined && maxTime > 0) {
      context.deadline = performance.now() + maxTime;
      if (this.server.failPoints.takeTimeOut()) {
        throw timeLimitError();
      }
    }
    return context;
  }

  private async run(context: CommandContext, labels: Attribution): Promise<BsonDocument> {
    const { command, name, session, engine } = context;
    const definition = Object.hasOwn(commandTable, name) ? commandTable[name] : undefined;
    if (definition === undefined) {
      throw new MongoServerError(59, `no such command: '${name}'`);
    }
    assertApiVersion(command, name, this.server.parameters.get('requireApiVersion') === true);
    if (definition.adminOnly === true && context.database !== 'admin') {
      throw new MongoServerError(13, `${name} may only be run against the admin database.`);
    }
    if (labels.inTransaction) {
      try {
        assertAllowedInTransaction(context, definition);
        enterTransaction(context);
        assertReadConcern(context);
        return await this.runInTransaction(context, definition);
      } catch (error) {
        if (session !== undefined && !this.keepsTransaction(error, context)) {
          engine.abortTransaction(session);
        }
        throw error;
      }
    }
    if (command.autocommit !== undefined || isTruthy(command.startTransaction ?? false)) {
      throw new MongoServerError(72, `'autocommit' and 'startTransaction' need a transaction number`);
    }
    assertReadConcern(context);
    if (labels.retryableWrite && session !== undefined) {
      const txnNumber = toNumber(command.txnNumber) ?? 0;
      engine.noteRetryableWrite(session, txnNumber);
      context.retry = { session: session.id, txnNumber };
    }
    const reply = await definition.run(context);
    const concernError = definition.writes === true ? writeConcernError(command) : undefined;
    return concernError === undefined ? reply : { ...reply, writeConcernError: concernError };
  }

  private async runInTransaction(
    context: CommandContext,
    definition: CommandDefinition,
  ): Promise<BsonDocument> {
    const reply = await definition.run(context);
    if (Array.isArray(reply.writeErrors) && context.session !== undefined) {
      this.engine.abortTransaction(context.session);
    }
    const concernError = ENDS_TRANSACTION.has(context.name) ? writeConcernError(context.command) : undefined;
    return concernError === undefined ? reply : { ...reply, writeConcernError: concernError };
  }

  /** Errors about the transaction itself, of a statement that is none of its own, leave it as it is. */
  private keepsTransaction(error: unknown, context: CommandContext): boolean {
    if (!(error instanceof MongoServerError)) {
      return false;
    }
    const number = toNumber(context.command.txnNumber);
    return number !== context.session?.txnNumber || [225, 256, 50911].includes(error.code);
  }
}
