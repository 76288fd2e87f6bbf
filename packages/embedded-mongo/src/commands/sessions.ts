import { Binary } from 'bson';
import type { CommandContext, CommandDefinition } from '../command.ts';
import { rememberCommit, RetryMemory } from '../retry-memory.ts';
import { MongoServerError } from '../semantics/errors.ts';
import type { BsonDocument } from '../semantics/types.ts';
import { toNumber } from '../semantics/values.ts';
import { sessionIdsOf } from '../sessions.ts';
import { newUuid } from '../catalog.ts';
import { sessionKey } from '../storage/keyspace.ts';
import { noSuchTransaction } from '../transactions.ts';

function startSession(context: CommandContext): BsonDocument {
  const id = newUuid();
  context.engine.sessions.use(Buffer.from(id.buffer).toString('latin1'));
  return { id: { id: new Binary(id.buffer, 4) }, timeoutMinutes: 30 };
}

async function endSessions(context: CommandContext): Promise<BsonDocument> {
  const { engine, command } = context;
  const ids = sessionIdsOf(command.endSessions);
  for (const id of ids) {
    engine.sessions.end(id);
  }
  await engine.write({}, (write) => {
    for (const id of ids) {
      write.view.del(sessionKey(id));
    }
  });
  return {};
}

function killSessions(context: CommandContext): BsonDocument {
  const { engine, command } = context;
  const listed = sessionIdsOf(command.killSessions);
  const ids = listed.length > 0 ? listed : engine.sessions.all().map((session) => session.id);
  for (const id of ids) {
    engine.sessions.end(id);
  }
  return {};
}

function refreshSessions(context: CommandContext): BsonDocument {
  for (const id of sessionIdsOf(context.command.refreshSessions)) {
    context.engine.sessions.use(id);
  }
  return {};
}

function numberOf(context: CommandContext): number {
  const number = toNumber(context.command.txnNumber);
  if (context.session === undefined || number === undefined) {
    throw new MongoServerError(72, `${context.name} must be run within a transaction`);
  }
  return number;
}

async function commitTransaction(context: CommandContext): Promise<BsonDocument> {
  const { engine, session } = context;
  const number = numberOf(context);
  if (session === undefined) {
    throw noSuchTransaction(number);
  }
  const { transaction } = session;
  if (transaction === undefined || session.txnNumber !== number) {
    // After a restart only the stored memory knows that the transaction was committed.
    if (RetryMemory.load(engine.store, session.id, number).isCommittedTransaction) {
      return {};
    }
    throw noSuchTransaction(number);
  }
  switch (transaction.state) {
    case 'committed':
      return {};
    case 'committing':
      await transaction.ended;
      return {};
    case 'aborted':
      throw noSuchTransaction(number, `Transaction ${number} has been aborted.`);
    case 'active':
      engine.cursors.closeWhere((cursor) => cursor.transaction === transaction);
      await transaction.commit((view) => {
        rememberCommit(view, session.id, number);
      });
      engine.noteWrite();
      return {};
  }
}

function abortTransaction(context: CommandContext): BsonDocument {
  const { engine, session } = context;
  const number = numberOf(context);
  const transaction = session?.transaction;
  if (session === undefined || transaction === undefined || session.txnNumber !== number) {
    throw noSuchTransaction(number);
  }
  if (transaction.state === 'committed' || transaction.state === 'committing') {
    throw new MongoServerError(256, `Transaction ${number} has been committed.`);
  }
  if (transaction.state === 'aborted') {
    throw noSuchTransaction(number, `Transaction ${number} has been aborted.`);
  }
  engine.abortTransaction(session);
  return {};
}

/** Sessions and the ends of transactions. */
export const sessionCommands: Readonly<Record<string, CommandDefinition>> = {
  startSession: { run: startSession },
  endSessions: { run: endSessions },
  killSessions: { run: killSessions },
  killAllSessions: { run: (context) => killSessions({ ...context, command: {} }) },
  killAllSessionsByPattern: { run: (context) => killSessions({ ...context, command: {} }) },
  refreshSessions: { run: refreshSessions },
  commitTransaction: { run: commitTransaction, inTransaction: true, adminOnly: true, writes: true },
  abortTransaction: { run: abortTransaction, inTransaction: true, adminOnly: true, writes: true },
};
