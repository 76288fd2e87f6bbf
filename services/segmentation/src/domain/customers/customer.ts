import type { FeatureSpec } from '../transform.ts';

/** A customer in the fields of the segmentation API. */
export interface Customer {
  sex: string;
  age: number;
  /** Thousands a year. */
  annual_income: number;
  /** 1 to 100. */
  spending_score: number;
  purchase_frequency: number;
}

/** Features of the customers model, in the order of its rows. Sex is kept but decides nothing. */
export const CUSTOMER_SPECS: readonly FeatureSpec[] = [
  { name: 'age', kind: 'level' },
  { name: 'annual_income', kind: 'level' },
  { name: 'spending_score', kind: 'level' },
  { name: 'purchase_frequency', kind: 'level' },
];

/**
 * A customer as a row of the model.
 * @param customer the customer
 */
export const customerRow = ({
  age,
  annual_income: income,
  spending_score: score,
  purchase_frequency: frequency,
}: Omit<Customer, 'sex'>): number[] => [age, income, score, frequency];
