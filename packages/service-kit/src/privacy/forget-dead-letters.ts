import { EventEnvelope, UserErasureRequested, eventType, type ServiceName } from '@orrery/contracts';
import type { Deliver, DeliveredMessage, DeliveryOutcome, EventBus } from '@orrery/messaging';
import type { Logger } from 'pino';

const ERASURE = eventType(UserErasureRequested);

const subjectOf = (body: Buffer): string | undefined => {
  try {
    return EventEnvelope.parse(JSON.parse(body.toString('utf8'))).subject;
  } catch {
    // What cannot be read is refused and parked by the consuming side, which says why.
    return undefined;
  }
};

/**
 * The consuming side of a service, except that a request for an erasure first removes what is parked for the service
 * about that user: dead letters hold whole events, and nobody may ever replay them. The confirmation follows, so that an
 * erasure is not done before they are gone. When the broker cannot be asked, the request is tried again.
 * @param deliver the consuming side
 * @param parts where dead letters are, for whom, and where trouble is told
 */
export const forgettingDeadLetters = (
  deliver: Deliver,
  parts: { bus: Pick<EventBus, 'forgetDeadLetters'>; consumer: ServiceName; logger: Logger },
): Deliver => {
  const deliverOne = async (message: DeliveredMessage): Promise<DeliveryOutcome> => {
    const subject = message.routingKey === ERASURE ? subjectOf(message.body) : undefined;
    if (subject !== undefined) {
      try {
        await parts.bus.forgetDeadLetters(parts.consumer, subject);
      } catch (error) {
        parts.logger.warn({ err: error }, 'dead letters of an erased user could not be removed yet');
        return { kind: 'retry', reason: 'dead-letters-out-of-reach', outage: true };
      }
    }
    return deliver(message);
  };
  const together = async (messages: readonly DeliveredMessage[]): Promise<DeliveryOutcome[]> => {
    if (deliver.together !== undefined && messages.every(({ routingKey }) => routingKey !== ERASURE)) {
      return deliver.together(messages);
    }
    const outcomes: DeliveryOutcome[] = [];
    for (const message of messages) {
      outcomes.push(await deliverOne(message));
    }
    return outcomes;
  };
  return Object.assign(deliverOne, { together });
};
