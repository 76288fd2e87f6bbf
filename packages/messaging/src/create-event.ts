import { context, isSpanContextValid, trace } from '@opentelemetry/api';
import type { Clock } from '@orrery/calendar';
import {
  eventSchemaUrn,
  eventType,
  type EventDefinition,
  type EventEnvelope,
  type ServiceName,
} from '@orrery/contracts';
import { v7 as uuidv7 } from 'uuid';
import type { z } from 'zod';
import type { NewEvent } from './event-bus.ts';

/** What an event inherits from the work that records it. */
export interface EventOrigin {
  requestId?: string | undefined;
  /** W3C trace context; default that of the active OpenTelemetry span. */
  traceparent?: string | undefined;
  /** Id of the event that is being handled. */
  causationId?: string | undefined;
}

/**
 * A fact with its data checked against the schema by the compiler; the argument of `recordEvents`.
 * @param definition the event's declaration
 * @param subject user the fact is about
 * @param data what the schema asks for
 * @param id fixed id, for an event that a repeated attempt must not double
 */
export function newEvent<Data extends z.ZodType>(
  definition: EventDefinition<Data>,
  subject: string,
  data: z.output<Data>,
  id?: string,
): NewEvent<Data> {
  return { definition, subject, data, ...(id === undefined ? {} : { id }) };
}

/**
 * Makes the envelope of a fact. The data pass through the schema, so that an undeclared field never leaves a producer.
 * @param event the fact
 * @param producer service that states it
 * @param clock gives the envelope's time
 * @param origin request, trace and event that caused it
 * @returns a CloudEvents 1.0 envelope
 * @throws TypeError when the contracts name another producer
 * @throws ZodError when the data do not fit the schema
 */
export function createEvent(
  event: NewEvent,
  producer: ServiceName,
  clock: Pick<Clock, 'now'>,
  origin: EventOrigin = {},
): EventEnvelope {
  const { definition, subject, data, id } = event;
  if (definition.producer !== producer) {
    throw new TypeError(`Only ${definition.producer} may state ${definition.name}, not ${producer}`);
  }
  const traceparent = origin.traceparent ?? activeTraceparent();
  return {
    specversion: '1.0',
    id: id ?? uuidv7(),
    source: `urn:orrery:service:${producer}`,
    type: eventType(definition),
    time: clock.now().toISOString(),
    subject,
    datacontenttype: 'application/json',
    dataschema: eventSchemaUrn(definition),
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(origin.requestId === undefined ? {} : { requestid: origin.requestId }),
    ...(origin.causationId === undefined ? {} : { causationid: origin.causationId }),
    data: definition.data.parse(data),
  };
}

/** Trace context of the active span as the W3C header writes it: version, trace id, span id, flags. */
function activeTraceparent(): string | undefined {
  const span = trace.getSpanContext(context.active());
  if (span === undefined || !isSpanContextValid(span)) {
    return undefined;
  }
  return `00-${span.traceId}-${span.spanId}-${span.traceFlags.toString(16).padStart(2, '0')}`;
}
