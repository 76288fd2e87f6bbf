import type { TextDecision } from './decide-from-text.ts';
import { firstMatch } from './rule-matching.ts';
import type { CompiledRule } from './rule-matching.ts';
import type { Decision, MerchantName, Thresholds, Transaction } from './types.ts';
import { recall } from './user-memory.ts';
import type { UserMemory } from './user-memory.ts';

/** What is known about the user whose transaction it is. */
export interface UserKnowledge {
  /** In the user's order. */
  rules: readonly CompiledRule[];
  memory: UserMemory;
  /** Today as days since 1970-01-01. */
  day: number;
}

/** Nobody's knowledge: no rules, no memory. */
export const STRANGER: UserKnowledge = { rules: [], memory: new Map(), day: 0 };

/** Natural-log odds shown for a decision of the user's own. */
export const CERTAIN = 12;
/** A user can be wrong about a rule too; the calibrated confidence of one stays below certainty. */
const RULE_CONFIDENCE = 0.99;

const memoryConfidence = (agreement: number, votes: number, exact: boolean): number =>
  Math.min(0.98, (exact ? 0.9 : 0.82) * (0.6 + 0.4 * agreement) + 0.02 * Math.min(votes, 5));

/**
 * The cascade: the user's rules, then what the user filed before, then the text decision with its calibrated
 * confidence. The first that is sure decides; what the others say stays as evidence.
 * @param transaction the transaction
 * @param name its normalised name
 * @param user the user's rules and memory
 * @param thresholds from which confidence on a decision is filed, and offered
 * @param decideText the text decision, computed only when it is needed
 */
export const categorize = (
  transaction: Transaction,
  name: MerchantName,
  user: UserKnowledge,
  thresholds: Thresholds,
  decideText: () => TextDecision,
): Decision => {
  const text = decideText();
  const rule = firstMatch(user.rules, transaction);
  if (rule !== undefined) {
    return {
      category: rule.category,
      confidence: RULE_CONFIDENCE,
      decision: 'auto',
      source: 'rule',
      merchant: text.merchant,
      merchantKey: name.key,
      evidence: [
        { kind: 'rule', category: rule.category, text: rule.name, weight: CERTAIN },
        ...text.evidence,
      ],
      alternatives: [],
    };
  }
  const recalled = recall(user.memory, name, transaction.amountMinor, user.day);
  if (recalled !== null) {
    const confidence = memoryConfidence(recalled.agreement, recalled.votes, recalled.level === 'exact');
    const agrees = recalled.category === text.category;
    return {
      category: recalled.category,
      confidence,
      decision: recalled.level === 'exact' || agrees ? 'auto' : 'suggest',
      source: 'memory',
      merchant: text.merchant,
      merchantKey: name.key,
      evidence: [
        {
          kind: 'memory',
          category: recalled.category,
          text: recalled.key.slice(1),
          weight: CERTAIN * recalled.agreement,
        },
        ...text.evidence,
      ],
      alternatives: agrees ? text.alternatives : [{ category: text.category, confidence: text.confidence }],
    };
  }
  const decided = text.confidence >= thresholds.suggest;
  return {
    category: decided ? text.category : null,
    confidence: text.confidence,
    decision: text.confidence >= thresholds.auto ? 'auto' : decided ? 'suggest' : 'none',
    source: decided ? text.source : 'none',
    merchant: text.merchant,
    merchantKey: name.key,
    evidence: text.evidence,
    alternatives: decided
      ? text.alternatives
      : [{ category: text.category, confidence: text.confidence }, ...text.alternatives].slice(0, 3),
  };
};
