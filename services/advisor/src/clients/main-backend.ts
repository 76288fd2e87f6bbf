import {
  addMainBackendIndexes,
  calculationsReader,
  openMainBackendClient,
  recordsReader,
  type Calculations,
  type RecordsReader,
} from '@orrery/main-backend';
import type { Db, MongoClient, MongoClientOptions } from 'mongodb';

/** The main back end's database. */
export interface MainBackend {
  records: RecordsReader;
  calculations: (userId: string) => Promise<Calculations>;
  /** For listeners. */
  client: MongoClient;
  /** For the collections of the former AI service, the only ones that may be changed. */
  db: Db;
  /** Adds the indexes for reading by user; returns the collections that refused. */
  addIndexes(): Promise<string[]>;
  close(): Promise<void>;
}

export interface MainBackendOptions {
  uri: string;
  databaseName: string;
  /** For tests that listen to the commands. */
  clientOptions?: MongoClientOptions;
}

/**
 * Opens the main back end's database; the first read connects.
 * @param options address and name of the database
 */
export const openMainBackend = ({ uri, databaseName, clientOptions }: MainBackendOptions): MainBackend => {
  const client = openMainBackendClient(uri, 'orrery-advisor', {
    maxPoolSize: 20,
    ...clientOptions,
  });
  const db = client.db(databaseName);
  return {
    records: recordsReader(db),
    calculations: calculationsReader(db),
    client,
    db,
    addIndexes: () => addMainBackendIndexes(db),
    close: () => client.close(),
  };
};
