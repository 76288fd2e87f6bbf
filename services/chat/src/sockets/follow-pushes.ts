import type { Logger } from 'pino';
import { LRUCache } from 'lru-cache';
import type { Push, PushStore } from '../store/push-store.ts';

/**
 * How far each look reaches back behind the newest row seen: a transaction that began earlier may commit later, and the
 * clocks of replicas differ a little.
 */
const OVERLAP_MS = 10_000;
const MAX_SEEN = 20_000;

export interface FollowPushesOptions {
  pushes: PushStore;
  /** Whether anybody could be reached; nothing is read while nobody can. */
  hasSockets(): boolean;
  deliver(push: Push): void;
  pollMs: number;
  logger: Logger;
  now?: () => number;
}

/**
 * Reads along with the news of all replicas and hands each to this process's sockets once.
 * @param options the store, who can be reached, and how often to look
 * @returns what stops it
 */
export function followPushes(options: FollowPushesOptions): { stop(): Promise<void> } {
  const { pushes, hasSockets, deliver, pollMs, logger, now = Date.now } = options;
  const seen = new LRUCache<string, true>({ max: MAX_SEEN });
  let since = now();
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  let running: Promise<void> = Promise.resolve();

  const look = async (): Promise<void> => {
    if (!hasSockets()) {
      since = now();
      return;
    }
    for (const push of await pushes.since(new Date(since - OVERLAP_MS))) {
      since = Math.max(since, push.storedAt.getTime());
      if (!seen.has(push.id)) {
        seen.set(push.id, true);
        deliver(push);
      }
    }
  };
  const again = (): void => {
    timer = setTimeout(() => {
      running = look()
        .catch((error: unknown) => {
          logger.warn({ err: error }, 'news for open sockets could not be read');
        })
        .finally(() => {
          if (!isStopped) {
            again();
          }
        });
    }, pollMs);
    timer.unref();
  };
  again();
  return {
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
