import type { Connection, mongo } from 'mongoose';

const AT_ONCE = 5000;

/**
 * Removes old documents of all users in bites, so that no removal holds up others.
 * @param connection database of the service
 * @param collection its name
 * @param old which documents; an index must lead to them
 * @param signal ends the work early
 * @returns how many were removed
 */
export const forgetOld = async (
  connection: Connection,
  collection: string,
  old: mongo.Filter<mongo.BSON.Document>,
  signal: AbortSignal,
): Promise<number> => {
  const documents = connection.collection(collection);
  let forgotten = 0;
  while (!signal.aborted) {
    const found = await documents
      .find(old, { projection: { _id: 1 }, batchSize: AT_ONCE })
      .limit(AT_ONCE)
      .toArray();
    if (found.length === 0) {
      break;
    }
    const { deletedCount } = await documents.deleteMany({ _id: { $in: found.map(({ _id }) => _id) } });
    forgotten += deletedCount;
  }
  return forgotten;
};
