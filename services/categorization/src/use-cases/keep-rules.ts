import { randomUUID } from 'node:crypto';
import { AppError, defineError } from '@orrery/service-kit';
import type { Runtime } from '@orrery/service-kit';
import type { DecisionThread } from '../compute/decision-thread.ts';
import type { Rule } from '../domain/rule-matching.ts';
import type { DecisionStore, StoredDecision } from '../store/decision-store.ts';
import { MAX_RULES_PER_USER } from '../store/rule-store.ts';
import type { PlacedRule, RuleStore } from '../store/rule-store.ts';

const TOO_MANY_RULES = defineError('too-many-rules', 409, 'There are as many rules as one user may have');

/** Transactions that a preview looks at, newest first. */
const PREVIEW_WINDOW = 5000;
/** Changes that a preview lists; the rest is only counted. */
const PREVIEW_LIST = 50;

/** What a rule would change if it came first. */
export interface RulePreview {
  checked: number;
  matching: number;
  changing: number;
  changes: StoredDecision[];
}

export interface KeepRulesParts extends Pick<Runtime<unknown>, 'inTransaction'> {
  rules: RuleStore;
  decisions: DecisionStore;
  /** Tries patterns off the event loop. */
  thread: DecisionThread;
}

/**
 * Makes the use cases of a user's rules. A rule works on transactions that arrive after it; the preview shows what it
 * would mean for those that are there.
 * @param parts stores, the thread and transactions
 */
export const createKeepRules = ({ rules, decisions, thread, inTransaction }: KeepRulesParts) => ({
  /**
   * All rules in order.
   * @param userId owner
   */
  list: (userId: string): Promise<PlacedRule[]> => rules.list(userId),

  /**
   * Adds a rule, at the end unless a position is given.
   * @param userId owner
   * @param read makes the rule for its new id
   * @param position place among the rules, lower comes first
   */
  create: (userId: string, read: (id: string) => Rule, position?: number): Promise<PlacedRule> =>
    inTransaction(async (session) => {
      const present = await rules.list(userId, session);
      if (present.length >= MAX_RULES_PER_USER) {
        throw new AppError(TOO_MANY_RULES);
      }
      const last = present.at(-1)?.position ?? -1;
      const rule: PlacedRule = { ...read(randomUUID()), position: position ?? last + 1 };
      await rules.save(userId, rule, session);
      return rule;
    }),

  /**
   * Changes a rule.
   * @param userId owner
   * @param ruleId its id
   * @param change makes the new rule from the present one
   * @throws AppError `not-found`
   */
  change: (
    userId: string,
    ruleId: string,
    change: (present: PlacedRule) => PlacedRule,
  ): Promise<PlacedRule> =>
    inTransaction(async (session) => {
      const present = (await rules.list(userId, session)).find((rule) => rule.id === ruleId);
      if (present === undefined) {
        throw new AppError('not-found', { detail: 'There is no such rule.' });
      }
      const rule = change(present);
      await rules.save(userId, rule, session);
      return rule;
    }),

  /**
   * Deletes a rule.
   * @param userId owner
   * @param ruleId its id
   * @throws AppError `not-found`
   */
  async remove(userId: string, ruleId: string): Promise<void> {
    if (!(await rules.remove(userId, ruleId))) {
      throw new AppError('not-found', { detail: 'There is no such rule.' });
    }
  },

  /**
   * What a rule would change among the user's transactions; changes nothing. What the user filed by hand stays.
   * @param userId owner
   * @param rule the rule
   */
  async preview(userId: string, rule: Rule): Promise<RulePreview> {
    const recent = await decisions.recent(userId, PREVIEW_WINDOW);
    const applies = await thread.run(
      'matchRules',
      recent.map(({ transaction }) => transaction),
      [rule],
    );
    const matching = recent.filter((_row, index) => applies[index] === rule.id);
    const changing = matching.filter(
      ({ decision }) => decision.source !== 'user' && decision.category !== rule.category,
    );
    return {
      checked: recent.length,
      matching: matching.length,
      changing: changing.length,
      changes: changing.slice(0, PREVIEW_LIST),
    };
  },
});

export type KeepRules = ReturnType<typeof createKeepRules>;
