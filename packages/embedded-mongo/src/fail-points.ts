import { MongoServerError } from './semantics/errors.ts';
import type { BsonDocument } from './semantics/types.ts';
import { isArray, isDocument, isTruthy, toNumber } from './semantics/values.ts';

/** What a fail point does to a command. */
export interface InjectedFailure {
  errorCode?: number;
  errorLabels?: string[];
  writeConcernError?: BsonDocument;
  closeConnection: boolean;
  blockMilliseconds: number;
}

/** What a fail point does to a statement of a retryable write. */
export interface InjectedWriteFailure {
  /** The connection is closed instead of answering. */
  closeConnection: boolean;
  /** The statement fails with this code before it changes anything. */
  errorCode?: number;
}

const KINDS = new Set([
  'failCommand',
  'failGetMoreAfterCursorCheckout',
  'maxTimeAlwaysTimeOut',
  'onPrimaryTransactionalWrite',
]);

interface FailPoint {
  commands: ReadonlySet<string>;
  appName?: string;
  namespace?: string;
  /** Commands still to fail; Infinity: always. */
  times: number;
  /** Commands still to let pass. */
  skip: number;
  failure: InjectedFailure;
  writeFailure: InjectedWriteFailure;
}

/** Faults that tests inject into commands (`configureFailPoint`), of those kinds that MongoDB's drivers are tested with. */
export class FailPoints {
  private readonly active = new Map<string, FailPoint>();
  /** How often each fail point has made something fail. */
  private readonly entered = new Map<string, number>();

  /**
   * Turns a fail point on or off; returns how often it has made something fail.
   * Throws MongoServerError 2 for an unknown one.
   */
  configure(command: BsonDocument): number {
    const name = String(command.configureFailPoint);
    if (!KINDS.has(name)) {
      throw new MongoServerError(2, `no such fail point: ${name}`);
    }
    if (command.mode === 'off') {
      this.active.delete(name);
    } else {
      this.activate(name, command);
    }
    return this.entered.get(name) ?? 0;
  }

  private activate(name: string, { mode, ...command }: BsonDocument): void {
    const data = isDocument(command.data) ? command.data : {};
    const times =
      mode === 'alwaysOn' ? Number.POSITIVE_INFINITY : isDocument(mode) ? toNumber(mode.times) : undefined;
    const skip = isDocument(mode) ? (toNumber(mode.skip) ?? 0) : 0;
    const errorCode = toNumber(data.errorCode);
    const beforeCommit = toNumber(data.failBeforeCommitExceptionCode);
    const failure: InjectedFailure = {
      closeConnection: isTruthy(data.closeConnection ?? false),
      blockMilliseconds: isTruthy(data.blockConnection ?? false) ? (toNumber(data.blockTimeMS) ?? 0) : 0,
      ...(errorCode === undefined ? {} : { errorCode }),
      ...(isArray(data.errorLabels) ? { errorLabels: data.errorLabels.map(String) } : {}),
      ...(isDocument(data.writeConcernError) ? { writeConcernError: data.writeConcernError } : {}),
    };
    this.active.set(name, {
      commands: new Set(isArray(data.failCommands) ? data.failCommands.map(String) : []),
      ...(typeof data.appName === 'string' ? { appName: data.appName } : {}),
      ...(typeof data.namespace === 'string' ? { namespace: data.namespace } : {}),
      times: times ?? (skip > 0 ? Number.POSITIVE_INFINITY : 1),
      skip,
      failure,
      writeFailure: {
        closeConnection: isTruthy(data.closeConnection ?? true),
        ...(beforeCommit === undefined ? {} : { errorCode: beforeCommit }),
      },
    });
  }

  /** The failure to inject into a command (on a namespace, of an application), if any. Counts it. */
  take(command: string, namespace: string, appName: string | undefined): InjectedFailure | undefined {
    const point = this.active.get('failCommand');
    if (point === undefined || !point.commands.has(command)) {
      return undefined;
    }
    const concerns = (point.appName ?? appName) === appName && (point.namespace ?? namespace) === namespace;
    return concerns && this.isDue('failCommand', point) ? point.failure : undefined;
  }

  /** The failure to inject into a getMore that has found its cursor, if any. Counts it. */
  takeGetMore(): InjectedFailure | undefined {
    const point = this.active.get('failGetMoreAfterCursorCheckout');
    return point !== undefined && this.isDue('failGetMoreAfterCursorCheckout', point)
      ? point.failure
      : undefined;
  }

  /** True when a command with a time limit is to find it exceeded. Counts it. */
  takeTimeOut(): boolean {
    const point = this.active.get('maxTimeAlwaysTimeOut');
    return point !== undefined && this.isDue('maxTimeAlwaysTimeOut', point);
  }

  /** The failure to inject into a statement of a retryable write, if any. Counts it. */
  takeNumberedWrite(): InjectedWriteFailure | undefined {
    const point = this.active.get('onPrimaryTransactionalWrite');
    return point !== undefined && this.isDue('onPrimaryTransactionalWrite', point)
      ? point.writeFailure
      : undefined;
  }

  private isDue(name: string, point: FailPoint): boolean {
    if (point.skip > 0) {
      point.skip -= 1;
      return false;
    }
    if (point.times <= 0) {
      return false;
    }
    point.times -= 1;
    this.entered.set(name, (this.entered.get(name) ?? 0) + 1);
    return true;
  }
}
