import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A database server for tests. */
export interface TestDatabase {
  uri: string;
  /** Gives it back; the last one to do so stops a server that was started for this process. */
  release(): Promise<void>;
}

let embedded: { users: number; started: Promise<{ uri: string; stop(): Promise<void> }> } | undefined;

const startEmbedded = async (): Promise<{ uri: string; stop(): Promise<void> }> => {
  // Loaded only when it is needed: most runs have a server given to them.
  const { startEmbeddedMongo } = await import('@orrery/embedded-mongo');
  const dataDirectory = await mkdtemp(join(tmpdir(), 'orrery-test-'));
  const server = await startEmbeddedMongo({ dataDirectory, port: 0, durability: 'nosync' });
  return {
    uri: server.uri,
    stop: async () => {
      await server.stop();
      await rm(dataDirectory, { recursive: true, force: true });
    },
  };
};

/** The server that `TEST_MONGODB_URI` names, which `npm test` sets; else an embedded one, shared within the test file. */
export const useTestDatabase = async (): Promise<TestDatabase> => {
  const given = process.env['TEST_MONGODB_URI'];
  if (given !== undefined && given !== '') {
    return { uri: given, release: () => Promise.resolve() };
  }
  embedded ??= { users: 0, started: startEmbedded() };
  const mine = embedded;
  mine.users += 1;
  const server = await mine.started;
  return {
    uri: server.uri,
    release: async () => {
      mine.users -= 1;
      if (mine.users === 0) {
        embedded = undefined;
        await server.stop();
      }
    },
  };
};
