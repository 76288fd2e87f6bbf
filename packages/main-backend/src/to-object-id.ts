import { ObjectId } from 'mongodb';

/**
 * The stored form of a user id, or undefined when the id is not of the main back end's form.
 * @param userId an id as a token holds it
 */
export const toObjectId = (userId: string): ObjectId | undefined =>
  /^[0-9a-fA-F]{24}$/.test(userId) ? new ObjectId(userId) : undefined;
