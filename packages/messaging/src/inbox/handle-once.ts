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

/** The event's effect has been committed before. Thrown to leave the transaction, and answered as success. */
export class AlreadyHandledError extends Error {
  readonly code = 'event-already-handled';
  constructor(eventId: string, options?: ErrorOptions) {
    super(`Event ${eventId} was handled before`, options);
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
 * Runs the handler of an event unless it has been run. The row (consumer, event) is written first and in the same
 * transaction as the effect: of two deliveries at the same moment one waits in a conflict and then finds the row.
 * @param connection database of the consumer
 * @param session transaction of the effect
 * @param event who handles which event
 * @param work the handler
 * @throws AlreadyHandledError when an earlier delivery was committed; the caller aborts and acknowledges
 */
export async function handleOnce(
  connection: Connection,
  session: ClientSession,
  event: { consumer: ServiceName; eventId: string },
  work: () => Promise<void>,
): Promise<void> {
  const row: InboxRow = { _id: `${event.consumer}:${event.eventId}`, handledAt: new Date() };
  try {
    await connection.collection<InboxRow>(INBOX).insertOne(row, { session });
  } catch (error) {
    if (isDuplicateKey(error)) {
      throw new AlreadyHandledError(event.eventId, { cause: error });
    }
    throw error;
  }
  await work();
}
