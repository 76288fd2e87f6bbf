import { parseArgs } from 'node:util';
import {
  DEFAULT_CUSTOMERS,
  DEFAULT_SEED,
  generateCustomers,
} from '../src/domain/customers/generate-customers.ts';

/**
 * Writes the default data set of the customers model as CSV:
 * `node services/segmentation/training/generate-customers.ts [--rows 5000] [--seed 42] > customers.csv`.
 */
const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: String(DEFAULT_CUSTOMERS) },
    seed: { type: 'string', default: String(DEFAULT_SEED) },
  },
});
const rows = Number(values.rows);
const seed = Number(values.seed);
if (!Number.isInteger(rows) || rows < 1 || rows > 1_000_000 || !Number.isInteger(seed)) {
  process.stderr.write('--rows must be 1 to 1000000, and --seed a whole number\n');
  process.exitCode = 1;
} else {
  process.stdout.write('CustomerID,Sex,Age,Annual_Income,Spending_Score,Purchase_Frequency\n');
  for (const [index, customer] of generateCustomers(rows, seed).entries()) {
    const {
      sex,
      age,
      annual_income: income,
      spending_score: score,
      purchase_frequency: frequency,
    } = customer;
    process.stdout.write(`${[index + 1, sex, age, income.toFixed(1), score, frequency].join(',')}\n`);
  }
}
