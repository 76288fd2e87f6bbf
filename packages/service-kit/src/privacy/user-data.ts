import {
  ExportUserData,
  USER_ERASED_BY,
  UserErasureRequested,
  eventType,
  type EventEnvelope,
  type ServiceWithUserData,
} from '@orrery/contracts';
import { newEvent, subscribe, type Subscription } from '@orrery/messaging';
import type { ClientSession, Connection } from 'mongoose';
import { handle, type MountedRoute } from '../define-service.ts';
import { COMMON_HOLDINGS, type Holding } from './holding.ts';
import { openUserMarks, type UserMark } from './user-marks.ts';

const ERASED_USERS = 'erased_users';
const OUTBOX = 'outbox';

/** Longer than a fact may be on its way: the last retry, and a dead letter that somebody replays. */
const MARK_LIFE_S = 90 * 24 * 60 * 60;

interface ErasedRow {
  /** Mark of the user. */
  _id: string;
  requestedAt: Date;
}

export interface UserDataOptions {
  service: ServiceWithUserData;
  mongo: Connection;
  holdings: readonly Holding[];
  /** Removes what holdings cannot describe; returns rows removed by collection. */
  alsoErase?(userId: string, session: ClientSession): Promise<Record<string, number>>;
  /** Rows of collections that stand elsewhere, by the name of the collection. */
  alsoExport?: Readonly<Record<string, (userId: string) => AsyncIterable<object>>>;
}

/** A service's part in erasure and export. */
export interface UserData {
  /** Answers the identity service with everything held about a user. */
  route: MountedRoute;
  /** Removes everything about a user and confirms it. */
  onErasureRequested: Subscription;
  /**
   * The same subscriptions, except that a fact about an erased user which was stated before the erasure is dropped:
   * a message that was delayed or replayed must not bring the data back.
   */
  guarded(subscriptions: readonly Subscription[]): Subscription[];
  /** Everything held about a user as JSON text, in pieces. */
  archiveOf(userId: string): AsyncIterable<string>;
  markOf: UserMark;
  /** When the user asked to be erased; null for somebody who has not, or longer ago than any fact can be on its way. */
  erasedAt(userId: string): Promise<Date | null>;
}

/**
 * Opens a service's part in erasure and export, from the list of what it holds.
 * @param options the service, its database and its holdings
 */
export async function openUserData(options: UserDataOptions): Promise<UserData> {
  const { service, mongo, alsoErase, alsoExport = {} } = options;
  const holdings = [...COMMON_HOLDINGS, ...options.holdings];
  const erasedUsers = mongo.collection<ErasedRow>(ERASED_USERS);
  await erasedUsers.createIndex({ requestedAt: 1 }, { expireAfterSeconds: MARK_LIFE_S });
  const markOf = await openUserMarks(mongo);

  const erase = async (userId: string, session: ClientSession): Promise<Record<string, number>> => {
    const removed: Record<string, number> = {};
    for (const { collection, owner } of holdings) {
      const { deletedCount } = await mongo
        .collection(collection)
        .deleteMany({ [owner]: userId }, { session });
      removed[collection] = deletedCount;
    }
    // The request itself may still have to reach other services.
    const waiting = await mongo
      .collection(OUTBOX)
      .deleteMany(
        { 'envelope.subject': userId, 'envelope.type': { $ne: eventType(UserErasureRequested) } },
        { session },
      );
    return {
      ...removed,
      [OUTBOX]: waiting.deletedCount,
      ...(await alsoErase?.(userId, session)),
    };
  };

  const erasedAt = async (userId: string): Promise<Date | null> =>
    (await erasedUsers.findOne({ _id: markOf(userId) }))?.requestedAt ?? null;

  /** Of some events about one user, those that were not stated before the user was erased. */
  const statedSinceErasure = async (events: readonly EventEnvelope[]): Promise<EventEnvelope[]> => {
    const [first] = events;
    const at = first === undefined ? null : await erasedAt(first.subject);
    return events.filter(({ time }) => at === null || Date.parse(time) >= at.getTime());
  };

  const rowsOf = (userId: string, { collection, owner, hidden = [] }: Holding): AsyncIterable<object> =>
    mongo
      .collection(collection)
      .find({ [owner]: userId }, { projection: Object.fromEntries(hidden.map((field) => [field, 0])) });

  async function* archiveOf(userId: string): AsyncGenerator<string> {
    const parts: [name: string, rows: AsyncIterable<object>][] = [
      ...holdings.map((holding): [string, AsyncIterable<object>] => [
        holding.collection,
        rowsOf(userId, holding),
      ]),
      ...Object.entries(alsoExport).map(([name, read]): [string, AsyncIterable<object>] => [
        name,
        read(userId),
      ]),
    ];
    yield '{';
    for (const [index, [name, rows]] of parts.entries()) {
      yield `${index === 0 ? '' : ','}${JSON.stringify(name)}:[`;
      let isFirst = true;
      for await (const row of rows) {
        yield `${isFirst ? '' : ','}${JSON.stringify(row)}`;
        isFirst = false;
      }
      yield ']';
    }
    yield '}';
  }

  return {
    markOf,
    erasedAt,
    archiveOf,
    route: handle(ExportUserData, ({ params }) =>
      Promise.resolve({ status: 200, body: archiveOf(params.userId) }),
    ),
    onErasureRequested: subscribe(UserErasureRequested, service, async ({ data }, { session, record }) => {
      const { userId, erasureId, round, requestedAt } = data;
      await erasedUsers.updateOne(
        { _id: markOf(userId) },
        { $set: { requestedAt: new Date(requestedAt) } },
        { upsert: true, session },
      );
      const removed = await erase(userId, session);
      await record([newEvent(USER_ERASED_BY[service], erasureId, { erasureId, round, removed })]);
    }),
    guarded: (subscriptions) =>
      subscriptions.map((subscription) => ({
        ...subscription,
        handle: async (event, transaction) => {
          const [kept] = await statedSinceErasure([event]);
          if (kept !== undefined) {
            await subscription.handle(kept, transaction);
          }
        },
        ...(subscription.handleTogether !== undefined && {
          handleTogether: async (events, transaction) => {
            const [first, ...further] = await statedSinceErasure(events);
            if (first !== undefined) {
              await subscription.handleTogether?.([first, ...further], transaction);
            }
          },
        }),
      })),
  };
}
