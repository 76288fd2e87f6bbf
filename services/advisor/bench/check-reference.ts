import { readFile } from 'node:fs/promises';
import { recordsReader } from '@orrery/main-backend';
import { useTestDatabase } from '@orrery/testing';
import { BSON, MongoClient, ObjectId } from 'mongodb';
import { fromMainBackend } from '../src/clients/main-backend-records.ts';
import { planDebts } from '../src/domain/debts/debt-plan.ts';
import { findAlerts } from '../src/domain/admin/admin-alerts.ts';
import { summarise, type FinancialSummary } from '../src/domain/financial-summary.ts';
import { payoffDebtsOf } from '../src/domain/reports/debt-report.ts';

/**
 * Compares the advisor's arithmetic with the reference numbers of the main back end's dashboard:
 * `MAIN_BACKEND_FIXTURE=fixture.json node services/advisor/bench/check-reference.ts`. The file holds one array of
 * documents per collection as Extended JSON; the reference numbers below belong to 15 November 2026.
 */
const TODAY = '2026-11-15';
const DAYS = { from: new Date('2026-10-01'), before: new Date('2026-12-01') };

/** Pence and percentages, by user. */
const REFERENCE: Readonly<Record<string, Record<string, number | string | null>>> = {
  '66a000000000000000000001': {
    income: 165_000,
    expenses: 193_387,
    disposal: -28_387,
    budgets: 150_637,
    goals: 5_000,
    saved: 4_000,
    completion: 2.5,
    payments: 69_500,
    share: 42.12,
    afterDebts: -97_887,
    rates: '46.67 25.31 12 9.9',
    avalanche: '32 464454 Payday loan',
    snowball: '33 480632 Overdraft',
    'avalanche with 100 more': '27 359362 Payday loan',
    'snowball with 100 more': '28 398180 Overdraft',
    growth: 103.57,
    alerts: 'High Debt, Overspending',
  },
  '66a000000000000000000002': {
    income: 480_000,
    expenses: 216_924,
    disposal: 263_076,
    budgets: 229_149,
    goals: 85_000,
    saved: 1_105_000,
    completion: 39.7482,
    payments: 12_000,
    share: 2.5,
    afterDebts: 251_076,
    alerts: '',
  },
  '66a000000000000000000003': {
    income: 260_000,
    expenses: 121_700,
    disposal: 138_300,
    budgets: 129_500,
    goals: 15_000,
    saved: 60_000,
    completion: 25,
    payments: 5_000,
    share: 1.92,
    afterDebts: 133_300,
    household: 65_800,
    alerts: '',
  },
};

const payoffText = (
  summary: FinancialSummary,
  method: 'avalanche' | 'snowball',
  extraMinor: number,
): string => {
  const { months, totalInterestMinor, order } = planDebts(payoffDebtsOf(summary), extraMinor)[method];
  return `${String(months)} ${String(totalInterestMinor)} ${order[0] ?? ''}`;
};

const figuresOf = (summary: FinancialSummary): Record<string, number | string | null> => ({
  income: summary.incomeMinor,
  expenses: summary.expensesMinor,
  disposal: summary.disposalMinor,
  budgets: summary.budgetMinor,
  goals: summary.savingGoalMonthlyMinor,
  saved: summary.savedMinor,
  completion: summary.completionPercent,
  payments: summary.debtPaymentsMinor,
  share: summary.debtSharePercent,
  afterDebts: summary.afterDebtsMinor,
  rates: summary.debts
    .map(({ ratePercent }) => ratePercent)
    .sort((left, right) => right - left)
    .join(' '),
  avalanche: payoffText(summary, 'avalanche', 0),
  snowball: payoffText(summary, 'snowball', 0),
  'avalanche with 100 more': payoffText(summary, 'avalanche', 10_000),
  'snowball with 100 more': payoffText(summary, 'snowball', 10_000),
  growth: summary.growthPercent,
  household: summary.household?.partnerMinor ?? null,
  alerts: findAlerts(summary)
    .map(({ category }) => category)
    .join(', '),
});

const path = process.env['MAIN_BACKEND_FIXTURE'];
if (path === undefined) {
  console.log('MAIN_BACKEND_FIXTURE names no file, so there is nothing to compare with.');
  process.exit(0);
}
const database = await useTestDatabase();
const client = await new MongoClient(database.uri).connect();
const db = client.db(`reference_${new ObjectId().toHexString()}`);
let differences = 0;
try {
  const collections: Record<string, BSON.Document[]> = BSON.EJSON.parse(await readFile(path, 'utf8'));
  for (const [name, documents] of Object.entries(collections)) {
    if (documents.length > 0) {
      await db.collection(name).insertMany(documents);
    }
  }
  const records = await recordsReader(db).readRecords(Object.keys(REFERENCE), DAYS);
  for (const [userId, expected] of Object.entries(REFERENCE)) {
    const user = records.get(userId);
    if (user === undefined) {
      throw new Error(`the file lacks the user ${userId}`);
    }
    const figures = figuresOf(summarise(fromMainBackend(user, TODAY)));
    for (const [name, value] of Object.entries(expected)) {
      const isSame = figures[name] === value;
      differences += isSame ? 0 : 1;
      console.log(
        `${isSame ? 'same' : 'DIFFERS'}  ${user.user.name}  ${name}: ${String(figures[name])}${isSame ? '' : `, reference ${String(value)}`}`,
      );
    }
  }
  console.log(`${String(differences)} differences`);
} finally {
  await db.dropDatabase();
  await client.close();
  await database.release();
}
process.exitCode = differences === 0 ? 0 : 1;
