import { type Db, ObjectId } from 'mongodb';

const id = (number: number): ObjectId => new ObjectId(number.toString(16).padStart(24, '7'));

/** The people of the demo, as the main back end would keep them. */
export const DEMO_USERS = [
  { _id: id(1), name: 'Alex Morgan', role: 'USER', email: 'alex@demo.example' },
  { _id: id(2), name: 'Bo Sanders', role: 'USER', email: 'bo@demo.example' },
  { _id: id(3), name: 'Admin', role: 'ADMIN', email: 'admin@demo.example' },
] as const;

const pounds = (amountMinor: number): number => amountMinor / 100;

/** Income, expenses with their budgets, a debt and a goal of one month, in the main back end's own shapes. */
function monthOf(userId: ObjectId, month: Date): Record<string, Record<string, unknown>[]> {
  const on = (day: number): Date => new Date(Date.UTC(month.getUTCFullYear(), month.getUTCMonth(), day));
  const stamp = { userId, isDeleted: false, createdAt: on(1), updatedAt: on(1), __v: 0 };
  const expense = (name: string, amountMinor: number, day: number, category: string) => {
    const budgetId = new ObjectId();
    const expenseId = new ObjectId();
    return {
      expenses: {
        _id: expenseId,
        name,
        amount: pounds(amountMinor),
        endDate: on(day),
        frequency: 'monthly',
        budgetId,
        ...stamp,
      },
      budgets: {
        _id: budgetId,
        name,
        amount: pounds(amountMinor),
        type: 'personal',
        frequency: 'monthly',
        category,
        expensesId: expenseId,
        ...stamp,
      },
    };
  };
  const spent = [
    expense('Rent', 95_000, 1, 'Essential(Needs)'),
    expense('Energy', 9_800, 3, 'Essential(Needs)'),
    expense('Eating out', 14_000, 15, 'Discretionary(Wants)'),
  ];
  return {
    incomes: [
      { name: 'Salary', amount: pounds(248_500), receiveDate: on(28), frequency: 'monthly', ...stamp },
    ],
    expenses: spent.map(({ expenses }) => expenses),
    budgets: spent.map(({ budgets }) => budgets),
  };
}

/**
 * Writes the demo's main back end, which a real installation already has: users and one month of records for each.
 * Does nothing when its users are there.
 * @param db the main back end's database
 * @param now present instant
 */
export async function writeMainBackendDemo(db: Db, now: Date): Promise<void> {
  const users = db.collection('users');
  if ((await users.countDocuments({ _id: { $in: DEMO_USERS.map(({ _id }) => _id) } }, { limit: 1 })) > 0) {
    return;
  }
  for (const { _id } of DEMO_USERS.slice(0, 2)) {
    for (const [collection, documents] of Object.entries(monthOf(_id, now))) {
      await db.collection(collection).insertMany(documents);
    }
    await db.collection('debts').insertOne({
      name: 'Credit card',
      amount: 2_400,
      monthlyPayment: 210,
      AdHocPayment: 0,
      capitalRepayment: 170,
      interestRepayment: 40,
      payDueDate: new Date(now.getTime() + 14 * 86_400_000),
      userId: _id,
      isDeleted: false,
      createdAt: now,
      updatedAt: now,
      __v: 0,
    });
  }
  // Users come last: their presence says that the rest is there.
  await users.insertMany(
    DEMO_USERS.map((user) => ({
      ...user,
      status: 'active',
      verified: true,
      isDeleted: false,
      partnerId: null,
      createdAt: now,
      updatedAt: now,
      __v: 0,
    })),
  );
}
