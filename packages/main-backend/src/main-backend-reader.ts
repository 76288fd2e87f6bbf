import type { Db, Document, Filter } from 'mongodb';
import {
  type Budget,
  type Debt,
  type Expense,
  type Income,
  type MainUser,
  type SavingGoal,
  parseBudget,
  parseDebt,
  parseExpense,
  parseIncome,
  parseSavingGoal,
  parseUser,
} from './records.ts';
import { type DayRange, within } from './day-range.ts';
import { toObjectId } from './to-object-id.ts';

/** Rows of one user, and how many documents were too broken to be read. */
export interface Rows<Row> {
  rows: Row[];
  unreadable: number;
}

/**
 * No user of the main app has more rows of one kind within the ranges we ask for; a larger answer is an error rather
 * than a silently shortened sum.
 */
const MAX_ROWS = 10_000;

/** More rows than `MAX_ROWS` matched: no figure may be computed from a part of them. */
export class TooManyRowsError extends Error {
  readonly collection: string;

  constructor(collection: string) {
    super(`more than ${MAX_ROWS} rows in ${collection} for one user`);
    this.name = 'TooManyRowsError';
    this.collection = collection;
  }
}

/** Read-only view of the main back end's database. It offers no way to write, and no read without a user id. */
export interface MainBackendReader {
  /** The user, or undefined when the id is unknown or not of the main back end's form. */
  findUser(userId: string): Promise<MainUser | undefined>;
  /** Incomes received in the range. */
  listIncomes(userId: string, received: DayRange): Promise<Rows<Income>>;
  /** Expenses of the range. */
  listExpenses(userId: string, spent: DayRange): Promise<Rows<Expense>>;
  /** The user's own budgets created in the range. */
  listBudgets(userId: string, created: DayRange): Promise<Rows<Budget>>;
  /** Household budgets of the partner, read only while both users name each other. */
  listPartnerHouseholdBudgets(userId: string, created: DayRange): Promise<Rows<Budget>>;
  listDebts(userId: string): Promise<Rows<Debt>>;
  listSavingGoals(userId: string): Promise<Rows<SavingGoal>>;
}

// Password and authentication fields are left out by naming the wanted ones, so a new secret field stays unread too.
export const USER_FIELDS = { name: 1, email: 1, role: 1, status: 1, isDeleted: 1, partnerId: 1 } as const;

/**
 * Opens the read-only view.
 * @param db the main back end's database (`MONGO_DB_NAME`, default `finance-management`)
 * @returns the reader; its methods throw the driver's errors when the database cannot be reached and
 *   `TooManyRowsError` when an answer would have to be cut
 */
export function mainBackendReader(db: Db): MainBackendReader {
  async function findUser(userId: string): Promise<MainUser | undefined> {
    const id = toObjectId(userId);
    const document =
      id === undefined
        ? null
        : await db.collection('users').findOne({ _id: id }, { projection: USER_FIELDS });
    return document === null ? undefined : parseUser(document);
  }

  async function listRows<Row>(
    userId: string,
    collection: string,
    conditions: Filter<Document>,
    parse: (document: Document) => Row | undefined,
  ): Promise<Rows<Row>> {
    const owner = toObjectId(userId);
    if (owner === undefined) {
      return { rows: [], unreadable: 0 };
    }
    // The app shows only rows that carry `isDeleted: false`; rows from before that field existed are invisible there.
    const documents = await db
      .collection(collection)
      .find({ userId: owner, isDeleted: false, ...conditions })
      .limit(MAX_ROWS + 1)
      .toArray();
    if (documents.length > MAX_ROWS) {
      throw new TooManyRowsError(collection);
    }
    const rows = documents.map(parse).filter((row) => row !== undefined);
    return { rows, unreadable: documents.length - rows.length };
  }

  const listBudgets = (
    userId: string,
    created: DayRange,
    conditions: Filter<Document> = {},
  ): Promise<Rows<Budget>> =>
    listRows(
      userId,
      'budgets',
      { createdAt: { $gte: created.from, $lt: created.before }, ...conditions },
      parseBudget,
    );

  return {
    findUser,
    listIncomes: (userId, received) =>
      listRows(userId, 'incomes', within('receiveDate', received), parseIncome),
    listExpenses: (userId, spent) => listRows(userId, 'expenses', within('endDate', spent), parseExpense),
    listBudgets: (userId, created) => listBudgets(userId, created),
    listDebts: (userId) => listRows(userId, 'debts', {}, parseDebt),
    listSavingGoals: (userId) => listRows(userId, 'savinggoals', {}, parseSavingGoal),
    async listPartnerHouseholdBudgets(userId, created) {
      const user = await findUser(userId);
      const partner = typeof user?.partnerId === 'string' ? await findUser(user.partnerId) : undefined;
      if (partner === undefined || partner.partnerId !== user?.userId || partner.isDeleted) {
        return { rows: [], unreadable: 0 };
      }
      return listBudgets(partner.userId, created, { type: 'household' });
    },
  };
}
