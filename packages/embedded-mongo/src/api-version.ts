import { booleanOption } from './command-options.ts';
import { MongoServerError } from './semantics/errors.ts';
import type { BsonDocument } from './semantics/types.ts';
import { isArray, isDocument } from './semantics/values.ts';

/** The commands of version 1 of MongoDB's stable API. */
const COMMANDS: ReadonlySet<string> = new Set([
  'abortTransaction',
  'aggregate',
  'bulkWrite',
  'collMod',
  'commitTransaction',
  'count',
  'create',
  'createIndexes',
  'delete',
  'drop',
  'dropDatabase',
  'dropIndexes',
  'endSessions',
  'explain',
  'find',
  'findAndModify',
  'getMore',
  'hello',
  'insert',
  'killCursors',
  'listCollections',
  'listDatabases',
  'listIndexes',
  'ping',
  'refreshSessions',
  'update',
]);

/** Stages that version 1 does not have. */
const OTHER_STAGES: ReadonlySet<string> = new Set([
  '$currentOp',
  '$indexStats',
  '$listLocalSessions',
  '$listSessions',
  '$planCacheStats',
  '$search',
]);

/**
 * Checks what a command says about the stable API. Throws MongoServerError 322 for a version that there is not, 323
 * for what version 1 does not have in strict mode, 498870 for no version where one is required.
 */
export function assertApiVersion(command: BsonDocument, name: string, isRequired: boolean): void {
  const { apiVersion } = command;
  if (apiVersion === undefined) {
    if (command.apiStrict !== undefined || command.apiDeprecationErrors !== undefined) {
      throw new MongoServerError(
        4886600,
        'Provided apiStrict and/or apiDeprecationErrors without passing apiVersion',
      );
    }
    if (isRequired) {
      throw new MongoServerError(
        498870,
        "The apiVersion parameter is required, please configure your MongoClient's API version",
      );
    }
    return;
  }
  if (apiVersion !== '1') {
    throw new MongoServerError(322, 'API version must be "1"');
  }
  if (booleanOption(command, 'apiStrict')) {
    assertInVersionOne(command, name);
  }
}

function assertInVersionOne(command: BsonDocument, name: string): void {
  if (!COMMANDS.has(name)) {
    throw new MongoServerError(
      323,
      `Provided apiStrict:true, but the command ${name} is not in API Version 1`,
    );
  }
  for (const stage of isArray(command.pipeline) ? command.pipeline.filter(isDocument) : []) {
    const [stageName = ''] = Object.keys(stage);
    if (OTHER_STAGES.has(stageName)) {
      throw new MongoServerError(
        323,
        `stage ${stageName} is not allowed with 'apiStrict: true' in API Version 1`,
      );
    }
  }
}
