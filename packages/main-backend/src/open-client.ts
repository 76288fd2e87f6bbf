import { MongoClient, type MongoClientOptions } from 'mongodb';

/** How long an outage is waited for before it is told. */
const PATIENCE_MS = 5_000;

/**
 * A client of the main back end's server. It connects with its first use, tells an outage within seconds, and sees
 * within seconds that the server is back.
 * @param uri address of the server
 * @param appName what the server calls this program
 * @param options further settings
 */
export const openMainBackendClient = (
  uri: string,
  appName: string,
  options: MongoClientOptions = {},
): MongoClient =>
  new MongoClient(uri, {
    appName,
    serverSelectionTimeoutMS: PATIENCE_MS,
    // The driver gives a connection that nobody answers half a minute, in which a database that is back goes unseen.
    connectTimeoutMS: PATIENCE_MS,
    ...options,
  });
