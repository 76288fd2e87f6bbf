import { type Db, type Document, type Filter, ObjectId } from 'mongodb';
import { type DayRange, within } from './day-range.ts';
import { TooManyRowsError, USER_FIELDS } from './main-backend-reader.ts';
import { readReference } from './parse-values.ts';
import {
  type Budget,
  type Debt,
  type Expense,
  type Income,
  type MainUser,
  parseBudget,
  parseDebt,
  parseExpense,
  parseIncome,
  parseSavingGoal,
  parseUser,
  type SavingGoal,
} from './records.ts';
import { toObjectId } from './to-object-id.ts';

/** Everything that advice about one user is made of. */
export interface UserRecords {
  user: MainUser;
  incomes: Income[];
  expenses: Expense[];
  /** The user's own, household ones included. */
  budgets: Budget[];
  debts: Debt[];
  savingGoals: SavingGoal[];
  /** The partner's household budgets, or null unless both users name each other. */
  partnerHouseholdBudgets: Budget[] | null;
  /** Documents too broken to be read. */
  unreadable: number;
}

/** Reads many users at a time, because a query per user and collection takes a night for all of them. */
export interface RecordsReader {
  /**
   * Records of users; an unknown id is left out.
   * @param userIds at most a few hundred
   * @param days incomes, expenses and budgets of these days
   * @throws TooManyRowsError when one user alone has more rows than can be added up
   */
  readRecords(userIds: readonly string[], days: DayRange): Promise<Map<string, UserRecords>>;
  /** The user, or undefined when the id is unknown or not of the main back end's form. */
  findUser(userId: string): Promise<MainUser | undefined>;
  /**
   * Ids of users for whom advice is made (neither deleted, blocked nor administrators), in order.
   * @param after the last id of the page before
   * @param limit ids of a page
   */
  listAdvisedUsers(after: string | undefined, limit: number): Promise<string[]>;
}

/** What is read of each collection; the rest stays where it is. */
const FIELDS = {
  incomes: ['userId', 'name', 'amount', 'receiveDate', 'frequency'],
  expenses: ['userId', 'name', 'amount', 'endDate', 'frequency', 'budgetId'],
  budgets: ['userId', 'name', 'amount', 'type', 'frequency', 'category', 'expensesId', 'createdAt'],
  debts: [
    'userId',
    'name',
    'amount',
    'monthlyPayment',
    'AdHocPayment',
    'capitalRepayment',
    'interestRepayment',
    'userInterestRate',
    'payDueDate',
  ],
  savinggoals: [
    'userId',
    'name',
    'totalAmount',
    'monthlyTarget',
    'savedMoney',
    'completionRation',
    'completeDate',
    'isCompleted',
  ],
} as const;

const projectionOf = (collection: keyof typeof FIELDS): Record<string, 1> =>
  Object.fromEntries(FIELDS[collection].map((field): [string, 1] => [field, 1]));

/** Rows of one kind that a single answer may hold; a group of users with more is read in two halves. */
const MAX_ROWS = 20_000;

const groupBy = <Row>(rows: readonly (readonly [string, Row])[]): Map<string, Row[]> => {
  const groups = new Map<string, Row[]>();
  for (const [owner, row] of rows) {
    const group = groups.get(owner);
    if (group === undefined) {
      groups.set(owner, [row]);
    } else {
      group.push(row);
    }
  }
  return groups;
};

/**
 * Opens the read-only view of many users.
 * @param db the main back end's database
 * @param limits `mostRows`: rows of one kind that a single answer may hold; default 20,000
 * @returns the reader; its methods throw the driver's errors when the database cannot be reached
 */
export function recordsReader(db: Db, limits: { mostRows?: number } = {}): RecordsReader {
  const { mostRows = MAX_ROWS } = limits;
  async function listUsers(ids: readonly string[]): Promise<MainUser[]> {
    const wanted = ids.map(toObjectId).filter((id) => id !== undefined);
    const documents = await db
      .collection('users')
      .find({ _id: { $in: wanted } }, { projection: USER_FIELDS })
      .toArray();
    return documents.map(parseUser).filter((user) => user !== undefined);
  }

  async function listRows<Row>(
    owners: readonly string[],
    collection: keyof typeof FIELDS,
    conditions: Filter<Document>,
    parse: (document: Document) => Row | undefined,
  ): Promise<{ rows: Map<string, Row[]>; unreadable: Map<string, number> }> {
    if (owners.length === 0) {
      return { rows: new Map(), unreadable: new Map() };
    }
    const documents = await db
      .collection(collection)
      .find(
        { userId: { $in: owners.map((owner) => new ObjectId(owner)) }, isDeleted: false, ...conditions },
        { projection: projectionOf(collection), batchSize: mostRows },
      )
      .limit(mostRows + 1)
      .toArray();
    if (documents.length > mostRows) {
      if (owners.length === 1) {
        throw new TooManyRowsError(collection);
      }
      const middle = Math.ceil(owners.length / 2);
      const left = await listRows(owners.slice(0, middle), collection, conditions, parse);
      const right = await listRows(owners.slice(middle), collection, conditions, parse);
      return {
        rows: new Map([...left.rows, ...right.rows]),
        unreadable: new Map([...left.unreadable, ...right.unreadable]),
      };
    }
    const unreadable = new Map<string, number>();
    const owned = documents.flatMap((document): [string, Row][] => {
      const owner = readReference(document['userId']) ?? '';
      const row = parse(document);
      if (row === undefined) {
        unreadable.set(owner, (unreadable.get(owner) ?? 0) + 1);
        return [];
      }
      return [[owner, row]];
    });
    return { rows: groupBy(owned), unreadable };
  }

  const createdIn = (days: DayRange): Filter<Document> => ({
    createdAt: { $gte: days.from, $lt: days.before },
  });

  return {
    findUser: async (userId) => (await listUsers([userId]))[0],

    async readRecords(userIds, days) {
      const users = await listUsers(userIds);
      const owners = users.map(({ userId }) => userId);
      const partners = await listUsers(users.flatMap(({ partnerId }) => partnerId ?? []));
      const partnerOf = new Map(
        partners
          .filter(({ isDeleted }) => !isDeleted)
          .map(({ userId, partnerId }) => [userId, partnerId] as const),
      );
      const linked = users.filter(
        ({ userId, partnerId }) => partnerId !== null && partnerOf.get(partnerId) === userId,
      );
      const [incomes, expenses, budgets, debts, savingGoals, shared] = await Promise.all([
        listRows(owners, 'incomes', within('receiveDate', days), parseIncome),
        listRows(owners, 'expenses', within('endDate', days), parseExpense),
        listRows(owners, 'budgets', createdIn(days), parseBudget),
        listRows(owners, 'debts', {}, parseDebt),
        listRows(owners, 'savinggoals', {}, parseSavingGoal),
        listRows(
          [...new Set(linked.flatMap(({ partnerId }) => partnerId ?? []))],
          'budgets',
          { ...createdIn(days), type: 'household' },
          parseBudget,
        ),
      ]);
      const own = [incomes, expenses, budgets, debts, savingGoals];
      const isLinked = new Set(linked.map(({ userId }) => userId));
      return new Map(
        users.map((user): [string, UserRecords] => [
          user.userId,
          {
            user,
            incomes: incomes.rows.get(user.userId) ?? [],
            expenses: expenses.rows.get(user.userId) ?? [],
            budgets: budgets.rows.get(user.userId) ?? [],
            debts: debts.rows.get(user.userId) ?? [],
            savingGoals: savingGoals.rows.get(user.userId) ?? [],
            partnerHouseholdBudgets: isLinked.has(user.userId)
              ? (shared.rows.get(user.partnerId ?? '') ?? [])
              : null,
            unreadable: own.reduce((sum, { unreadable }) => sum + (unreadable.get(user.userId) ?? 0), 0),
          },
        ]),
      );
    },

    async listAdvisedUsers(after, limit) {
      const last = after === undefined ? undefined : toObjectId(after);
      const documents = await db
        .collection('users')
        .find(
          {
            ...(last !== undefined && { _id: { $gt: last } }),
            isDeleted: { $ne: true },
            status: { $ne: 'blocked' },
            role: { $not: /^admin$/i },
          },
          { projection: { _id: 1 } },
        )
        .sort({ _id: 1 })
        .limit(limit)
        .toArray();
      return documents.flatMap(({ _id }) => readReference(_id) ?? []);
    },
  };
}
