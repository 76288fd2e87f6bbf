/** A publish that did not store every message. Those named in neither list are stored. */
export class PublishError extends Error {
  readonly code: string = 'event-not-published';
  /** Ids of events that no queue takes; a repeated attempt fails until the topology changes. */
  readonly unroutableIds: readonly string[];
  /** Ids of events whose storage was not confirmed; they may or may not be stored, so publish them again. */
  readonly unconfirmedIds: readonly string[];

  constructor(
    message: string,
    ids: { unroutableIds?: readonly string[]; unconfirmedIds?: readonly string[] },
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'PublishError';
    this.unroutableIds = ids.unroutableIds ?? [];
    this.unconfirmedIds = ids.unconfirmedIds ?? [];
  }
}

/** At least one event has no queue: its type is not in the contracts, or a queue was deleted at the broker. */
export class UnroutableError extends PublishError {
  override readonly code = 'event-unroutable';

  constructor(ids: { unroutableIds: readonly string[]; unconfirmedIds?: readonly string[] }) {
    super(`No queue takes ${String(ids.unroutableIds.length)} of the published events`, ids);
    this.name = 'UnroutableError';
  }
}

/** The bus cannot take messages now: no connection, or the broker has blocked publishers. Nothing was sent. */
export class BusUnavailableError extends PublishError {
  override readonly code = 'bus-unavailable';

  constructor(reason: string, unconfirmedIds: readonly string[], options?: ErrorOptions) {
    super(`The event bus is not available: ${reason}`, { unconfirmedIds }, options);
    this.name = 'BusUnavailableError';
  }
}
