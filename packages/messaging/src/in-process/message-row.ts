import type { ServiceName } from '@orrery/contracts';

/** Row of the collection `messages`: one message in the queue of one consumer. */
export interface MessageRow {
  /** UUID version 7, so that the order of ids is the order of publishing. */
  _id: string;
  queue: string;
  consumer: ServiceName;
  type: string;
  /** Id of the event. */
  eventId: string;
  /** User the event is about; of one user's messages in a queue one is at work at a time. */
  subject?: string;
  /** The envelope as JSON text, exactly what a broker would carry. */
  body: string;
  state: 'ready' | 'dead';
  /** Number of the attempt that comes next, or that failed last when dead. */
  attempt: number;
  /** Not to be delivered before. */
  dueAt: Date;
  reason?: string;
  parkedAt?: Date;
}

export const MESSAGES = 'messages';
/** A new message is due whatever the clock says, so that a clock set back delays nothing. */
export const AT_ONCE = new Date(0);
