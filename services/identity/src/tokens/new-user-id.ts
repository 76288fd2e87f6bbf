import { randomBytes } from 'node:crypto';

/** A new user id: random, so that none is ever given twice; of the main back end's form, 24 hex characters. */
export const newUserId = (): string => randomBytes(12).toString('hex');
