import { describe, expect, it } from '@jest/globals';
import { systemClock } from '@orrery/calendar';
import { defineEvent } from '@orrery/contracts';
import { z } from 'zod';
import { parseMessage } from './consume.ts';
import { createEvent, newEvent } from './create-event.ts';
import { subscribe } from './subscribe.ts';

const Happened = defineEvent({
  name: 'thing.happened',
  version: 1,
  producer: 'ingestion',
  consumers: ['insights'],
  summary: 'A thing happened',
  data: z.object({ size: z.int(), colour: z.string().optional() }),
});
const subscriptions = [subscribe(Happened, 'insights', () => Promise.resolve())];
const good = createEvent(newEvent(Happened, 'user-1', { size: 3 }), 'ingestion', systemClock);
const bodyOf = (value: unknown) => Buffer.from(JSON.stringify(value));

describe('reading a message', () => {
  it('accepts an envelope whose data fit, and fields that it does not know', () => {
    const newer = { ...good, sequence: 7, data: { size: 3, weight: 12 } };

    const parsed = parseMessage(bodyOf(newer), subscriptions);

    expect(parsed).toMatchObject({ kind: 'accepted', envelope: { id: good.id, data: { size: 3 } } });
  });

  it.each([
    ['bytes that are not JSON', Buffer.from('{oops'), 'malformed'],
    ['JSON that is not an object', bodyOf([1, 2]), 'malformed'],
    ['JSON null', bodyOf(null), 'malformed'],
    ['no schema', bodyOf({ ...good, dataschema: undefined }), 'schema-missing'],
    ['an empty schema', bodyOf({ ...good, dataschema: '' }), 'schema-missing'],
    ['an envelope without an id', bodyOf({ ...good, id: undefined }), 'malformed'],
    [
      'a newer version',
      bodyOf({ ...good, dataschema: 'urn:orrery:event:thing.happened:2' }),
      'schema-unsupported',
    ],
    [
      'another event',
      bodyOf({ ...good, dataschema: 'urn:orrery:event:thing.vanished:1' }),
      'schema-unsupported',
    ],
    ['data that do not fit', bodyOf({ ...good, data: { size: 'three' } }), 'schema-mismatch'],
    ['no data', bodyOf({ ...good, data: undefined }), 'malformed'],
  ])('refuses %s', (_situation, body, reason) => {
    expect(parseMessage(body, subscriptions)).toMatchObject({ kind: 'refused', reason });
  });

  it('names fields at fault but never their values', () => {
    const parsed = parseMessage(bodyOf({ ...good, data: { size: 'secret-value' } }), subscriptions);

    expect(JSON.stringify(parsed)).toContain('size');
    expect(JSON.stringify(parsed)).not.toContain('secret-value');
  });
});
