import type { DeadLetter, DeadLetterFilter, EventBus } from './event-bus.ts';

/** Parked messages of one consumer, event and reason. */
export interface DeadLetterGroup {
  consumer: string;
  type: string;
  reason: string;
  count: number;
  /** ISO instants. */
  oldest: string;
  newest: string;
}

/**
 * Counts parked messages by consumer, event and reason, the largest group first.
 * @param letters parked messages
 */
export function groupDeadLetters(letters: readonly DeadLetter[]): DeadLetterGroup[] {
  const groups = new Map<string, DeadLetterGroup>();
  for (const { consumer, type, reason, parkedAt } of letters) {
    const key = JSON.stringify([consumer, type, reason]);
    const group = groups.get(key) ?? { consumer, type, reason, count: 0, oldest: parkedAt, newest: parkedAt };
    groups.set(key, {
      ...group,
      count: group.count + 1,
      oldest: parkedAt < group.oldest ? parkedAt : group.oldest,
      newest: parkedAt > group.newest ? parkedAt : group.newest,
    });
  }
  return [...groups.values()].sort((a, b) => b.count - a.count);
}

/**
 * Puts parked messages back to work, or only says which would go.
 * @param bus where they are parked
 * @param filter which
 * @param options `dryRun` changes nothing
 * @returns how many went, or would go
 */
export async function replayDeadLetters(
  bus: Pick<EventBus, 'listDeadLetters' | 'replayDeadLetters'>,
  filter: DeadLetterFilter,
  options: { dryRun: boolean },
): Promise<number> {
  if (!options.dryRun) {
    return bus.replayDeadLetters(filter);
  }
  const letters = await bus.listDeadLetters({ ...filter, limit: filter.limit ?? Number.MAX_SAFE_INTEGER });
  return letters.length;
}
