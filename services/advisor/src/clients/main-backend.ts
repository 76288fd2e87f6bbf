import {
  addMainBackendIndexes,
  calculationsReader,
  recordsReader,
  type Calculations,
  type RecordsReader,
} from '@orrery/main-backend';
import { MongoClient, type Db, type MongoClientOptions } from 'mongodb';

const SERVER_SELECTION_MS = 5_000;
const DEFAULT_DATABASE = 'finance-management';

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
  /** Wins over the database that the address names. */
  databaseName: string | undefined;
  /** For tests that listen to the commands. */
  clientOptions?: MongoClientOptions;
}

const databaseInAddress = (uri: string): string | undefined => {
  const path = /^mongodb(?:\+srv)?:\/\/[^/]+\/([^?]+)/.exec(uri)?.[1];
  return path === undefined || path === '' ? undefined : decodeURIComponent(path);
};

/**
 * Opens the main back end's database; the first read connects.
 * @param options address and name of the database
 */
export const openMainBackend = ({ uri, databaseName, clientOptions }: MainBackendOptions): MainBackend => {
  const client = new MongoClient(uri, {
    appName: 'orrery-advisor',
    serverSelectionTimeoutMS: SERVER_SELECTION_MS,
    maxPoolSize: 20,
    ...clientOptions,
  });
  const db = client.db(databaseName ?? databaseInAddress(uri) ?? DEFAULT_DATABASE);
  return {
    records: recordsReader(db),
    calculations: calculationsReader(db),
    client,
    db,
    addIndexes: () => addMainBackendIndexes(db),
    close: () => client.close(),
  };
};
