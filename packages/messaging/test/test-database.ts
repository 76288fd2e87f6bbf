import { randomUUID } from 'node:crypto';
import type { Connection } from 'mongoose';
import { openDatabase } from '@orrery/mongo';

/** The database server that the test set-up started. */
export function testDatabaseUri(): string {
  const uri = process.env['TEST_MONGODB_URI'];
  if (uri === undefined) {
    throw new Error('TEST_MONGODB_URI is not set: run the tests with `npm test`');
  }
  return uri;
}

/**
 * Opens a fresh database.
 * @returns the connection, and what removes the database and closes it
 */
export async function openTestDatabase(): Promise<{ connection: Connection; remove(): Promise<void> }> {
  const connection = await openDatabase(testDatabaseUri(), `test_${randomUUID().slice(0, 8)}`);
  return {
    connection,
    async remove() {
      await connection.dropDatabase();
      await connection.close();
    },
  };
}
