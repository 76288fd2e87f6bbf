import { eventType, EventEnvelope, type EventDefinition } from '@orrery/contracts';
import type { EventBus } from '@orrery/messaging';
import type { z } from 'zod';
import { eventually, type Patience } from './eventually.ts';

/** What a service has published, in order. */
export class CapturedEvents {
  readonly #envelopes: EventEnvelope[] = [];

  /** @param envelopes events that the bus has accepted */
  add(envelopes: readonly EventEnvelope[]): void {
    this.#envelopes.push(...envelopes);
  }

  /** Every event so far. */
  all(): readonly EventEnvelope[] {
    return this.#envelopes;
  }

  /**
   * Events of one kind so far, their data checked against the contract.
   * @param definition the event
   * @throws ZodError when an event does not fit its contract
   */
  of<Data extends z.ZodType>(definition: EventDefinition<Data>): EventEnvelope<z.output<Data>>[] {
    const type = eventType(definition);
    return this.#envelopes
      .filter((envelope) => envelope.type === type)
      .map((envelope) => ({ ...envelope, data: definition.data.parse(envelope.data) }));
  }

  /**
   * Waits until a number of events of one kind has been published.
   * @param definition the event
   * @param count how many at least
   * @param patience time limit
   */
  async waitFor<Data extends z.ZodType>(
    definition: EventDefinition<Data>,
    count = 1,
    patience: Patience = {},
  ): Promise<EventEnvelope<z.output<Data>>[]> {
    return eventually(
      () => this.of(definition),
      (events) => events.length >= count,
      patience,
    );
  }
}

/**
 * A bus that remembers what it has published.
 * @param bus the bus behind it
 * @param captured where events are kept
 */
export const capturingBus = (bus: EventBus, captured: CapturedEvents): EventBus => ({
  start: () => bus.start(),
  publish: async (events) => {
    await bus.publish(events);
    captured.add(events.map(({ body }) => EventEnvelope.parse(JSON.parse(body))));
  },
  consume: (consumer, definitions, deliver) => bus.consume(consumer, definitions, deliver),
  stopConsuming: () => bus.stopConsuming(),
  listDeadLetters: (filter) => bus.listDeadLetters(filter),
  replayDeadLetters: (filter) => bus.replayDeadLetters(filter),
  forgetDeadLetters: (consumer, subject) => bus.forgetDeadLetters(consumer, subject),
  queueDepths: (consumer) => bus.queueDepths(consumer),
  isReady: () => bus.isReady(),
  stop: () => bus.stop(),
});
