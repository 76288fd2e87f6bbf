import type { Clock } from '@orrery/calendar';
import type { ServiceName } from '@orrery/contracts';
import type { ClientSession, Connection } from 'mongoose';
import { v7 as uuidv7 } from 'uuid';
import { createEvent, type EventOrigin } from '../create-event.ts';
import { encodeEvent, type EventHead } from '../encode-event.ts';
import type { NewEvent } from '../event-bus.ts';

/** Row of the collection `outbox`. */
export interface OutboxRow {
  /** UUID version 7: its order is the order of recording within a process. */
  _id: string;
  /** What is said about the event. */
  envelope: EventHead;
  /** The whole event as it will be sent. */
  body: string;
  recordedAt: Date;
  /** Not to be published before; set on rows that no queue takes. */
  notBefore?: Date;
}

export interface OutboxStore {
  /**
   * Records events inside a transaction: they will be published if and only if it commits.
   * @param session transaction of the state change
   * @param events facts to state
   * @param causationId id of the event that is being handled, if any
   */
  recordEvents(session: ClientSession, events: readonly NewEvent[], causationId?: string): Promise<void>;
}

export const OUTBOX = 'outbox';

/**
 * Creates the outbox, so that no transaction has to.
 * @param connection database of the producer
 */
export async function prepareOutbox(connection: Connection): Promise<void> {
  await connection.collection(OUTBOX).createIndex({ recordedAt: 1 });
}

/**
 * The writing side of a service's outbox.
 * @param options `connection` of the service's own database, its name, the clock of the envelopes, and `origin`, which
 *   tells the request and trace of the work at hand
 */
export function createOutboxStore(options: {
  connection: Connection;
  producer: ServiceName;
  clock: Pick<Clock, 'now'>;
  origin?: () => Omit<EventOrigin, 'causationId'>;
}): OutboxStore {
  const { connection, producer, clock, origin = () => ({}) } = options;
  return {
    async recordEvents(session, events, causationId) {
      if (events.length === 0) {
        return;
      }
      const inherited: EventOrigin = { ...origin(), causationId };
      // Age is measured on the machine's clock, because business time may stand still.
      const recordedAt = new Date();
      const rows = events.map((event): OutboxRow => {
        const { head, body } = encodeEvent(createEvent(event, producer, clock, inherited));
        return { _id: uuidv7(), envelope: head, body, recordedAt };
      });
      await connection.collection<OutboxRow>(OUTBOX).insertMany(rows, { session, ordered: true });
    },
  };
}
