import type { Clock } from '@orrery/calendar';
import { categoryBySlug, MAX_TRANSACTIONS_PER_EVENT, TransactionsCategorized } from '@orrery/contracts';
import { newEvent } from '@orrery/messaging';
import { AppError } from '@orrery/service-kit';
import type { Runtime } from '@orrery/service-kit';
import { readMerchantName } from '../domain/merchant-name.ts';
import { remember } from '../domain/user-memory.ts';
import { toCategorized } from '../store/decision-store.ts';
import type { DecisionStore, StoredDecision } from '../store/decision-store.ts';
import type { Evidence } from '../domain/types.ts';
import type { MemoryStore } from '../store/memory-store.ts';
import { dayNumber } from './decide-batch.ts';

/** Past transactions that one correction changes at most; the rest follow as they are corrected or arrive. */
const MAX_PAST = 1000;

/** Natural-log odds shown for the user's own word. */
const CERTAIN = 12;

export interface CorrectCategoryParts extends Pick<Runtime<unknown>, 'inTransaction' | 'recordEvents'> {
  decisions: DecisionStore;
  memory: MemoryStore;
  clock: Clock;
}

/**
 * Whether a slug names a category that a transaction can be filed under: a leaf of the taxonomy.
 * @param slug what the caller sent
 */
export const isLeaf = (slug: string): boolean => {
  const category = categoryBySlug(slug);
  return category !== undefined && category.parent !== null;
};

/**
 * Makes the use case of a correction: the transaction takes the user's word, the user's memory learns it for the
 * merchant at once, and with `applyToMerchant` the merchant's past follows. One database transaction with its events.
 * @param parts stores, clock and transactions
 */
export const createCorrectCategory =
  ({ decisions, memory, clock, inTransaction, recordEvents }: CorrectCategoryParts) =>
  async (
    userId: string,
    transactionId: string,
    category: string,
    applyToMerchant: boolean,
  ): Promise<StoredDecision> => {
    if (!isLeaf(category)) {
      throw new AppError('validation-failed', {
        fields: [{ field: 'category', message: 'is not a category that can be chosen' }],
      });
    }
    return inTransaction(async (session) => {
      const entry = (await decisions.find(userId, [transactionId], session)).get(transactionId);
      if (entry === undefined || entry.stored === null) {
        throw new AppError('not-found', { detail: 'There is no such transaction.' });
      }
      const { transaction, decision, merchantKey } = entry.stored;
      const corrected: StoredDecision = {
        transaction,
        merchantKey,
        decision: {
          ...decision,
          category,
          confidence: 1,
          decision: 'user',
          source: 'user',
          decisionVersion: decision.decisionVersion + 1,
        },
        evidence: [{ kind: 'user', category, text: '', weight: CERTAIN }],
      };
      const name = readMerchantName(transaction.description, transaction.merchantName);
      const day = dayNumber(clock);
      const side = transaction.amountMinor > 0;
      // The first pass names the keys that a choice touches; the second adds the vote to what is stored under them.
      const touched = [...remember(new Map(), name, transaction.amountMinor, category, day).keys()];
      const known = await memory.find(userId, touched, session);
      await memory.save(userId, remember(known, name, transaction.amountMinor, category, day), session);
      const past =
        applyToMerchant && merchantKey !== ''
          ? await decisions.ofMerchant(userId, merchantKey, MAX_PAST, session)
          : [];
      const learnt: Evidence = { kind: 'memory', category, text: merchantKey, weight: CERTAIN };
      const followers = past
        .filter((row) => row.transaction.transactionId !== transactionId)
        .filter((row) => row.transaction.amountMinor > 0 === side && row.decision.category !== category)
        .map((row): StoredDecision => ({
          ...row,
          decision: {
            ...row.decision,
            category,
            confidence: 0.98,
            decision: 'auto',
            source: 'memory',
            decisionVersion: row.decision.decisionVersion + 1,
          },
          evidence: [learnt, ...row.evidence].slice(0, 6),
        }));
      const changed = [corrected, ...followers];
      await decisions.save(userId, changed, session);
      for (let start = 0; start < changed.length; start += MAX_TRANSACTIONS_PER_EVENT) {
        const transactions = changed.slice(start, start + MAX_TRANSACTIONS_PER_EVENT).map(toCategorized);
        await recordEvents(session, [newEvent(TransactionsCategorized, userId, { userId, transactions })]);
      }
      return corrected;
    });
  };

export type CorrectCategory = ReturnType<typeof createCorrectCategory>;
