import { Mongoose, type Connection, type ConnectOptions } from 'mongoose';

export interface DatabaseOptions {
  /** Shown in the server's own list of connections; default the database name. */
  appName?: string;
  /** Most sockets this connection may open; default 20. */
  maxPoolSize?: number;
  /** How long an operation waits for a usable server, in milliseconds; default 5,000. */
  serverSelectionTimeoutMs?: number;
}

/**
 * Opens one database of one service. Each call makes a connection of its own on a private mongoose instance, so several
 * services fit in one process and none can reach another's models or settings. Filters given to models are sanitised
 * (an object with `$` keys becomes an equality unless it is wrapped in mongoose's `trusted`), and a filter on a field
 * that the schema does not know throws.
 * @param uri MongoDB connection string; its own database name is ignored
 * @param databaseName database to open
 * @param options limits of the connection
 * @returns a connected connection; close it with `connection.close()`
 * @throws MongooseServerSelectionError when no server answers within the time limit
 */
export async function openDatabase(
  uri: string,
  databaseName: string,
  options: DatabaseOptions = {},
): Promise<Connection> {
  const instance = new Mongoose({ strictQuery: 'throw' });
  const connectOptions: ConnectOptions = {
    dbName: databaseName,
    appName: options.appName ?? databaseName,
    maxPoolSize: options.maxPoolSize ?? 20,
    serverSelectionTimeoutMS: options.serverSelectionTimeoutMs ?? 5_000,
    connectTimeoutMS: 5_000,
    socketTimeoutMS: 60_000,
    waitQueueTimeoutMS: 5_000,
    // Without buffering an outage surfaces as the driver's own error within the selection time, not as a silent queue.
    bufferCommands: false,
    sanitizeFilter: true,
    writeConcern: { w: 'majority' },
  };
  const connection = instance.createConnection(uri, connectOptions);
  try {
    return await connection.asPromise();
  } catch (error) {
    await connection.destroy();
    throw error;
  }
}
