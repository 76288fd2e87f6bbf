import { type ChangeStream, type Db, type Document, type Filter, ObjectId } from 'mongodb';
import { readInstant, readReference } from './parse-values.ts';
import { type Expense, type Income, parseExpense, parseIncome } from './records.ts';

/** Which rows of money are followed. */
export type MoneyKind = 'income' | 'expense';

/** One row as it stands in the main back end now. */
export interface ChangedMoney {
  kind: MoneyKind;
  id: string;
  userId: string;
  /** Not shown there: soft-deleted, or from before the field existed. */
  isDeleted: boolean;
  /** Undefined when amount or day cannot be read. */
  record: { name: string; amountMinor: number; day: string } | undefined;
  /** Null on rows that another program wrote without it. */
  updatedAt: Date | null;
}

/** A page of rows and where the next one begins. */
export interface ChangedPage<Position> {
  rows: ChangedMoney[];
  /** Undefined after the last row. */
  next: Position | undefined;
}

/** Place in the order of changes. */
export interface ChangePosition {
  updatedAt: Date;
  id: string;
}

/** Read-only feed of incomes and expenses of all users. */
export interface MoneyFeed {
  /** All rows by id, a page at a time, by the index that every collection has. */
  all(kind: MoneyKind, after: string | undefined, limit: number): Promise<ChangedPage<string>>;
  /** Rows that were written at or after an instant, oldest change first. The collections have no index for it. */
  since(
    kind: MoneyKind,
    from: Date,
    after: ChangePosition | undefined,
    limit: number,
  ): Promise<ChangedPage<ChangePosition>>;
  /** How many rows there are, from the collection's own count: no row is read. */
  count(kind: MoneyKind): Promise<number>;
  /** Which of these users exist and are not deleted. */
  livingUsers(userIds: readonly string[]): Promise<Set<string>>;
  /**
   * Calls back when something was written, where the database offers change streams, and once when it has begun to
   * listen: what was written until then is to be read.
   * @param onChange without saying what: the feed above does
   * @param onEnd called once when there is no stream, or no more; it can be opened again then
   */
  watch(onChange: () => void, onEnd: (error: unknown) => void): { close(): Promise<void> };
}

const COLLECTIONS: Readonly<Record<MoneyKind, string>> = { income: 'incomes', expense: 'expenses' };

// Only what is read, so that a field which is added there stays unread here.
const FIELDS = {
  name: 1,
  amount: 1,
  receiveDate: 1,
  endDate: 1,
  frequency: 1,
  userId: 1,
  isDeleted: 1,
  updatedAt: 1,
} as const;

const recordOf = (kind: MoneyKind, document: Document): ChangedMoney['record'] => {
  const read: Income | Expense | undefined =
    kind === 'income' ? parseIncome(document) : parseExpense(document);
  if (read === undefined) {
    return undefined;
  }
  const day = 'receivedOn' in read ? read.receivedOn : read.spentOn;
  return { name: read.name, amountMinor: read.amountMinor, day };
};

const changedOf = (kind: MoneyKind, document: Document): ChangedMoney | undefined => {
  const id = readReference(document['_id']);
  const userId = readReference(document['userId']);
  return id === undefined || userId === undefined
    ? undefined
    : {
        kind,
        id,
        userId,
        isDeleted: document['isDeleted'] !== false,
        record: recordOf(kind, document),
        updatedAt: readInstant(document['updatedAt']) ?? null,
      };
};

/**
 * Opens the feed.
 * @param db the main back end's database
 */
export function moneyFeed(db: Db): MoneyFeed {
  const page = async <Position>(
    kind: MoneyKind,
    filter: Filter<Document>,
    sort: Record<string, 1>,
    limit: number,
    positionOf: (document: Document) => Position | undefined,
  ): Promise<ChangedPage<Position>> => {
    const documents = await db
      .collection(COLLECTIONS[kind])
      .find(filter, { projection: FIELDS })
      .sort(sort)
      .limit(limit)
      .toArray();
    const last = documents.at(-1);
    return {
      rows: documents.map((document) => changedOf(kind, document)).filter((row) => row !== undefined),
      next: documents.length < limit || last === undefined ? undefined : positionOf(last),
    };
  };

  return {
    all: (kind, after, limit) =>
      page(
        kind,
        after === undefined ? {} : { _id: { $gt: new ObjectId(after) } },
        { _id: 1 },
        limit,
        (document) => readReference(document['_id']),
      ),

    since: (kind, from, after, limit) =>
      page(
        kind,
        after === undefined
          ? { updatedAt: { $gte: from } }
          : {
              $or: [
                { updatedAt: { $gt: after.updatedAt } },
                { updatedAt: after.updatedAt, _id: { $gt: new ObjectId(after.id) } },
              ],
            },
        { updatedAt: 1, _id: 1 },
        limit,
        (document) => {
          const updatedAt = readInstant(document['updatedAt']);
          const id = readReference(document['_id']);
          return updatedAt === undefined || id === undefined ? undefined : { updatedAt, id };
        },
      ),

    count: (kind) => db.collection(COLLECTIONS[kind]).estimatedDocumentCount(),

    async livingUsers(userIds) {
      const found = await db
        .collection('users')
        .find(
          { _id: { $in: userIds.map((id) => new ObjectId(id)) }, isDeleted: { $ne: true } },
          { projection: { _id: 1 } },
        )
        .toArray();
      return new Set(found.map(({ _id }) => _id.toHexString()));
    },

    watch(onChange, onEnd) {
      let ended = false;
      const stream: ChangeStream = db.watch(
        [{ $match: { 'ns.coll': { $in: Object.values(COLLECTIONS) } } }],
        { batchSize: 100 },
      );
      const end = (error: unknown): void => {
        if (!ended) {
          ended = true;
          void stream.close();
          onEnd(error);
        }
      };
      stream.once('resumeTokenChanged', () => {
        onChange();
      });
      stream.on('change', () => {
        onChange();
      });
      stream.on('error', end);
      // A dropped database ends its streams without an error.
      stream.on('close', () => {
        end(new Error('the database has closed the change stream'));
      });
      return {
        async close() {
          ended = true;
          await stream.close();
        },
      };
    },
  };
}
