import { TransactionsCategorized } from '@orrery/contracts';
import type { CategorizedTransaction } from '@orrery/contracts';
import { aCategorizedTransaction, aDecision, eventually, fakeClock, startTestService } from '@orrery/testing';
import type { FakeClock, TestService, aUser } from '@orrery/testing';
import { z } from 'zod';
import { MissionShown } from '../src/http/mission-shape.ts';
import { missions } from '../src/index.ts';

type User = ReturnType<typeof aUser>;
export type Shown = z.output<typeof MissionShown>;

const List = z.object({
  data: z.array(MissionShown),
  page: z.object({ nextCursor: z.string().nullable() }),
});

export const Legacy = z.object({
  status: z.literal(201),
  message: z.string(),
  data: z.object({
    userId: z.union([z.number(), z.string()]),
    date: z.string(),
    missions: z.array(
      z.object({
        mission: z.string(),
        subId: z.int(),
        dsl: z.string(),
        type: z.int(),
        validFrom: z.string(),
        validTo: z.string(),
        isDefault: z.boolean().optional(),
      }),
    ),
  }),
});
export type Legacy = z.output<typeof Legacy>;

/** The missions service under test, with what its tests do again and again. */
export interface MissionsUnderTest {
  service: TestService;
  clock: FakeClock;
  /** States categorised transactions and waits until they are worked. */
  enter(user: User, ...transactions: CategorizedTransaction[]): Promise<void>;
  /** Waits until the service has worked these events. */
  handled(events: readonly { id: string }[]): Promise<void>;
  list(user: User, query?: string, language?: string): Promise<z.output<typeof List>>;
  find(user: User, id: string): Promise<Shown>;
  answer(user: User, id: string, answer: 'accept' | 'dismiss'): Promise<{ status: number; json: unknown }>;
  /** Missions as PocketC's clients get them. */
  legacy(user: User, period: string, as?: User): Promise<Legacy>;
}

/**
 * Starts the service at noon of Monday 16 March 2026 in Seoul.
 * @param env settings beside the usual ones
 */
export const openMissions = async (env: Record<string, string> = {}): Promise<MissionsUnderTest> => {
  const clock = fakeClock('2026-03-16T03:00:00Z');
  const service = await startTestService(missions, { clock, env });

  const handled = async (events: readonly { id: string }[]): Promise<void> => {
    await eventually(
      () =>
        service.mongo
          .collection<{ _id: string }>('inbox')
          .countDocuments({ _id: { $in: events.map(({ id }) => `missions:${id}`) } }),
      (count) => count === events.length,
      { timeoutMs: 30_000 },
    );
  };

  const list = async (user: User, query = '', language = 'en') => {
    const reply = await service.call(`/v1/missions${query}`, {
      as: user,
      headers: { 'accept-language': language },
    });
    return List.parse(reply.json);
  };

  return {
    service,
    clock,
    handled,
    list,
    async enter(user, ...transactions) {
      const events = [];
      for (let from = 0; from < transactions.length; from += 200) {
        events.push(
          await service.publish(TransactionsCategorized, user.userId, {
            userId: user.userId,
            transactions: transactions.slice(from, from + 200),
          }),
        );
      }
      await handled(events);
    },
    async find(user, id) {
      const reply = await service.call(`/v1/missions/${id}`, { as: user });
      return MissionShown.parse(reply.json);
    },
    answer: (user, id, answer) => service.call(`/v1/missions/${id}/${answer}`, { as: user, method: 'POST' }),
    async legacy(user, period, as = user) {
      const reply = await service.call(`/ai/missions/${user.userId}/${period}`, {
        as,
        headers: { 'accept-language': '*' },
      });
      if (reply.status !== 201) {
        throw new Error(`answered ${String(reply.status)}: ${reply.text}`);
      }
      return Legacy.parse(reply.json);
    },
  };
};

/**
 * A purchase in won.
 * @param fields category, price, local day and time in Seoul
 */
export const aPurchase = (fields: {
  category: string | null;
  won: number;
  day: string;
  /** `HH:MM`; absent when the source tells none. */
  time?: string;
  shop?: string;
  transactionId?: string;
}): CategorizedTransaction =>
  aCategorizedTransaction({
    ...(fields.transactionId === undefined ? {} : { transactionId: fields.transactionId }),
    postedOn: fields.day,
    ...(fields.time === undefined
      ? {}
      : { occurredAt: new Date(`${fields.day}T${fields.time}:00+09:00`).toISOString() }),
    amountMinor: -fields.won,
    currency: 'KRW',
    description: fields.shop ?? 'A SHOP',
    decision: aDecision({ category: fields.category, merchant: fields.shop ?? 'A shop' }),
  });
