import { type MainBackendReader, mainBackendReader } from '@orrery/main-backend';
import { MongoClient } from 'mongodb';

const SERVER_SELECTION_MS = 5_000;

/** The main back end's database, opened for reading. */
export interface MainBackend {
  reader: MainBackendReader;
  close(): Promise<void>;
}

/**
 * Opens the main back end's database; the first read connects.
 * @param uri address of the database server
 * @param databaseName name of its database
 */
export function openMainBackend(uri: string, databaseName: string): MainBackend {
  const client = new MongoClient(uri, {
    appName: 'orrery-identity',
    serverSelectionTimeoutMS: SERVER_SELECTION_MS,
    // The driver gives a connection that nobody answers half a minute, in which a database that is back goes unseen.
    connectTimeoutMS: SERVER_SELECTION_MS,
    maxPoolSize: 5,
  });
  return { reader: mainBackendReader(client.db(databaseName)), close: () => client.close() };
}
