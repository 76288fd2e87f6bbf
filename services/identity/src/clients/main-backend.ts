import { type MainBackendReader, mainBackendReader, openMainBackendClient } from '@orrery/main-backend';

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
  const client = openMainBackendClient(uri, 'orrery-identity', { maxPoolSize: 5 });
  return { reader: mainBackendReader(client.db(databaseName)), close: () => client.close() };
}
