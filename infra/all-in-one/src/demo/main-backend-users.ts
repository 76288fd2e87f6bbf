import { type Db, ObjectId } from 'mongodb';

const id = (number: number): ObjectId => new ObjectId(number.toString(16).padStart(24, '7'));

/** The people of the demo, as the main back end would keep them. Alex and Dana are a couple; Bo is short of money. */
export const DEMO_USERS = [
  { _id: id(1), name: 'Alex Morgan', role: 'USER', email: 'alex@demo.example' },
  { _id: id(2), name: 'Bo Sanders', role: 'USER', email: 'bo@demo.example' },
  { _id: id(3), name: 'Admin', role: 'ADMIN', email: 'admin@demo.example' },
  { _id: id(4), name: 'Dana Morgan', role: 'USER', email: 'dana@demo.example' },
] as const;

const NEEDS = 'Essential(Needs)';
const WANTS = 'Discretionary(Wants)';
const SAVINGS = 'Savings';

type Frequency = 'on-off' | 'weekly' | 'monthly' | 'yearly';

/** A row of every month; `day` of the month, amount in pence. */
interface Line {
  name: string;
  amountMinor: number;
  day: number;
  frequency?: Frequency;
  /** Files a budget beside the expense, as the app does when a category is chosen. */
  category?: string;
  isHousehold?: boolean;
}

interface Person {
  incomes: Line[];
  expenses: Line[];
  /** Budgets that are plans rather than shadows of an expense. */
  plans: Line[];
  debts: {
    name: string;
    balanceMinor: number;
    capitalMinor: number;
    interestMinor: number;
    rate?: number;
    dueInDays: number;
  }[];
  goals: { name: string; totalMinor: number; savedMinor: number; monthlyMinor: number; inMonths: number }[];
  /** Calculator runs by collection. */
  calculations: Record<string, Record<string, unknown>>;
}

const PEOPLE: readonly [number, Person][] = [
  [
    0,
    {
      incomes: [
        { name: 'Salary', amountMinor: 318_500, day: 28 },
        { name: 'Guitar lessons', amountMinor: 24_000, day: 12, frequency: 'on-off' },
      ],
      expenses: [
        { name: 'Rent (my half)', amountMinor: 72_000, day: 1, category: NEEDS, isHousehold: true },
        { name: 'Energy bill', amountMinor: 9_800, day: 3, category: NEEDS, isHousehold: true },
        { name: 'Food shop', amountMinor: 6_850, day: 4, frequency: 'weekly' },
        { name: 'Food shop', amountMinor: 7_120, day: 11, frequency: 'weekly' },
        { name: 'Eating out', amountMinor: 14_000, day: 15, category: WANTS },
        { name: 'Spotify', amountMinor: 1_199, day: 6, category: WANTS },
        { name: 'Climbing gym', amountMinor: 4_200, day: 2, category: WANTS },
        { name: 'Train ticket', amountMinor: 9_640, day: 5 },
      ],
      plans: [{ name: 'ISA top-up', amountMinor: 30_000, day: 1, category: SAVINGS }],
      debts: [
        {
          name: 'Credit card',
          balanceMinor: 240_000,
          capitalMinor: 17_000,
          interestMinor: 4_000,
          dueInDays: 14,
        },
        {
          name: 'Student loan',
          balanceMinor: 610_000,
          capitalMinor: 9_000,
          interestMinor: 2_000,
          rate: 4.3,
          dueInDays: 6,
        },
      ],
      goals: [
        {
          name: 'Holiday in Norway',
          totalMinor: 240_000,
          savedMinor: 90_000,
          monthlyMinor: 25_000,
          inMonths: 7,
        },
        {
          name: 'Emergency fund',
          totalMinor: 600_000,
          savedMinor: 320_000,
          monthlyMinor: 20_000,
          inMonths: 15,
        },
      ],
      calculations: {
        savingcalculations: {
          amount: 250,
          frequency: 'Monthly',
          returnRate: 4.5,
          years: 10,
          inflationRate: 2.5,
          taxRate: 20,
        },
        loanrepaymentcalculations: { principal: 9_000, annualInterestRate: 6.9, loanTermYears: 5 },
        inflationcalculations: { initialAmount: 1_500, annualInflationRate: 3, years: 5 },
        inflationapicalculations: {
          fromYear: 2015,
          toYear: 2024,
          amount: 100,
          equivalentAmountInToYear: 134.2,
          purchasingPowerLost: 34.2,
          countryCode: 'GB',
          dataSource: 'World Bank API',
        },
      },
    },
  ],
  [
    1,
    {
      incomes: [{ name: 'Wages', amountMinor: 162_000, day: 1 }],
      expenses: [
        { name: 'Rent', amountMinor: 89_500, day: 2, category: NEEDS },
        { name: 'Gas and electric', amountMinor: 18_400, day: 6, category: NEEDS },
        { name: 'Food shop', amountMinor: 7_700, day: 3, frequency: 'weekly' },
        { name: 'Food shop', amountMinor: 7_700, day: 10, frequency: 'weekly' },
        { name: 'Takeaways', amountMinor: 21_300, day: 7, category: WANTS },
        { name: 'Netflix', amountMinor: 1_299, day: 8, category: WANTS },
        { name: 'Netflix', amountMinor: 1_299, day: 12, category: WANTS },
        { name: 'Car insurance', amountMinor: 6_100, day: 11, category: NEEDS },
      ],
      plans: [],
      debts: [
        {
          name: 'Store card',
          balanceMinor: 310_000,
          capitalMinor: 6_500,
          interestMinor: 7_700,
          dueInDays: 12,
        },
        {
          name: 'Quick loan',
          balanceMinor: 120_000,
          capitalMinor: 10_000,
          interestMinor: 5_200,
          dueInDays: 4,
        },
        { name: 'Overdraft', balanceMinor: 80_000, capitalMinor: 2_500, interestMinor: 900, dueInDays: 16 },
        {
          name: 'Car loan',
          balanceMinor: 640_000,
          capitalMinor: 20_000,
          interestMinor: 5_300,
          rate: 9.9,
          dueInDays: 20,
        },
      ],
      goals: [
        // Overdue, as goals of people who are short tend to be.
        { name: 'Washing machine', totalMinor: 45_000, savedMinor: 6_000, monthlyMinor: 5_000, inMonths: -2 },
      ],
      calculations: {
        loanrepaymentcalculations: { principal: 2_500, annualInterestRate: 0, loanTermYears: 2 },
      },
    },
  ],
  [
    3,
    {
      incomes: [{ name: 'Clinic', amountMinor: 274_000, day: 25 }],
      expenses: [
        { name: 'Rent (Dana)', amountMinor: 72_000, day: 1, category: NEEDS, isHousehold: true },
        { name: 'Broadband bill', amountMinor: 3_600, day: 8, category: NEEDS, isHousehold: true },
        { name: 'Pottery class', amountMinor: 5_500, day: 9, category: WANTS },
        { name: 'Home insurance', amountMinor: 26_400, day: 20, frequency: 'yearly' },
      ],
      plans: [
        { name: 'Groceries together', amountMinor: 32_000, day: 2, category: NEEDS, isHousehold: true },
      ],
      debts: [],
      goals: [
        { name: 'New bicycle', totalMinor: 120_000, savedMinor: 120_000, monthlyMinor: 10_000, inMonths: -1 },
      ],
      calculations: {},
    },
  ],
];

/** Index of Alex and Dana among the users. */
const COUPLE: ReadonlyMap<number, number> = new Map([
  [0, 3],
  [3, 0],
]);

const pounds = (amountMinor: number): number => amountMinor / 100;

type Rows = Record<string, Record<string, unknown>[]>;

/** Rows of one person: last month, this month, and the next month's recurring ones, which the app makes ahead. */
function rowsOf(userId: ObjectId, person: Person, now: Date): Rows {
  const stamp = { userId, isDeleted: false, createdAt: now, updatedAt: now, __v: 0 };
  const dayOf = (monthsOn: number, day: number): Date =>
    new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + monthsOn, day));
  const rows: Rows = { incomes: [], expenses: [], budgets: [], debts: [], savinggoals: [] };
  const add = (collection: string, row: Record<string, unknown>): void => {
    (rows[collection] ??= []).push({ ...stamp, ...row });
  };
  for (const monthsOn of [-1, 0, 1]) {
    const isDue = ({ frequency = 'monthly' }: Line): boolean =>
      frequency === 'monthly' || monthsOn === 0 || (frequency === 'weekly' && monthsOn === -1);
    for (const line of person.incomes.filter(isDue)) {
      add('incomes', {
        name: line.name,
        amount: pounds(line.amountMinor),
        receiveDate: dayOf(monthsOn, line.day),
        frequency: line.frequency ?? 'monthly',
      });
    }
    for (const line of person.expenses.filter(isDue)) {
      const on = dayOf(monthsOn, line.day);
      // Only the first occurrence is filed with its budget; the app's daily job copies it without.
      const isFiled = line.category !== undefined && monthsOn === 0;
      const [expenseId, budgetId] = [new ObjectId(), new ObjectId()];
      add('expenses', {
        _id: expenseId,
        name: line.name,
        amount: pounds(line.amountMinor),
        endDate: on,
        frequency: line.frequency ?? 'monthly',
        ...(isFiled ? { budgetId } : {}),
      });
      if (isFiled) {
        add('budgets', {
          _id: budgetId,
          name: line.name,
          amount: pounds(line.amountMinor),
          type: line.isHousehold === true ? 'household' : 'personal',
          category: line.category,
          frequency: 'monthly',
          expensesId: expenseId,
          createdAt: on,
          updatedAt: on,
        });
      }
    }
  }
  for (const plan of person.plans) {
    const on = dayOf(0, plan.day);
    add('budgets', {
      name: plan.name,
      amount: pounds(plan.amountMinor),
      type: plan.isHousehold === true ? 'household' : 'personal',
      category: plan.category,
      frequency: 'monthly',
      createdAt: on,
      updatedAt: on,
    });
  }
  for (const debt of person.debts) {
    add('debts', {
      name: debt.name,
      amount: pounds(debt.balanceMinor),
      monthlyPayment: pounds(debt.capitalMinor + debt.interestMinor),
      AdHocPayment: 0,
      capitalRepayment: pounds(debt.capitalMinor),
      interestRepayment: pounds(debt.interestMinor),
      ...(debt.rate === undefined ? {} : { userInterestRate: debt.rate }),
      payDueDate: new Date(
        Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() + debt.dueInDays),
      ),
      completionRatio: 0,
    });
  }
  for (const goal of person.goals) {
    add('savinggoals', {
      name: goal.name,
      totalAmount: pounds(goal.totalMinor),
      savedMoney: pounds(goal.savedMinor),
      monthlyTarget: pounds(goal.monthlyMinor),
      completionRation: Math.min(100, (goal.savedMinor / goal.totalMinor) * 100),
      date: dayOf(-6, 1),
      completeDate: dayOf(goal.inMonths, 1),
      isCompleted: goal.savedMinor >= goal.totalMinor,
    });
  }
  for (const [collection, run] of Object.entries(person.calculations)) {
    add(collection, run);
  }
  return rows;
}

/**
 * Writes the demo's main back end, which a real installation already has: users with two months of records each.
 * Does nothing when its users are there.
 * @param db the main back end's database
 * @param now present instant
 */
export async function writeMainBackendDemo(db: Db, now: Date): Promise<void> {
  const users = db.collection('users');
  if ((await users.countDocuments({ _id: { $in: DEMO_USERS.map(({ _id }) => _id) } }, { limit: 1 })) > 0) {
    return;
  }
  for (const [index, person] of PEOPLE) {
    const userId = DEMO_USERS[index]?._id;
    for (const [collection, documents] of Object.entries(
      userId === undefined ? {} : rowsOf(userId, person, now),
    )) {
      if (documents.length > 0) {
        await db.collection(collection).insertMany(documents);
      }
    }
  }
  // Users come last: their presence says that the rest is there.
  await users.insertMany(
    DEMO_USERS.map((user, index) => ({
      ...user,
      status: 'active',
      verified: true,
      isDeleted: false,
      partnerId: DEMO_USERS[COUPLE.get(index) ?? -1]?._id ?? null,
      createdAt: now,
      updatedAt: now,
      __v: 0,
    })),
  );
}
