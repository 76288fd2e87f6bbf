import { isDuplicateKey } from '@orrery/mongo';
import type { ServiceName } from '@orrery/contracts';
import type { ClientSession, Connection } from 'mongoose';

const INBOX = 'inbox';
/** Longer than a dead letter may stay parked before it is replayed. */
const INBOX_TTL_SECONDS = 14 * 24 * 60 * 60;

/** Row of the collection `inbox`. */
interface InboxRow {
  _id: string;
  handledAt: Date;
}

/** The effect of an event has been committed before. Thrown to leave the transaction, and answered as success. */
export class AlreadyHandledError extends Error {
  readonly code = 'event-already-handled';
  constructor(eventIds: readonly string[], options?: ErrorOptions) {
    super(`Event ${eventIds.join(' or ')} was handled before`, options);
    this.name = 'AlreadyHandledError';
  }
}

/**
 * Creates the inbox and its expiry, so that no transaction has to.
 * @param connection database of the consumer
 */
export async function prepareInbox(connection: Connection): Promise<void> {
  await connection.collection(INBOX).createIndex({ handledAt: 1 }, { expireAfterSeconds: INBOX_TTL_SECONDS });
}

/**
 * Runs the handler of events unless one of them has been handled. The rows (consumer, event) are written first and in
 * the same transaction as the effect: of two deliveries at the same moment one waits in a conflict and then finds the row.
 * @param connection database of the consumer
 * @param session transaction of the effect
 * @param handled who handles which events
 * @param work the handler
 * @throws AlreadyHandledError when an earlier delivery of any of them was committed; the caller aborts
 */
export async function handleOnce(
  connection: Connection,
  session: ClientSession,
  handled: { consumer: ServiceName; eventIds: readonly string[] },
  work: () => Promise<void>,
): Promise<void> {
  const { consumer, eventIds } = handled;
  const handledAt = new Date();
  const rows = eventIds.map((eventId): InboxRow => ({ _id: `${consumer}:${eventId}`, handledAt }));
  try {
    await connection.collection<InboxRow>(INBOX).insertMany(rows, { session, ordered: true });
  } catch (error) {
    if (isDuplicateKey(error)) {
      throw new AlreadyHandledError(eventIds, { cause: error });
    }
    throw error;
  }
  await work();
}
