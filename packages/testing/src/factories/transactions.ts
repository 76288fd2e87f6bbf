import { randomUUID } from 'node:crypto';
import type { CategorizedTransaction, CategoryDecision, IngestedTransaction } from '@orrery/contracts';

/**
 * A transaction as ingestion states it: a card payment of 12.34 euros on 2 March 2026.
 * @param fields what matters to the test
 */
export const anIngestedTransaction = (fields: Partial<IngestedTransaction> = {}): IngestedTransaction => ({
  transactionId: `t-${randomUUID()}`,
  rowVersion: 1,
  accountId: 'account-1',
  source: 'import',
  postedOn: '2026-03-02',
  description: 'CARREFOUR CITY PARIS 11',
  amountMinor: -1234,
  currency: 'EUR',
  pending: false,
  ...fields,
});

/**
 * A decision: groceries, filed without a mark.
 * @param fields what matters to the test
 */
export const aDecision = (fields: Partial<CategoryDecision> = {}): CategoryDecision => ({
  category: 'groceries',
  confidence: 0.97,
  decision: 'auto',
  source: 'merchant',
  merchant: 'Carrefour',
  decisionVersion: 1,
  ...fields,
});

/**
 * A transaction with the decision on it.
 * @param fields what matters to the test
 */
export const aCategorizedTransaction = (
  fields: Partial<CategorizedTransaction> = {},
): CategorizedTransaction => ({
  ...anIngestedTransaction(),
  decision: aDecision(),
  ...fields,
});
