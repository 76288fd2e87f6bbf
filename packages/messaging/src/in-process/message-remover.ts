import type { Collection } from 'mongoose';
import type { Logger } from 'pino';
import { backOffMs } from '../retry-policy.ts';
import type { MessageRow } from './message-row.ts';

/** How long a message that is done waits for others to leave with; short against any back-off, long against a commit. */
const GATHER_MS = 20;
const BACK_OFF = { firstMs: 50, maxMs: 5_000 };

/**
 * Removes messages that are done. Those of all queues that end within a moment leave with one write, because each
 * write costs a flush to disk. A kill in between delivers them again, which the inbox of each consumer absorbs.
 */
export class MessageRemover {
  readonly #rows: Collection<MessageRow>;
  readonly #logger: Logger;
  #ids: string[] = [];
  #leaving: Promise<void> | undefined;
  #stopping = false;

  /**
   * @param rows the messages
   * @param logger where failures go
   */
  constructor(rows: Collection<MessageRow>, logger: Logger) {
    this.#rows = rows;
    this.#logger = logger;
  }

  /**
   * Removes a message soon.
   * @param id id of its row
   * @returns resolves when it is removed, or was left to be delivered again because the database stayed away at the stop
   */
  remove(id: string): Promise<void> {
    this.#ids.push(id);
    this.#leaving ??= this.#removeGathered();
    return this.#leaving;
  }

  /** From now on nothing waits, and a database that is away is not waited for. */
  stop(): void {
    this.#stopping = true;
  }

  async #removeGathered(): Promise<void> {
    await pause(this.#stopping ? 0 : GATHER_MS);
    const ids = this.#ids;
    this.#ids = [];
    this.#leaving = undefined;
    for (let failures = 1; ; failures += 1) {
      try {
        await this.#rows.deleteMany({ _id: { $in: ids } });
        return;
      } catch (error) {
        this.#logger.warn(
          { err: error, messages: ids.length },
          'messages that are done could not be removed yet',
        );
        if (this.#stopping) {
          return;
        }
        await pause(backOffMs(failures, BACK_OFF));
      }
    }
  }
}

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
