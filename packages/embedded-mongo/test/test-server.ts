import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Collection, type Db, type Document, MongoClient, type MongoClientOptions } from 'mongodb';
import { type EmbeddedMongo, type EmbeddedMongoOptions, startEmbeddedMongo } from '../src/index.ts';

/** A server with a client, on a directory of its own. */
export interface TestServer {
  server: EmbeddedMongo;
  client: MongoClient;
  db: Db;
  directory: string;
  /** A collection that no other test uses. */
  fresh<T extends Document = Document>(): Collection<T>;
  /** Another client, closed with the server. */
  connect(options?: MongoClientOptions): Promise<MongoClient>;
  close(): Promise<void>;
}

let counter = 0;

/** Starts a server for a test file. */
export async function startTestServer(
  options: Partial<EmbeddedMongoOptions> = {},
  clientOptions: MongoClientOptions = {},
): Promise<TestServer> {
  const directory = options.dataDirectory ?? (await mkdtemp(join(tmpdir(), 'embedded-mongo-')));
  const server = await startEmbeddedMongo({ durability: 'nosync', ...options, dataDirectory: directory });
  const clients: MongoClient[] = [];
  const connect = async (more?: MongoClientOptions): Promise<MongoClient> => {
    const client = new MongoClient(server.uri, { serverSelectionTimeoutMS: 5000, ...clientOptions, ...more });
    clients.push(client);
    return client.connect();
  };
  const client = await connect();
  const db = client.db('test');
  return {
    server,
    client,
    db,
    directory,
    fresh<T extends Document = Document>() {
      counter += 1;
      return db.collection<T>(`c${counter}`);
    },
    connect,
    async close() {
      for (const one of clients) {
        await one.close();
      }
      await server.stop();
      if (options.dataDirectory === undefined) {
        await rm(directory, { recursive: true, force: true });
      }
    },
  };
}

/** The error a promise rejects with. Throws when it does not reject. */
export async function errorOf(
  promise: Promise<unknown>,
): Promise<Error & { code?: number | string } & Document> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) {
      return error;
    }
    throw error;
  }
  throw new Error('expected a rejection');
}

/** Waits until a condition holds. Throws after thirty seconds. */
export async function eventually(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 30_000;
  while (!(await condition())) {
    if (performance.now() > end) {
      throw new Error('the condition did not come true');
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}
