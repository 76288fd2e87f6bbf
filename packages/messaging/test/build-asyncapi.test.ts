import { Parser } from '@asyncapi/parser';
import { describe, expect, it } from '@jest/globals';
import { EVENTS, eventType } from '@orrery/contracts';
import { buildAsyncapi } from '../src/build-asyncapi.ts';

describe('the AsyncAPI document', () => {
  const document = buildAsyncapi(EVENTS, { title: 'Orrery events', version: '1.0.0' });

  it('is accepted by the official parser without a complaint', async () => {
    const { document: parsed, diagnostics } = await new Parser().parse(JSON.stringify(document));

    const problems = diagnostics
      .filter(({ severity }) => severity <= 1)
      .map(({ message, path }) => [message, path]);
    expect(problems).toEqual([]);
    expect(parsed?.version()).toBe('3.0.0');
  }, 60_000);

  it('has a channel for every event, a sender, and a receiver for every consumer', () => {
    const expected = EVENTS.flatMap((event) => [
      `${event.producer}.send.${eventType(event)}`,
      ...event.consumers.map((consumer) => `${consumer}.receive.${eventType(event)}`),
    ]);

    expect(Object.keys(document.channels)).toEqual(EVENTS.map(eventType));
    expect(Object.keys(document.operations)).toEqual(expected);
  });
});
