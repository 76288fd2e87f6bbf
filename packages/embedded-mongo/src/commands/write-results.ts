import type { CommandContext } from '../command.ts';
import { integerOption } from '../command-options.ts';
import { LockBusy } from '../locks.ts';
import type { RetryMemory } from '../retry-memory.ts';
import { MongoServerError } from '../semantics/errors.ts';
import type { BsonDocument } from '../semantics/types.ts';
import { isArray, toSafeInteger } from '../semantics/values.ts';
import { codeNameOf } from '../error-codes.ts';

/** Throws MongoServerError 16 unless the number of statements is allowed. */
export function assertBatchSize(statements: readonly unknown[]): void {
  if (statements.length < 1 || statements.length > 100_000) {
    throw new MongoServerError(
      16,
      `Write batch sizes must be between 1 and 100000. Got ${statements.length} operations.`,
    );
  }
}

/** The ids by which a command's statements are remembered for a retry. */
export function statementIds(command: BsonDocument, count: number): number[] {
  const { stmtIds } = command;
  if (isArray(stmtIds)) {
    return stmtIds.map((id) => toSafeInteger(id) ?? 0);
  }
  const first = integerOption(command, 'stmtId') ?? 0;
  return Array.from({ length: count }, (_unused, index) => first + index);
}

/**
 * Has to be called before a statement of a retryable write is carried out: here a fail point may make it fail.
 * Throws MongoServerError with the fail point's code.
 */
export function passWriteFailPoint(context: CommandContext, memory: RetryMemory | undefined): void {
  const failure = memory === undefined ? undefined : context.server.failPoints.takeNumberedWrite();
  if (failure === undefined) {
    return;
  }
  context.closesConnection = failure.closeConnection;
  if (failure.errorCode !== undefined) {
    throw new MongoServerError(
      failure.errorCode,
      `Failing write via 'onPrimaryTransactionalWrite' failpoint`,
    );
  }
}

/** The fields that an error adds to a write error or a reply. */
export function errorFields(error: MongoServerError): BsonDocument {
  return { code: error.code, codeName: codeNameOf(error.code), errmsg: error.message, ...error.details };
}

/** Runs the statements of a write command and collects the errors of those that fail. */
export class WriteErrors {
  private readonly errors: BsonDocument[] = [];
  readonly ordered: boolean;

  constructor(ordered: boolean) {
    this.ordered = ordered;
  }

  /**
   * Runs one statement; false when it failed with an error of its own. What must end the whole command (a lock,
   * a conflict, any error inside a transaction that ends it) is thrown on.
   */
  attempt(index: number, statement: () => void): boolean {
    try {
      statement();
      return true;
    } catch (error) {
      if (error instanceof LockBusy || !(error instanceof MongoServerError) || isCommandError(error)) {
        throw error;
      }
      this.errors.push({ index, code: error.code, errmsg: error.message, ...error.details });
      return false;
    }
  }

  /** True when a statement failed. */
  get any(): boolean {
    return this.errors.length > 0;
  }

  /** The reply's `writeErrors`, when there are any. */
  reply(): BsonDocument {
    return this.any ? { writeErrors: this.errors } : {};
  }
}

function isCommandError(error: MongoServerError): boolean {
  return error.code === 112 || error.code === 40415 || error.code === 166 || error.code === 251;
}
