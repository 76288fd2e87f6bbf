import { toObjectId } from '@orrery/main-backend';
import { ObjectId, type Db, type Document, type IndexDescription } from 'mongodb';
import type { Logger } from 'pino';
import type { SuggestionCategory } from '../domain/suggestions/templates.ts';

/** A suggestion that the former service stored. */
export interface FormerSuggestion {
  text: string;
  category: string;
  createdAt: Date;
}

/** An alert that the former service stored. */
export interface FormerAlert {
  id: string;
  userId: string;
  userEmail: string;
  message: string;
  category: string;
  createdAt: Date;
}

/** What the former AI service left in the main back end's database. It is read and kept, and goes when its user goes. */
export interface FormerAdvice {
  /** Its suggestions for a user, newest first. */
  suggestionsOf(userId: string): Promise<FormerSuggestion[]>;
  /**
   * Its alerts, newest first.
   * @param options `userId` of one user only; `before` an instant and id; `limit` rows
   */
  listAlerts(options: {
    userId?: string;
    before?: { createdAt: Date; id?: string } | undefined;
    limit?: number | undefined;
  }): Promise<FormerAlert[]>;
  /**
   * Users and categories with an alert since an instant, as `<userId>:<category>`.
   * @param userIds a few hundred at most
   * @param since older ones do not count
   */
  recentAlerts(userIds: readonly string[], since: Date): Promise<Set<string>>;
  /** Removes everything about a user; returns rows removed by collection. */
  erase(userId: string): Promise<Record<string, number>>;
  /** Adds the indexes that the former service never made. */
  addIndexes(logger: Logger): Promise<void>;
}

const SUGGESTIONS = 'suggestions';
const ALERTS = 'admin_alerts';
const COLLECTIONS = [SUGGESTIONS, ALERTS, 'optimization_reports', 'calculator_tips'] as const;

/** Rows of a user that a page can show. */
const MAX_SUGGESTIONS = 50;

const INDEXES: readonly [(typeof COLLECTIONS)[number], IndexDescription][] = [
  [SUGGESTIONS, { key: { userId: 1, createdAt: -1 }, name: 'orrery_user_newest' }],
  [ALERTS, { key: { createdAt: -1, _id: -1 }, name: 'orrery_newest' }],
  [ALERTS, { key: { userId: 1, createdAt: -1 }, name: 'orrery_user_newest' }],
  ['optimization_reports', { key: { userId: 1, reportType: 1 }, name: 'orrery_user_type', unique: true }],
  ['calculator_tips', { key: { userId: 1 }, name: 'orrery_user', unique: true }],
];

const CATEGORIES: readonly SuggestionCategory[] = ['Spending', 'Budgeting', 'Savings', 'Debt'];

const text = (value: unknown, otherwise: string): string => (typeof value === 'string' ? value : otherwise);

const instant = (row: Document): Date => {
  const { createdAt, _id } = row;
  if (createdAt instanceof Date && !Number.isNaN(createdAt.getTime())) {
    return createdAt;
  }
  return _id instanceof ObjectId ? _id.getTimestamp() : new Date(0);
};

const idText = (value: unknown): string =>
  value instanceof ObjectId ? value.toHexString() : text(value, '');

const toFormerAlert = (row: Document): FormerAlert => ({
  id: idText(row['_id']),
  userId: idText(row['userId']),
  userEmail: text(row['userEmail'], 'N/A'),
  message: text(row['alertMessage'], ''),
  category: text(row['category'], ''),
  createdAt: instant(row),
});

const isRefused = (error: unknown): boolean =>
  // Unauthorized, duplicate keys in old rows, or an index of another shape.
  error instanceof Error && 'code' in error && [13, 85, 86, 11_000].some((code) => code === error.code);

/**
 * Opens what the former service left.
 * @param db the main back end's database
 */
export const openFormerAdvice = (db: Db): FormerAdvice => ({
  async suggestionsOf(userId) {
    const owner = toObjectId(userId);
    if (owner === undefined) {
      return [];
    }
    const rows = await db
      .collection(SUGGESTIONS)
      .find({ userId: owner })
      .sort({ createdAt: -1 })
      .limit(MAX_SUGGESTIONS)
      .toArray();
    return rows.flatMap((row) =>
      typeof row['text'] === 'string'
        ? [
            {
              text: row['text'],
              category: CATEGORIES.find((category) => category === row['category']) ?? 'Budgeting',
              createdAt: instant(row),
            },
          ]
        : [],
    );
  },

  async listAlerts({ userId, before, limit }) {
    const owner = userId === undefined ? undefined : toObjectId(userId);
    if (userId !== undefined && owner === undefined) {
      return [];
    }
    const lastId = before?.id === undefined ? undefined : toObjectId(before.id);
    const found = db
      .collection(ALERTS)
      .find({
        ...(owner !== undefined && { userId: owner }),
        ...(before !== undefined && {
          $or: [
            { createdAt: { $lt: before.createdAt } },
            ...(lastId === undefined ? [] : [{ createdAt: before.createdAt, _id: { $lt: lastId } }]),
          ],
        }),
      })
      .sort({ createdAt: -1, _id: -1 });
    return (await (limit === undefined ? found : found.limit(limit)).toArray()).map(toFormerAlert);
  },

  async recentAlerts(userIds, since) {
    const owners = userIds.map(toObjectId).filter((id) => id !== undefined);
    const rows = await db
      .collection(ALERTS)
      .find(
        { userId: { $in: owners }, createdAt: { $gte: since } },
        { projection: { userId: 1, category: 1 } },
      )
      .toArray();
    return new Set(rows.map((row) => `${idText(row['userId'])}:${text(row['category'], '')}`));
  },

  async erase(userId) {
    const owner = toObjectId(userId);
    const removed: Record<string, number> = {};
    for (const collection of owner === undefined ? [] : COLLECTIONS) {
      const { deletedCount } = await db.collection(collection).deleteMany({ userId: owner });
      removed[`main:${collection}`] = deletedCount;
    }
    return removed;
  },

  async addIndexes(logger) {
    const present = new Set(
      (await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name),
    );
    for (const [collection, index] of INDEXES) {
      if (!present.has(collection)) {
        continue;
      }
      try {
        await db.collection(collection).createIndexes([index]);
      } catch (error) {
        if (!isRefused(error)) {
          throw error;
        }
        logger.warn({ err: error, collection, index: index.name }, 'an index of old advice was refused');
      }
    }
  },
});
