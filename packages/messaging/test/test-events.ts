import { defineEvent, type EventEnvelope } from '@orrery/contracts';
import { systemClock } from '@orrery/calendar';
import { z } from 'zod';
import { createEvent, newEvent } from '../src/create-event.ts';

const Note = z.object({ text: z.string(), tags: z.array(z.string()).optional() });

/** An event with one consumer. */
export const NoteTaken = defineEvent({
  name: 'note.taken',
  version: 1,
  producer: 'ingestion',
  consumers: ['categorization'],
  summary: 'A note was taken',
  data: Note,
});

/** An event with two consumers. */
export const NoteShared = defineEvent({
  name: 'note.shared',
  version: 1,
  producer: 'ingestion',
  consumers: ['categorization', 'insights'],
  summary: 'A note was shared',
  data: Note,
});

/** An event that the contracts give to nobody. */
export const NoteRead = defineEvent({
  name: 'note.read',
  version: 1,
  producer: 'ingestion',
  consumers: [],
  summary: 'A note was read',
  data: Note,
});

/** An event that no topology knows. */
export const NoteLost = defineEvent({
  name: 'note.lost',
  version: 1,
  producer: 'ingestion',
  consumers: ['insights'],
  summary: 'A note was lost',
  data: Note,
});

export const TEST_EVENTS = [NoteTaken, NoteShared, NoteRead] as const;

type NoteDefinition = typeof NoteTaken;

/**
 * Envelope of a note.
 * @param definition which of the events above
 * @param text content of the note
 * @param id fixed event id
 * @param subject user that it is about
 */
export const note = (
  definition: NoteDefinition,
  text: string,
  id?: string,
  subject = 'user-1',
): EventEnvelope => createEvent(newEvent(definition, subject, { text }, id), 'ingestion', systemClock);

/**
 * Text of the note that a body carries.
 * @param body bytes of a delivery
 */
export function textOf(body: Buffer): string {
  const envelope = z
    .object({ data: z.object({ text: z.string() }) })
    .parse(JSON.parse(body.toString('utf8')));
  return envelope.data.text;
}

/**
 * User that a body is about; empty without one.
 * @param body bytes of a delivery
 */
export const subjectOf = (body: Buffer | undefined): string =>
  body === undefined
    ? ''
    : z.object({ subject: z.string() }).parse(JSON.parse(body.toString('utf8'))).subject;
