import { describe, expect, it } from '@jest/globals';
import { rateOfPercent } from '../debts/annual-rate.ts';
import type { FinancialRecords } from '../financial-records.ts';
import { summarise } from '../financial-summary.ts';
import { findAlerts } from './admin-alerts.ts';
import { comparePeers, medianShare, noShares, spentShare } from './peers.ts';
import { drawUserDashboard } from './user-dashboard.ts';

const TODAY = '2026-05-20';

const month = (fields: {
  income?: number;
  expenses?: number;
  payment?: number;
  hasGoal?: boolean;
  before?: number;
  dueOn?: string;
}) => {
  const { income = 0, expenses = 0, payment = 0, hasGoal = true, before = 0, dueOn = null } = fields;
  const expense = (amountMinor: number, spentOn: string) => ({
    name: 'Things',
    amountMinor,
    spentOn,
    isWeekly: false,
    category: 'Others',
    group: 'wants' as const,
  });
  const records: FinancialRecords = {
    source: 'main-backend',
    userName: '',
    email: '',
    currency: 'GBP',
    today: TODAY,
    incomes: income === 0 ? [] : [{ name: 'Pay', amountMinor: income, receivedOn: '2026-05-01' }],
    expenses: [
      ...(expenses === 0 ? [] : [expense(expenses, '2026-05-02')]),
      ...(before === 0 ? [] : [expense(before, '2026-04-02')]),
    ],
    plan: [],
    debts:
      payment === 0
        ? []
        : [
            {
              name: 'Card',
              balanceMinor: 100_000,
              paymentMinor: payment,
              interestMinor: 100,
              rate: rateOfPercent(10),
              dueOn,
            },
          ],
    goals: hasGoal
      ? [
          {
            name: 'G',
            totalMinor: 100,
            savedMinor: 0,
            monthlyMinor: 10,
            completionPercent: 0,
            completesOn: '2027-01-01',
            isCompleted: false,
          },
        ]
      : [],
    partnerPlan: null,
  };
  return summarise(records);
};

const categories = (fields: Parameters<typeof month>[0]): string[] =>
  findAlerts(month(fields)).map(({ category }) => category);

describe('alerts about users', () => {
  it.each([
    ['payments of exactly 40 % of income', { income: 100_000, payment: 40_000 }, []],
    ['payments a penny above 40 %', { income: 100_000, payment: 40_001 }, ['High Debt']],
    ['payments without any income', { expenses: 1, payment: 1 }, ['High Debt', 'Overspending']],
    ['expenses of all income', { income: 100_000, expenses: 100_000 }, []],
    ['expenses a penny above income', { income: 100_000, expenses: 100_001 }, ['Overspending']],
    [
      'expenses and payments above income',
      { income: 100_000, expenses: 90_000, payment: 10_001 },
      ['Overspending'],
    ],
    [
      'less than 5 % left and nothing saved',
      { income: 100_000, expenses: 95_001, hasGoal: false },
      ['Low Savings'],
    ],
    ['5 % left and nothing saved', { income: 100_000, expenses: 95_000, hasGoal: false }, []],
    ['nothing at all', {}, []],
    ['debts only', { payment: 500 }, []],
  ])('for %s', (_what, fields, expected) => {
    expect(categories(fields)).toEqual(expected);
  });
});

describe("a user's dashboard", () => {
  it('tells growth against the month before, or that there is none to tell', () => {
    expect(drawUserDashboard(month({ expenses: 193_387, before: 95_000 })).growth).toBe('103.57%');
    expect(drawUserDashboard(month({ expenses: 50_000, before: 100_000 })).growth).toBe('-50%');
    expect(drawUserDashboard(month({ expenses: 1 })).growth).toBe('N/A');
    expect(drawUserDashboard(month({})).growth).toBe('0%');
  });

  it.each([
    ['2026-05-19', { missedInstallments: 1, nextDueDate: 'N/A' }],
    ['2026-05-20', { missedInstallments: 0, nextDueDate: '2026-05-20' }],
  ])('counts a payment of %s by its day', (dueOn, expected) => {
    expect(drawUserDashboard(month({ income: 100_000, payment: 100, dueOn })).debtStatuses).toMatchObject(
      expected,
    );
  });

  it.each([
    [{ income: 100_000 }, 'Low Risk'],
    [{ income: 100_000, payment: 40_000 }, 'Medium Risk'],
    [{ income: 100_000, payment: 40_001 }, 'High Risk'],
    [{ payment: 1 }, 'High Risk'],
  ])('of %j shows %s', (fields, status) => {
    expect(drawUserDashboard(month(fields)).debtStatuses.status).toBe(status);
  });
});

describe('the comparison with peers', () => {
  const counted = (shares: readonly number[]) => {
    const counts = noShares();
    for (const share of shares) {
      counts[share] = (counts[share] ?? 0) + 1;
    }
    return counts;
  };

  it('needs 20 users', () => {
    expect(medianShare(counted(new Array(19).fill(50)))).toBeUndefined();
    expect(medianShare(counted(new Array(20).fill(50)))).toEqual({ users: 20, medianPercent: 50 });
    expect(comparePeers({ incomeMinor: 1, expensesMinor: 1 }, undefined).text).toContain('not available');
  });

  it('takes the middle user', () => {
    expect(medianShare(counted([...new Array(12).fill(30), ...new Array(9).fill(500)]))).toEqual({
      users: 21,
      medianPercent: 30,
    });
    expect(comparePeers({ incomeMinor: 200, expensesMinor: 100 }, counted(new Array(20).fill(62))).text).toBe(
      'This user spends 50% of income this month; half of 20 users spend at most about 62% of theirs.',
    );
  });

  it('counts nobody without income, and nobody outside 0 to 500 percent', () => {
    expect(spentShare({ incomeMinor: 0, expensesMinor: 5 })).toBeUndefined();
    expect(spentShare({ incomeMinor: 1, expensesMinor: 1_000 })).toBe(500);
    expect(spentShare({ incomeMinor: 100, expensesMinor: -5 })).toBe(0);
  });
});
