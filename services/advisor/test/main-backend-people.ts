import { type Db, ObjectId } from 'mongodb';

/** Business time of these people: everything below happens around it. */
export const NOW = new Date('2026-05-20T10:00:00Z');

const id = (): ObjectId => new ObjectId();
const day = (text: string): Date => new Date(`${text}T00:00:00.000Z`);

/** The people of the tests, in the main back end's own shapes; ids are new for each run. */
export const newPeople = () => ({
  /** Spends more than comes in; four debts. */
  rowan: { _id: id(), name: 'Rowan Pike', role: 'USER', email: 'rowan@people.example' },
  /** Well off; one debt; ran every calculator. */
  mina: { _id: id(), name: 'Mina Sorel', role: 'USER', email: 'mina@people.example' },
  /** A couple, linked on both sides. */
  ines: { _id: id(), name: 'Ines Falk', role: 'USER', email: 'ines@people.example' },
  karl: { _id: id(), name: 'Karl Falk', role: 'USER', email: 'karl@people.example' },
  /** Has an account and nothing else. */
  nobody: { _id: id(), name: 'Blank Page', role: 'USER', email: 'blank@people.example' },
  boss: { _id: id(), name: 'Boss', role: 'ADMIN', email: 'boss@people.example' },
});
export type People = ReturnType<typeof newPeople>;
export type Person = keyof People;

type Row = Record<string, unknown>;

const stamped = (userId: ObjectId, row: Row): Row => ({
  userId,
  isDeleted: false,
  createdAt: day('2026-05-01'),
  updatedAt: day('2026-05-01'),
  __v: 0,
  ...row,
});

const income = (name: string, amount: unknown, receiveDate: unknown, more: Row = {}): Row => ({
  name,
  amount,
  receiveDate,
  frequency: 'monthly',
  ...more,
});
const expense = (name: string, amount: unknown, endDate: unknown, more: Row = {}): Row => ({
  name,
  amount,
  endDate,
  frequency: 'monthly',
  ...more,
});
const budget = (
  name: string,
  amount: number,
  type: string,
  category: string,
  created: string,
  more: Row = {},
): Row => ({
  name,
  amount,
  type,
  category,
  frequency: 'monthly',
  createdAt: day(created),
  ...more,
});
const debt = (
  name: string,
  amount: number,
  parts: { capital: unknown; interest: unknown; rate?: number; due: unknown },
  more: Row = {},
): Row => ({
  name,
  amount,
  monthlyPayment: Number(parts.capital) + Number(parts.interest),
  AdHocPayment: 0,
  capitalRepayment: parts.capital,
  interestRepayment: parts.interest,
  ...(parts.rate === undefined ? {} : { userInterestRate: parts.rate }),
  payDueDate: parts.due,
  completionRatio: 0,
  ...more,
});
const goal = (
  name: string,
  total: number,
  saved: number,
  monthly: number,
  done: string,
  more: Row = {},
): Row => ({
  name,
  totalAmount: total,
  savedMoney: saved,
  monthlyTarget: monthly,
  completionRation: (saved / total) * 100,
  date: day('2026-01-01'),
  completeDate: day(done),
  isCompleted: false,
  ...more,
});

/** An expense and the budget that the main back end files beside it. */
const filed = (name: string, amount: number, on: string, category: string, type = 'personal') => {
  const expenseId = id();
  const budgetId = id();
  return {
    expense: { _id: expenseId, ...expense(name, amount, day(on), { budgetId }) },
    budget: { _id: budgetId, ...budget(name, amount, type, category, on, { expensesId: expenseId }) },
  };
};

const NEEDS = 'Essential(Needs)';
const WANTS = 'Discretionary(Wants)';

const rowsOf: Readonly<Record<Exclude<Person, 'boss' | 'nobody'>, () => Record<string, Row[]>>> = {
  rowan: () => {
    const filedRows = [
      filed('Energy bill', 180, '2026-05-04', NEEDS),
      filed('Restaurants', 260.4, '2026-05-09', WANTS),
      filed('Disney 4K', 10.99, '2026-05-06', WANTS),
      filed('Disney 4K', 10.99, '2026-05-11', WANTS),
    ];
    return {
      incomes: [
        income('Wages', 1500, day('2026-04-01')),
        income('Wages', 1500, day('2026-05-01')),
        // The next month's row is always there already.
        income('Wages', 1500, day('2026-06-01')),
        income('Typed twice', 1500, day('2026-05-02'), { isDeleted: true }),
      ],
      expenses: [
        ...filedRows.map((row) => row.expense),
        expense('Rent', 800, day('2026-04-03')),
        expense('Rent', 800, day('2026-05-03')),
        expense('Rent', 800, day('2026-06-03')),
        expense('Food shop', 75.5, day('2026-05-05'), { frequency: 'weekly' }),
        expense('Food shop', 75.5, day('2026-05-12'), { frequency: 'weekly' }),
        // Shapes of older versions: text for amount and day, and a word that is no longer used.
        expense('Poker evening', '150.00', '2026-05-16', { frequency: 'once' }),
        expense('Old contract', 30, day('2026-05-05'), { isDeleted: true }),
        { ...expense('Before the flag', 999, day('2026-05-05')), isDeleted: undefined },
      ],
      budgets: [
        ...filedRows.map((row) => row.budget),
        budget('Rent', 800, 'personal', NEEDS, '2026-05-02'),
        // The daily copy drifts by a day each month, so one month can hold two.
        budget('Rent', 800, 'personal', NEEDS, '2026-05-31'),
      ],
      debts: [
        debt('Store card', 3000, { capital: 60, interest: 75, due: day('2026-06-02') }),
        debt('Quick loan', 900, { capital: 90, interest: 40, due: day('2026-05-24') }),
        debt('Van loan', 6000, { capital: '200', interest: '45', rate: 8.9, due: '2026-06-10' }),
        debt('Overdraft', 700, { capital: 20, interest: 6, due: day('2026-06-01') }),
        debt('Settled', 100, { capital: 10, interest: 0, due: day('2026-03-01') }, { isDeleted: true }),
      ],
      savinggoals: [
        goal('Boiler', 500, 60, 80, '2026-04-01'),
        goal('Driving licence', 900, 0, 30, '2028-01-01'),
      ],
    };
  },
  mina: () => {
    const filedRows = [
      filed('Mortgage', 1200, '2026-05-01', NEEDS),
      filed('Theatre', 140, '2026-05-08', WANTS),
    ];
    return {
      incomes: [income('Salary', 3900, day('2026-04-25')), income('Salary', 3900, day('2026-05-25'))],
      expenses: [
        ...filedRows.map((row) => row.expense),
        expense('Mortgage', 1200, day('2026-04-01')),
        expense('House insurance', 320, day('2026-05-18'), { frequency: 'yearly' }),
      ],
      budgets: [
        ...filedRows.map((row) => row.budget),
        budget('Pension top-up', 400, 'personal', 'Savings', '2026-05-01'),
      ],
      debts: [debt('Car', 5000, { capital: 140, interest: 20, rate: 4.8, due: day('2026-06-05') })],
      savinggoals: [goal('Kitchen', 12_000, 3000, 500, '2027-11-01')],
      savingcalculations: [
        {
          amount: 150,
          frequency: 'Monthly',
          returnRate: 4,
          years: 8,
          inflationRate: 2,
          taxRate: 25,
          totalSavedBeforeTax: 1,
        },
      ],
      loanrepaymentcalculations: [
        { principal: 8000, annualInterestRate: 7, loanTermYears: 4, monthlyPayment: 1 },
      ],
      inflationcalculations: [{ initialAmount: 2000, annualInflationRate: 2.5, years: 6, futureValue: 1 }],
      inflationapicalculations: [
        { fromYear: 2012, toYear: 2022, amount: 100, equivalentAmountInToYear: 128.4, countryCode: 'GB' },
      ],
    };
  },
  ines: () => {
    const filedRows = [
      filed('Rent, my part', 540, '2026-05-02', NEEDS, 'household'),
      filed('Nursery', 410, '2026-05-06', NEEDS, 'household'),
      filed('Pottery', 38, '2026-05-10', WANTS),
    ];
    return {
      incomes: [income('Clinic', 2400, day('2026-05-03'))],
      expenses: [...filedRows.map((row) => row.expense), expense('Tram pass', 64, day('2026-05-07'))],
      budgets: filedRows.map((row) => row.budget),
      savinggoals: [goal('Summer house', 3000, 900, 120, '2027-12-01')],
    };
  },
  karl: () => {
    const filedRows = [
      filed('Rent, his part', 545, '2026-05-02', NEEDS, 'household'),
      filed('Internet', 41, '2026-05-08', NEEDS, 'household'),
      filed('Climbing hall', 59, '2026-05-10', WANTS),
    ];
    return {
      incomes: [income('School', 2250, day('2026-05-04'))],
      expenses: filedRows.map((row) => row.expense),
      budgets: [
        ...filedRows.map((row) => row.budget),
        budget('Deleted sharing', 777, 'household', NEEDS, '2026-05-03', { isDeleted: true }),
        budget('Last month', 333, 'household', NEEDS, '2026-04-15'),
      ],
    };
  },
};

/**
 * Writes the people and their rows.
 * @param db the main back end's database
 * @param people who
 */
export const writePeople = async (db: Db, people: People): Promise<void> => {
  const partners: Partial<Record<Person, ObjectId>> = { ines: people.karl._id, karl: people.ines._id };
  await db.collection('users').insertMany(
    Object.entries(people).map(([person, user]) => ({
      ...user,
      status: 'active',
      verified: true,
      isDeleted: false,
      password: 'never-read',
      partnerId: partners[person as Person] ?? null,
      createdAt: day('2026-01-01'),
    })),
  );
  for (const [person, rows] of Object.entries(rowsOf)) {
    const userId = people[person as Person]._id;
    for (const [collection, documents] of Object.entries(rows())) {
      await db.collection(collection).insertMany(documents.map((row) => stamped(userId, row)));
    }
  }
};
