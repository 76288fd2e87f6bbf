import { SERVICES_WITH_USER_DATA, type ServiceWithUserData, UserErasureRequested } from '@orrery/contracts';
import { type EventTransaction, newEvent } from '@orrery/messaging';
import type { Runtime } from '@orrery/service-kit';
import type { ClientSession } from 'mongoose';
import type { Erasure, ErasureStore } from '../store/erasure-store.ts';
import { randomPart } from '../tokens/refresh-token.ts';

// The second round removes what was on its way during the first; more are for a busy installation.
const LEAST_ROUNDS = 2;
const MOST_ROUNDS = 10;

const requestOf = ({ _id, round, requestedAt }: Erasure, userId: string) =>
  newEvent(UserErasureRequested, userId, {
    userId,
    erasureId: _id,
    round,
    requestedAt: requestedAt.toISOString(),
  });

/**
 * Begins the erasure of a user, or joins the one that is at work.
 * @param parts where erasures are kept and how facts are stated
 * @param userId the user
 * @param session the transaction
 * @returns id of the erasure
 */
export async function beginErasure(
  parts: Pick<Runtime<unknown>, 'recordEvents'> & { erasures: ErasureStore },
  userId: string,
  session: ClientSession,
): Promise<string> {
  const atWork = await parts.erasures.findAtWork(userId, session);
  if (atWork !== undefined) {
    return atWork._id;
  }
  const erasure: Erasure = {
    _id: randomPart(),
    userId,
    requestedAt: new Date(),
    finishedAt: null,
    round: 1,
    waitingFor: [...SERVICES_WITH_USER_DATA],
    removedInRound: 0,
    removed: {},
  };
  await parts.erasures.save(erasure, session);
  await parts.recordEvents(session, [requestOf(erasure, userId)]);
  return erasure._id;
}

/** What a service says it removed. */
export interface Confirmation {
  erasureId: string;
  round: number;
  removed: Record<string, number>;
}

const sum = (counts: Record<string, number>): number =>
  Object.values(counts).reduce((total, count) => total + count, 0);

const added = (one: Record<string, number>, other: Record<string, number>): Record<string, number> => {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return Object.fromEntries([...names].map((name) => [name, (one[name] ?? 0) + (other[name] ?? 0)]));
};

/**
 * Takes a service's confirmation. When all have confirmed and something was removed, everybody is asked once more; when
 * nothing was, the erasure is done and forgets whom it was about.
 * @param erasures where erasures are kept
 * @param service who confirms
 * @param confirmation what it removed
 * @param transaction of the event
 */
export async function confirmErasure(
  erasures: ErasureStore,
  service: ServiceWithUserData,
  confirmation: Confirmation,
  { session, record }: EventTransaction,
): Promise<void> {
  const erasure = await erasures.find(confirmation.erasureId, session);
  if (
    erasure?.userId === undefined ||
    erasure.round !== confirmation.round ||
    !erasure.waitingFor.includes(service)
  ) {
    return;
  }
  const next: Erasure = {
    ...erasure,
    waitingFor: erasure.waitingFor.filter((other) => other !== service),
    removedInRound: erasure.removedInRound + sum(confirmation.removed),
    removed: { ...erasure.removed, [service]: added(erasure.removed[service] ?? {}, confirmation.removed) },
  };
  if (next.waitingFor.length > 0) {
    await erasures.save(next, session);
    return;
  }
  const isClean = next.removedInRound === 0 && next.round >= LEAST_ROUNDS;
  if (isClean || next.round >= MOST_ROUNDS) {
    const { userId: _forgotten, ...done } = next;
    await erasures.save({ ...done, finishedAt: new Date() }, session);
    return;
  }
  const again: Erasure = {
    ...next,
    round: next.round + 1,
    waitingFor: [...SERVICES_WITH_USER_DATA],
    removedInRound: 0,
  };
  await erasures.save(again, session);
  await record([requestOf(again, erasure.userId)]);
}
