import { seededRandom } from '../seeded-random.ts';
import type { Customer } from './customer.ts';

/** Rows of the default data set. */
export const DEFAULT_CUSTOMERS = 5_000;
/** Seed of the default data set. */
export const DEFAULT_SEED = 42;

/**
 * Customers with independent, uniform fields in the ranges of the legacy data set: ages 18 to 69, incomes 15.0 to
 * 150.0, scores 1 to 99, frequencies 1 to 49. There are no groups in them, and a model of them must say so.
 * @param count how many
 * @param seed the same seed gives the same customers
 */
export const generateCustomers = (count = DEFAULT_CUSTOMERS, seed = DEFAULT_SEED): Customer[] => {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => ({
    sex: random.next() < 0.5 ? 'Male' : 'Female',
    age: 18 + random.integer(52),
    annual_income: (150 + random.integer(1_351)) / 10,
    spending_score: 1 + random.integer(99),
    purchase_frequency: 1 + random.integer(49),
  }));
};
