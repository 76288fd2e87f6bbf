import { categoryBySlug } from '@orrery/contracts';
import { AppError } from '@orrery/service-kit';
import type { Runtime } from '@orrery/service-kit';
import { readMerchantName } from '../domain/merchant-name.ts';
import { offerRule } from '../domain/offer-rule.ts';
import type { OfferedRule } from '../domain/offer-rule.ts';
import { compileRule } from '../domain/rule-matching.ts';
import type { DecisionStore, StoredDecision } from '../store/decision-store.ts';
import type { RuleStore } from '../store/rule-store.ts';
import { byTheUser } from './keep-changes.ts';
import type { KeepChanges, Replacement } from './keep-changes.ts';

/** Past transactions that one correction changes at most; a rule takes more. */
const MAX_PAST = 1000;

/** Natural-log odds shown for what the user taught. */
const CERTAIN = 12;
const LEARNT_CONFIDENCE = 0.98;

export interface CorrectCategoryParts extends Pick<Runtime<unknown>, 'inTransaction'> {
  decisions: DecisionStore;
  rules: RuleStore;
  changes: KeepChanges;
}

/** What a correction did, or would do. */
export interface Correction {
  corrected: StoredDecision;
  /** The merchant's past that follows. */
  following: readonly Replacement[];
  /** Id for an undo; null for a dry run. */
  changeId: string | null;
  /** A rule that would make the next correction needless; null when there is one already, or nothing to look for. */
  offer: OfferedRule | null;
}

/** What to do with a correction. */
export interface CorrectionOptions {
  /** The merchant's past follows, except what the user filed by hand. */
  applyToMerchant: boolean;
  /** Only tells what would change. */
  dryRun: boolean;
}

/**
 * Whether a slug names a category that a transaction can be filed under: a leaf of the taxonomy.
 * @param slug what the caller sent
 */
const isLeaf = (slug: string): boolean => {
  const category = categoryBySlug(slug);
  return category !== undefined && category.parent !== null;
};

/**
 * Refuses what is not a leaf.
 * @param slug what the caller sent
 * @throws AppError `validation-failed`
 */
export const requireLeaf = (slug: string): void => {
  if (!isLeaf(slug)) {
    throw new AppError('validation-failed', {
      fields: [{ field: 'category', message: 'is not a category that can be chosen' }],
    });
  }
};

const follow = (before: StoredDecision, category: string, merchantKey: string): Replacement => ({
  before,
  after: {
    ...before,
    decision: {
      ...before.decision,
      category,
      confidence: LEARNT_CONFIDENCE,
      decision: 'auto',
      source: 'memory',
      decisionVersion: before.decision.decisionVersion + 1,
    },
    evidence: [
      { kind: 'memory' as const, category, text: merchantKey, weight: CERTAIN },
      ...before.evidence,
    ].slice(0, 6),
  },
});

/**
 * Makes the use case of a correction: the transaction takes the user's word, the user's memory learns it for the
 * merchant at once, and with `applyToMerchant` the merchant's past follows. One database transaction with its events.
 * @param parts stores, the keeper of changes and transactions
 */
export const createCorrectCategory =
  ({ decisions, rules, changes, inTransaction }: CorrectCategoryParts) =>
  (
    userId: string,
    transactionId: string,
    category: string,
    { applyToMerchant, dryRun }: CorrectionOptions,
  ): Promise<Correction> => {
    requireLeaf(category);
    return inTransaction(async (session) => {
      const stored = (await decisions.find(userId, [transactionId], session)).get(transactionId)?.stored;
      if (stored === undefined || stored === null) {
        throw new AppError('not-found', { detail: 'There is no such transaction.' });
      }
      const { transaction, merchantKey } = stored;
      const moneyIn = transaction.amountMinor > 0;
      const past =
        applyToMerchant && merchantKey !== ''
          ? await decisions.ofMerchant(userId, merchantKey, MAX_PAST, session)
          : [];
      const following = past
        .filter((row) => row.transaction.transactionId !== transactionId)
        .filter((row) => row.transaction.amountMinor > 0 === moneyIn && row.decision.category !== category)
        .map((row) => follow(row, category, merchantKey));
      const said = byTheUser(stored, category);
      const changeId = dryRun ? null : await changes.make(userId, 'correction', [said], following, session);
      const name = readMerchantName(transaction.description, transaction.merchantName);
      const offer = offerRule(transaction, name, stored.decision.merchant, category);
      const ruled = (await rules.list(userId, session)).some(
        (rule) => rule.category === category && compileRule(rule).matches(transaction),
      );
      return { corrected: said.after, following, changeId, offer: ruled ? null : offer };
    });
  };

export type CorrectCategory = ReturnType<typeof createCorrectCategory>;
