import type { Connection } from 'mongoose';
import { prepareInbox } from './inbox/handle-once.ts';
import { prepareOutbox } from './outbox/outbox-store.ts';

/**
 * Creates the collections and indexes of outbox and inbox; safe to repeat. Call it before the first transaction.
 * @param connection database of the service
 */
export async function prepareMessaging(connection: Connection): Promise<void> {
  await Promise.all([prepareOutbox(connection), prepareInbox(connection)]);
}
