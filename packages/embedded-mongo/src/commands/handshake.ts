import { Double, Long, ObjectId } from 'bson';
import type { CommandContext, CommandDefinition } from '../command.ts';
import { MAX_DOCUMENT_BYTES } from '../documents.ts';
import { SESSION_TIMEOUT_MINUTES } from '../sessions.ts';
import type { BsonDocument } from '../semantics/types.ts';
import { isDocument } from '../semantics/values.ts';
import { MAX_MESSAGE_BYTES, MAX_WRITE_BATCH } from '../wire/messages.ts';
import { timestampOf } from '../logical-clock.ts';

/** The set's only member was elected once; a fixed id says so. */
const ELECTION_ID = new ObjectId('7fffffff0000000000000001');

/** Name of the one-node replica set. */
export const REPLICA_SET = 'rs0';

function hello(context: CommandContext): BsonDocument {
  const { server, command, connection } = context;
  const client = command.client;
  if (isDocument(client) && isDocument(client.application) && typeof client.application.name === 'string') {
    connection.appName = client.application.name;
  }
  const { address } = server;
  const optime = { ts: timestampOf(server.lastTime()), t: Long.ONE };
  return {
    ...(context.name === 'hello'
      ? { isWritablePrimary: true }
      : { ismaster: true, helloOk: true, isWritablePrimary: true }),
    secondary: false,
    setName: REPLICA_SET,
    setVersion: 1,
    hosts: [address],
    primary: address,
    me: address,
    electionId: ELECTION_ID,
    lastWrite: {
      opTime: optime,
      lastWriteDate: context.now,
      majorityOpTime: optime,
      majorityWriteDate: context.now,
    },
    maxBsonObjectSize: MAX_DOCUMENT_BYTES,
    maxMessageSizeBytes: MAX_MESSAGE_BYTES,
    maxWriteBatchSize: MAX_WRITE_BATCH,
    localTime: context.now,
    logicalSessionTimeoutMinutes: SESSION_TIMEOUT_MINUTES,
    connectionId: connection.id,
    minWireVersion: 0,
    maxWireVersion: server.wireVersion,
    readOnly: false,
  };
}

function buildInfo(context: CommandContext): BsonDocument {
  const { version } = context.server;
  return {
    version,
    gitVersion: 'embedded',
    modules: ['embedded'],
    allocator: 'system',
    javascriptEngine: 'none',
    sysInfo: 'deprecated',
    versionArray: version.split('.').map(Number).concat(0),
    bits: 64,
    debug: false,
    maxBsonObjectSize: MAX_DOCUMENT_BYTES,
    storageEngines: ['lmdb'],
  };
}

function serverStatus(context: CommandContext): BsonDocument {
  const { server, engine } = context;
  const uptime = (Date.now() - server.startedAt.getTime()) / 1000;
  const memory = process.memoryUsage();
  return {
    host: server.address,
    version: server.version,
    process: 'embedded-mongo',
    pid: process.pid,
    uptime: new Double(uptime),
    uptimeMillis: Math.round(uptime * 1000),
    localTime: context.now,
    connections: { ...server.connections(), available: 1000 },
    opcounters: { command: server.commandsRun },
    metrics: { cursor: { open: { total: engine.cursors.size } } },
    logicalSessionRecordCache: { activeSessionsCount: engine.sessions.all().length },
    mem: { resident: Math.round(memory.rss / 1048576), bits: 64 },
    repl: {
      setName: REPLICA_SET,
      isWritablePrimary: true,
      secondary: false,
      hosts: [server.address],
      me: server.address,
    },
    storageEngine: { name: 'lmdb', persistent: true, supportsCommittedReads: true },
  };
}

/** The greetings by which drivers learn what the server is. */
export const handshakeCommands: Readonly<Record<string, CommandDefinition>> = {
  hello: { run: hello, inTransaction: true },
  isMaster: { run: hello, inTransaction: true },
  ismaster: { run: hello, inTransaction: true },
  ping: { run: () => ({}) },
  buildInfo: { run: buildInfo },
  buildinfo: { run: buildInfo },
  hostInfo: {
    run: (context) => ({
      system: { currentTime: context.now, hostname: context.server.address, cpuAddrSize: 64 },
      os: { type: process.platform },
      extra: {},
    }),
  },
  serverStatus: { run: serverStatus },
  connectionStatus: {
    run: () => ({
      authInfo: { authenticatedUsers: [], authenticatedUserRoles: [], authenticatedUserPrivileges: [] },
    }),
  },
  replSetGetStatus: {
    adminOnly: true,
    run: (context) => ({
      set: REPLICA_SET,
      date: context.now,
      myState: 1,
      members: [
        { _id: 0, name: context.server.address, health: 1, state: 1, stateStr: 'PRIMARY', self: true },
      ],
    }),
  },
  replSetGetConfig: {
    adminOnly: true,
    run: (context) => ({
      config: {
        _id: REPLICA_SET,
        version: 1,
        members: [
          { _id: 0, host: context.server.address, arbiterOnly: false, hidden: false, priority: 1, votes: 1 },
        ],
      },
    }),
  },
  whatsmyuri: { run: (context) => ({ you: `127.0.0.1:${context.connection.id}` }) },
};
