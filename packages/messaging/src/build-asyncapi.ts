import { eventSchemaUrn, eventType, EventEnvelope, type EventDefinition } from '@orrery/contracts';
import { z } from 'zod';
import { planTopology, type Topology } from './topology.ts';

export interface AsyncApiDocument {
  asyncapi: '3.0.0';
  info: { title: string; version: string; description: string };
  defaultContentType: string;
  channels: Record<string, unknown>;
  operations: Record<string, unknown>;
  components: { messages: Record<string, unknown>; schemas: Record<string, unknown> };
}

/**
 * Describes every event as an AsyncAPI 3.0 document: one channel per event, a send operation for its producer, a receive
 * operation for each consumer with the queue it reads.
 * @param events declarations of the events
 * @param info title and version of the document
 */
export function buildAsyncapi(
  events: readonly EventDefinition[],
  info: { title: string; version: string },
): AsyncApiDocument {
  const topology = planTopology(events);
  return {
    asyncapi: '3.0.0',
    info: {
      ...info,
      description:
        'Facts that the services state. Every message is a CloudEvents 1.0 envelope in JSON, delivered at least once ' +
        'to each consumer and handled once.',
    },
    defaultContentType: 'application/cloudevents+json',
    channels: Object.fromEntries(events.map((event) => [eventType(event), describeChannel(event, topology)])),
    operations: Object.fromEntries(events.flatMap((event) => describeOperations(event, topology))),
    components: {
      messages: Object.fromEntries(events.map((event) => [eventType(event), describeMessage(event)])),
      schemas: { envelope: jsonSchemaOf(EventEnvelope.omit({ data: true })) },
    },
  };
}

function describeChannel(event: EventDefinition, topology: Topology) {
  const type = eventType(event);
  return {
    address: type,
    summary: event.summary,
    messages: { [type]: { $ref: `#/components/messages/${type}` } },
    bindings: {
      amqp: {
        is: 'routingKey',
        exchange: {
          name: topology.eventsExchange,
          type: 'topic',
          durable: true,
          autoDelete: false,
          vhost: '/',
        },
        bindingVersion: '0.3.0',
      },
    },
  };
}

function describeOperations(event: EventDefinition, topology: Topology): [string, unknown][] {
  const type = eventType(event);
  const channel = { $ref: `#/channels/${type}` };
  const send: [string, unknown] = [
    `${event.producer}.send.${type}`,
    { action: 'send', channel, summary: event.summary, tags: [{ name: event.producer }] },
  ];
  const receive = topology.consumerQueues
    .filter((queue) => queue.type === type)
    .map(({ consumer, name }): [string, unknown] => [
      `${consumer}.receive.${type}`,
      { action: 'receive', channel, summary: `Reads the queue ${name}`, tags: [{ name: consumer }] },
    ]);
  return [send, ...receive];
}

function describeMessage(event: EventDefinition) {
  return {
    name: eventType(event),
    title: event.summary,
    contentType: 'application/cloudevents+json',
    payload: {
      allOf: [
        { $ref: '#/components/schemas/envelope' },
        {
          type: 'object',
          required: ['data'],
          properties: {
            type: { const: eventType(event) },
            dataschema: { const: eventSchemaUrn(event) },
            data: jsonSchemaOf(event.data),
          },
        },
      ],
    },
  };
}

/** AsyncAPI's own schema dialect is a superset of JSON Schema draft 7; unknown fields are allowed, as consumers allow them. */
function jsonSchemaOf(schema: z.ZodType): Record<string, unknown> {
  const { $schema: _dialect, ...body } = z.toJSONSchema(schema, { target: 'draft-7', io: 'input' });
  return body;
}
