const CODE_NAMES: ReadonlyMap<number, string> = new Map([
  [1, 'InternalError'],
  [2, 'BadValue'],
  [4, 'NoSuchKey'],
  [5, 'GraphContainsCycle'],
  [6, 'HostUnreachable'],
  [7, 'HostNotFound'],
  [8, 'UnknownError'],
  [9, 'FailedToParse'],
  [11, 'UserNotFound'],
  [13, 'Unauthorized'],
  [14, 'TypeMismatch'],
  [15, 'Overflow'],
  [16, 'InvalidLength'],
  [17, 'ProtocolError'],
  [20, 'IllegalOperation'],
  [22, 'InvalidBSON'],
  [24, 'LockTimeout'],
  [26, 'NamespaceNotFound'],
  [27, 'IndexNotFound'],
  [28, 'PathNotViable'],
  [34, 'CannotReuseObject'],
  [40, 'ConflictingUpdateOperators'],
  [43, 'CursorNotFound'],
  [46, 'LockBusy'],
  [47, 'NoMatchingDocument'],
  [48, 'NamespaceExists'],
  [50, 'MaxTimeMSExpired'],
  [52, 'DollarPrefixedFieldName'],
  [53, 'InvalidIdField'],
  [54, 'NotSingleValueField'],
  [55, 'InvalidDBRef'],
  [56, 'EmptyFieldName'],
  [57, 'DottedFieldName'],
  [59, 'CommandNotFound'],
  [64, 'WriteConcernTimeout'],
  [65, 'RemoteOplogStale'],
  [66, 'ImmutableField'],
  [67, 'CannotCreateIndex'],
  [68, 'IndexAlreadyExists'],
  [72, 'InvalidOptions'],
  [73, 'InvalidNamespace'],
  [79, 'UnknownReplWriteConcern'],
  [85, 'IndexOptionsConflict'],
  [86, 'IndexKeySpecsConflict'],
  [89, 'NetworkTimeout'],
  [91, 'ShutdownInProgress'],
  [96, 'OperationFailed'],
  [100, 'UnsatisfiableWriteConcern'],
  [112, 'WriteConflict'],
  [115, 'CommandNotSupported'],
  [117, 'ConflictingOperationInProgress'],
  [121, 'DocumentValidationFailure'],
  [125, 'CommandFailed'],
  [133, 'FailedToSatisfyReadPreference'],
  [136, 'CappedPositionLost'],
  [166, 'CommandNotSupportedOnView'],
  [167, 'OptionNotSupportedOnView'],
  [168, 'InvalidPipelineOperator'],
  [171, 'CannotIndexParallelArrays'],
  [175, 'QueryPlanKilled'],
  [181, 'AmbiguousIndexKeyPattern'],
  [189, 'PrimarySteppedDown'],
  [197, 'InvalidIndexSpecificationOption'],
  [206, 'NoSuchSession'],
  [217, 'IncompleteTransactionHistory'],
  [225, 'TransactionTooOld'],
  [234, 'RetryChangeStream'],
  [237, 'CursorKilled'],
  [238, 'NotImplemented'],
  [241, 'ConversionFailure'],
  [246, 'SnapshotUnavailable'],
  [248, 'ProducerConsumerQueueBatchTooLarge'],
  [251, 'NoSuchTransaction'],
  [256, 'TransactionCommitted'],
  [257, 'TransactionTooLarge'],
  [260, 'InvalidResumeToken'],
  [262, 'ExceededTimeLimit'],
  [263, 'OperationNotSupportedInTransaction'],
  [267, 'PreparedTransactionInProgress'],
  [276, 'IndexBuildAborted'],
  [280, 'ChangeStreamFatalError'],
  [286, 'ChangeStreamHistoryLost'],
  [290, 'TransactionExceededLifetimeLimitSeconds'],
  [291, 'NoQueryExecutionPlans'],
  [292, 'QueryExceededMemoryLimitNoDiskUseAllowed'],
  [322, 'APIVersionError'],
  [323, 'APIStrictError'],
  [361, 'MovePrimaryInProgress'],
  [365, 'TemporarilyUnavailable'],
  [9001, 'SocketException'],
  [10003, 'CannotGrowDocumentInCappedNamespace'],
  [10107, 'NotWritablePrimary'],
  [10334, 'BSONObjectTooLarge'],
  [11000, 'DuplicateKey'],
  [11600, 'InterruptedAtShutdown'],
  [11601, 'Interrupted'],
  [11602, 'InterruptedDueToReplStateChange'],
  [12051, 'CursorInUse'],
  [13388, 'StaleConfig'],
  [13435, 'NotPrimaryNoSecondaryOk'],
  [13436, 'NotPrimaryOrSecondary'],
  [31082, 'SearchNotEnabled'],
]);

/** MongoDB's name for an error code: `Location<code>` for codes that have none. */
export function codeNameOf(code: number): string {
  return CODE_NAMES.get(code) ?? `Location${code}`;
}

const RETRYABLE_CODES: ReadonlySet<number> = new Set([
  6, 7, 89, 91, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436,
]);

const TRANSIENT_CODES: ReadonlySet<number> = new Set([24, 112, 246, 251, 267]);

/** Errors in a change stream after which a driver opens it again behind the last event. */
const RESUMABLE_CODES: ReadonlySet<number> = new Set([
  6, 7, 63, 89, 91, 133, 150, 189, 234, 262, 9001, 10107, 11600, 11602, 13388, 13435, 13436,
]);

/** True for an error after which a change stream can be resumed. */
export function isResumable(code: number): boolean {
  return RESUMABLE_CODES.has(code);
}

/** What decides on the labels of an error. */
export interface LabelContext {
  /** The command belongs to a transaction (commit and abort included). */
  inTransaction: boolean;
  /** The command is commitTransaction or abortTransaction. */
  endsTransaction: boolean;
  /** The command is a retryable write: it has a txnNumber and stands outside a transaction. */
  retryableWrite: boolean;
}

/** The error labels by which drivers decide to retry a statement or a whole transaction. */
export function errorLabels(code: number, context: LabelContext): string[] {
  const labels: string[] = [];
  const retryable = RETRYABLE_CODES.has(code);
  // A commit that failed with a retryable error may have happened, so that only the commit is tried again.
  const transient = TRANSIENT_CODES.has(code) || (retryable && !context.endsTransaction);
  if (context.inTransaction && transient) {
    labels.push('TransientTransactionError');
  }
  if (retryable && (context.retryableWrite || context.endsTransaction)) {
    labels.push('RetryableWriteError');
  }
  return labels;
}
