import { loadArtifacts } from '../artifacts/load-artifacts.ts';
import { compileRule, firstMatch } from '../domain/rule-matching.ts';
import type { Rule } from '../domain/rule-matching.ts';
import type { TextModel } from '../domain/text-classifier.ts';
import type { Transaction } from '../domain/types.ts';
import { createTextDecisions } from '../text-decisions.ts';
import type { ReadText, TextDecisions } from '../text-decisions.ts';

/** A text that was read, with the id of the user's rule that applies. */
export interface RuledText extends ReadText {
  ruleId: string | null;
}

/**
 * For each transaction the id of the first rule that applies.
 * @param transactions the transactions
 * @param rules rules in order
 */
export const matchRules = (
  transactions: readonly Transaction[],
  rules: readonly Rule[],
): (string | null)[] => {
  const compiled = rules.map(compileRule);
  return transactions.map((transaction) => firstMatch(compiled, transaction)?.id ?? null);
};

/**
 * The work of the thread, by name. Arguments and results cross a thread boundary, so they are plain data.
 * @param cacheSize how many descriptors the thread remembers
 */
export const createDecisionTasks = (cacheSize: number) => {
  let texts: TextDecisions | undefined;
  const loaded = (): TextDecisions => (texts ??= createTextDecisions(loadArtifacts(), cacheSize));
  return {
    useModel: (model: TextModel): void => loaded().useModel(model),
    matchRules,
    readTexts: (transactions: readonly Transaction[], rules: readonly Rule[]): RuledText[] => {
      const ruleIds = matchRules(transactions, rules);
      return transactions.map((transaction, index) => ({
        ...loaded().read(transaction),
        ruleId: ruleIds[index] ?? null,
      }));
    },
  };
};

export type DecisionTasks = ReturnType<typeof createDecisionTasks>;
