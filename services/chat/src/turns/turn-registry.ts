import type { TurnEvent } from '../domain/frames.ts';

/** An event of a turn with its place, from 0. */
export interface PlacedEvent {
  index: number;
  event: TurnEvent;
}

/** A message that is being answered, or was a short time ago. */
export interface Turn {
  id: string;
  userId: string;
  conversationId: string;
  /**
   * Every event from a place on, those that are past at once. Whoever leaves the loop counts as gone; when nobody is
   * left, the work is given up after its grace.
   * @param from first place
   * @param leaving aborted when the follower is gone
   */
  follow(from?: number, leaving?: AbortSignal): AsyncGenerator<PlacedEvent, void>;
  /** Gives the work up now. */
  cancel(): void;
}

/** How a turn is begun. */
export interface NewTurn {
  id: string;
  userId: string;
  conversationId: string;
  /** How long the work goes on when everybody has left, in milliseconds. */
  graceMs: number;
  /**
   * Does the work; it must not throw for an ordinary failure but tell it as an event.
   * @param emit adds an event
   * @param signal aborted when nobody wants the answer any more
   * @returns `rest`: what may go on while the next turn of the conversation runs, and may still add events
   */
  work(emit: (event: TurnEvent) => void, signal: AbortSignal): Promise<{ rest?: Promise<unknown> }>;
}

export interface TurnRegistryOptions {
  /** How long an ended turn can be followed again, in milliseconds. */
  keepMs: number;
  /** Told when the work of a turn throws. */
  onFault(error: unknown): void;
}

const MAX_KEPT = 2_000;

/**
 * The turns of this process. Turns of one conversation run one after the other, so that questions and answers never
 * mix; any number of clients can follow a turn, each at its own pace.
 * @param options how long ended turns are kept
 */
export function createTurnRegistry({ keepMs, onFault }: TurnRegistryOptions) {
  const turns = new Map<string, Turn>();
  const tails = new Map<string, Promise<unknown>>();
  const running = new Set<Promise<void>>();
  const timers = new Set<NodeJS.Timeout>();

  const later = (ms: number, act: () => void): NodeJS.Timeout => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      act();
    }, ms);
    timer.unref();
    timers.add(timer);
    return timer;
  };

  const keyOf = (userId: string, id: string): string => `${userId}\0${id}`;

  /**
   * Runs work when everything begun before for the same conversation has ended.
   * @param userId owner
   * @param conversationId the conversation
   * @param work what to do
   */
  async function inOrder<Result>(
    userId: string,
    conversationId: string,
    work: () => Promise<Result>,
  ): Promise<Result> {
    const key = keyOf(userId, conversationId);
    const before = tails.get(key) ?? Promise.resolve();
    const result = before.then(work);
    const tail = result.then(
      () => undefined,
      () => undefined,
    );
    tails.set(key, tail);
    try {
      return await result;
    } finally {
      if (tails.get(key) === tail) {
        tails.delete(key);
      }
    }
  }

  function begin({ id, userId, conversationId, graceMs, work }: NewTurn): Turn {
    const events: TurnEvent[] = [];
    const waiting = new Set<() => void>();
    const controller = new AbortController();
    let followers = 0;
    let isOver = false;
    let leaving: NodeJS.Timeout | undefined;

    const wakeAll = (): void => {
      for (const wake of waiting) {
        wake();
      }
      waiting.clear();
    };
    const emit = (event: TurnEvent): void => {
      events.push(event);
      wakeAll();
    };
    const turn: Turn = {
      id,
      userId,
      conversationId,
      cancel: () => {
        controller.abort();
      },
      async *follow(from = 0, gone) {
        followers += 1;
        clearTimeout(leaving);
        const isGone = (): boolean => gone?.aborted === true;
        gone?.addEventListener('abort', wakeAll);
        try {
          for (let index = from; !isGone(); index += 1) {
            while (index >= events.length) {
              if (isOver || isGone()) {
                return;
              }
              await new Promise<void>((resolve) => waiting.add(resolve));
            }
            const event = events[index];
            if (event !== undefined) {
              yield { index, event };
            }
          }
        } finally {
          gone?.removeEventListener('abort', wakeAll);
          followers -= 1;
          if (followers === 0 && !isOver) {
            leaving = later(graceMs, () => {
              controller.abort();
            });
          }
        }
      },
    };
    const key = keyOf(userId, id);
    turns.set(key, turn);
    const done = inOrder(userId, conversationId, () => work(emit, controller.signal))
      .then(async ({ rest }) => {
        await rest;
      })
      .catch(onFault)
      .finally(() => {
        isOver = true;
        clearTimeout(leaving);
        running.delete(done);
        wakeAll();
        later(keepMs, () => turns.delete(key));
        const [oldest] = turns.keys();
        if (turns.size > MAX_KEPT && oldest !== undefined) {
          turns.delete(oldest);
        }
      });
    running.add(done);
    return turn;
  }

  return {
    begin,
    inOrder,
    /** A turn of the user that runs, or ended a short time ago, in this process. */
    find: (userId: string, id: string): Turn | undefined => turns.get(keyOf(userId, id)),
    /** Waits for the turns at work; those that need longer are given up. */
    async drain(timeoutMs: number): Promise<void> {
      const timer = setTimeout(() => {
        for (const turn of turns.values()) {
          turn.cancel();
        }
      }, timeoutMs);
      await Promise.all(running);
      clearTimeout(timer);
    },
    stop(): void {
      for (const timer of timers) {
        clearTimeout(timer);
      }
    },
  };
}

export type TurnRegistry = ReturnType<typeof createTurnRegistry>;
