import type { CommandContext, CommandDefinition } from '../command.ts';
import { NO_SEARCH } from '../semantics/aggregate-stages.ts';
import { MongoServerError } from '../semantics/errors.ts';
import type { BsonDocument } from '../semantics/types.ts';
import { setField, toNumber } from '../semantics/values.ts';

const NOT_PARAMETERS = new Set(['getParameter', 'setParameter', 'comment', 'lsid', 'allParameters']);

function parameterNames(command: BsonDocument): string[] {
  return Object.keys(command).filter((name) => !name.startsWith('$') && !NOT_PARAMETERS.has(name));
}

function getParameter(context: CommandContext): BsonDocument {
  const { command, server } = context;
  const all = command.getParameter === '*' || command.allParameters === true;
  const names = all ? [...server.parameters.keys()] : parameterNames(command);
  const reply: BsonDocument = {};
  for (const name of names) {
    if (server.parameters.has(name)) {
      setField(reply, name, server.parameters.get(name));
    }
  }
  if (Object.keys(reply).length === 0) {
    throw new MongoServerError(72, 'no option found to get');
  }
  return reply;
}

async function setParameter(context: CommandContext): Promise<BsonDocument> {
  const { command, server } = context;
  const [name] = parameterNames(command);
  if (name === undefined) {
    throw new MongoServerError(72, 'no option found to set, use help:true to see options ');
  }
  if (!server.parameters.has(name)) {
    throw new MongoServerError(
      72,
      `attempted to set unrecognized parameter [${name}], use help:true to see options `,
    );
  }
  const was = server.parameters.get(name);
  const value = command[name];
  if (name === 'ttlMonitorSleepSecs') {
    const seconds = toNumber(value);
    if (seconds === undefined || seconds <= 0) {
      throw new MongoServerError(2, 'ttlMonitorSleepSecs must be greater than zero');
    }
    server.setTtlInterval(seconds * 1000);
  }
  server.parameters.set(name, value);
  if (name === 'ttlMonitorEnabled' && value === true) {
    await server.sweepExpired();
  }
  return { was };
}

function configureFailPoint(context: CommandContext): BsonDocument {
  return { count: context.server.failPoints.configure(context.command) };
}

/** The operations under way: commands run one after the other, so that it is the asking command alone. */
export function currentOperations(context: CommandContext): BsonDocument[] {
  return [
    {
      type: 'op',
      host: context.server.address,
      connectionId: context.connection.id,
      opid: context.connection.id,
      active: true,
      currentOpTime: context.now.toISOString(),
      op: 'command',
      ns: `${context.database}.$cmd`,
      command: context.command,
    },
  ];
}

const refuseSearch = (): never => {
  throw new MongoServerError(31082, NO_SEARCH);
};

/** Profiling is always off; asking for it is allowed, turning it on is not. */
function profile(context: CommandContext): BsonDocument {
  const level = toNumber(context.command.profile);
  if (level === undefined || ![-1, 0].includes(level)) {
    throw new MongoServerError(115, 'this server keeps no profile of its operations');
  }
  return { was: 0, slowms: 100, sampleRate: 1 };
}

/** Commands that look into or set up the server. */
export const diagnosticCommands: Readonly<Record<string, CommandDefinition>> = {
  getParameter: { run: getParameter, adminOnly: true },
  setParameter: { run: setParameter, adminOnly: true },
  configureFailPoint: { run: configureFailPoint, adminOnly: true },
  currentOp: { run: (context) => ({ inprog: currentOperations(context) }), adminOnly: true },
  killOp: { run: () => ({ info: 'attempting to kill op' }), adminOnly: true },
  getLog: { run: () => ({ totalLinesWritten: 0, log: [] }), adminOnly: true },
  getCmdLineOpts: { run: () => ({ argv: ['embedded-mongo'], parsed: {} }), adminOnly: true },
  fsync: { run: () => ({ numFiles: 1 }), adminOnly: true },
  logout: { run: () => ({}) },
  profile: { run: profile },
  planCacheClear: { run: () => ({}) },
  planCacheClearFilters: { run: () => ({}) },
  usersInfo: { run: () => ({ users: [] }) },
  rolesInfo: { run: () => ({ roles: [] }) },
  createSearchIndexes: { run: refuseSearch },
  updateSearchIndex: { run: refuseSearch },
  dropSearchIndex: { run: refuseSearch },
};
