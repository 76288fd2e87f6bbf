import { createHmac, randomBytes } from 'node:crypto';
import { isDuplicateKey } from '@orrery/mongo';
import type { Connection } from 'mongoose';

const KEYS = 'privacy_keys';

interface KeyRow {
  _id: 'user-marks';
  secret: string;
}

/** Marks a user without naming them: a digest under a key that never leaves the service's database. */
export type UserMark = (userId: string) => string;

/**
 * Opens the marks of a service; the first start makes the key.
 * @param connection database of the service
 */
export async function openUserMarks(connection: Connection): Promise<UserMark> {
  const keys = connection.collection<KeyRow>(KEYS);
  const read = () => keys.findOne({ _id: 'user-marks' });
  let row = await read();
  if (row === null) {
    try {
      await keys.insertOne({ _id: 'user-marks', secret: randomBytes(32).toString('base64url') });
    } catch (error) {
      if (!isDuplicateKey(error)) {
        throw error;
      }
    }
    row = await read();
  }
  if (row === null) {
    throw new Error('The key of user marks could not be stored');
  }
  const { secret } = row;
  return (userId) => createHmac('sha256', secret).update(userId).digest('base64url');
}
