import { openMainBackendClient } from '@orrery/main-backend';
import { type Db, ObjectId } from 'mongodb';
import type { Connection } from 'mongoose';

/** The database that holds Reho's collections. */
export interface RehoDatabase {
  db: Db;
  close(): Promise<void>;
}

/**
 * Opens the database of the main back end, where conversations of the Python service stand, or takes our own when there
 * is no main back end. The first use connects.
 * @param own this service's own database
 * @param main address and name of the main back end's database
 * @throws Error when neither can be used
 */
export function openRehoDatabase(own: Connection, main?: { uri: string; name: string }): RehoDatabase {
  if (main === undefined) {
    return { db: own.getClient().db(own.name), close: () => Promise.resolve() };
  }
  const client = openMainBackendClient(main.uri, 'orrery-chat', {
    maxPoolSize: 20,
    writeConcern: { w: 'majority' },
  });
  return { db: client.db(main.name), close: () => client.close() };
}

/**
 * A user id as Reho's collections hold it: an ObjectId when it is one, else the text.
 * @param userId owner
 */
export const ownerOf = (userId: string): ObjectId | string =>
  /^[0-9a-fA-F]{24}$/.test(userId) ? new ObjectId(userId) : userId;
