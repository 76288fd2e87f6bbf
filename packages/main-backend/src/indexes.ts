import type { Db, IndexDescription } from 'mongodb';

const CALCULATIONS = [
  'savingcalculations',
  'loanrepaymentcalculations',
  'inflationcalculations',
  'inflationapicalculations',
] as const;

const INDEXES: readonly [string, IndexDescription][] = [
  ['incomes', { key: { userId: 1, isDeleted: 1, receiveDate: 1 }, name: 'orrery_user_day' }],
  ['expenses', { key: { userId: 1, isDeleted: 1, endDate: 1 }, name: 'orrery_user_day' }],
  ['budgets', { key: { userId: 1, isDeleted: 1, createdAt: 1 }, name: 'orrery_user_created' }],
  ['debts', { key: { userId: 1, isDeleted: 1 }, name: 'orrery_user' }],
  ['savinggoals', { key: { userId: 1, isDeleted: 1 }, name: 'orrery_user' }],
  ...CALCULATIONS.map((collection): [string, IndexDescription] => [
    collection,
    { key: { userId: 1, _id: -1 }, name: 'orrery_user_latest' },
  ]),
];

/**
 * Adds the indexes by which one user's rows are found; the main back end has none on `userId`. They are additive and
 * never unique, so no write of the main back end can fail because of them. Collections that do not exist are left out.
 * @param db the main back end's database
 * @returns collections whose index was refused, for instance because the role may only read
 */
export const addMainBackendIndexes = async (db: Db): Promise<string[]> => {
  const present = new Set(
    (await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name),
  );
  const refused: string[] = [];
  for (const [collection, index] of INDEXES) {
    if (!present.has(collection)) {
      continue;
    }
    try {
      await db.collection(collection).createIndexes([index]);
    } catch (error) {
      if (!isRefusal(error)) {
        throw error;
      }
      refused.push(collection);
    }
  }
  return refused;
};

// Unauthorized; IndexOptionsConflict and IndexKeySpecsConflict say that somebody else indexed the same fields.
const REFUSALS: ReadonlySet<unknown> = new Set([13, 85, 86]);

const isRefusal = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && REFUSALS.has(error.code);
