import { describe, expect, it } from '@jest/globals';
import { frozenClock } from '@orrery/calendar';
import { defineEvent, EventEnvelope } from '@orrery/contracts';
import {
  context,
  ROOT_CONTEXT,
  trace,
  TraceFlags,
  type Context,
  type ContextManager,
} from '@opentelemetry/api';
import { z } from 'zod';
import { createEvent, newEvent } from './create-event.ts';
import { subscribe } from './subscribe.ts';

const Happened = defineEvent({
  name: 'thing.happened',
  version: 1,
  producer: 'ingestion',
  consumers: ['insights'],
  summary: 'A thing happened',
  data: z.object({ size: z.int() }),
});
const clock = frozenClock(new Date('2026-03-01T10:00:00Z'));

describe('event envelope', () => {
  it('is a CloudEvents envelope with a schema, a time from the clock and what caused it', () => {
    const origin = {
      requestId: 'req-1',
      causationId: 'event-0',
      traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
    };

    const envelope = createEvent(newEvent(Happened, 'user-1', { size: 3 }), 'ingestion', clock, origin);

    expect(EventEnvelope.parse(envelope)).toEqual({
      specversion: '1.0',
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/),
      source: 'urn:orrery:service:ingestion',
      type: 'thing.happened.v1',
      time: '2026-03-01T10:00:00.000Z',
      subject: 'user-1',
      datacontenttype: 'application/json',
      dataschema: 'urn:orrery:event:thing.happened:1',
      traceparent: origin.traceparent,
      requestid: 'req-1',
      causationid: 'event-0',
      data: { size: 3 },
    });
  });

  it('gives ids in the order of creation, and keeps a fixed id', () => {
    const ids = Array.from(
      { length: 50 },
      () => createEvent(newEvent(Happened, 'u', { size: 1 }), 'ingestion', clock).id,
    );

    expect([...ids].sort()).toEqual(ids);
    expect(new Set(ids).size).toBe(50);
    expect(createEvent(newEvent(Happened, 'u', { size: 1 }, 'sync-7'), 'ingestion', clock).id).toBe('sync-7');
  });

  it('takes the trace of the active span', () => {
    const span = { traceId: 'c'.repeat(32), spanId: 'd'.repeat(16), traceFlags: TraceFlags.SAMPLED };
    const active = trace.setSpanContext(ROOT_CONTEXT, span);
    const manager: ContextManager = {
      active: () => active,
      with: (_context: Context, work, thisArg, ...args) => work.call(thisArg, ...args),
      bind: (_context, target) => target,
      enable: () => manager,
      disable: () => manager,
    };
    context.setGlobalContextManager(manager);

    const { traceparent } = createEvent(newEvent(Happened, 'u', { size: 1 }), 'ingestion', clock);
    context.disable();

    expect(traceparent).toBe(`00-${span.traceId}-${span.spanId}-01`);
  });

  it('lets no undeclared field out, no wrong data and no other producer', () => {
    const extra = { size: 1, note: 'private' };

    expect(createEvent(newEvent(Happened, 'u', extra), 'ingestion', clock).data).toEqual({ size: 1 });
    expect(() => createEvent(newEvent(Happened, 'u', { size: 1.5 }), 'ingestion', clock)).toThrow(z.ZodError);
    expect(() => createEvent(newEvent(Happened, 'u', { size: 1 }), 'insights', clock)).toThrow(
      'Only ingestion',
    );
  });

  it('lets only a consumer of the contract subscribe', () => {
    expect(() => subscribe(Happened, 'categorization', () => Promise.resolve())).toThrow(
      'does not name categorization',
    );
  });
});
