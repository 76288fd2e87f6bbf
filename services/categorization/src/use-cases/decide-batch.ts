import { setImmediate } from 'node:timers/promises';
import type { Clock } from '@orrery/calendar';
import { MAX_TRANSACTIONS_PER_EVENT } from '@orrery/contracts';
import { MAX_TOGETHER } from '@orrery/messaging';
import type { ClientSession } from 'mongoose';
import type { RuledText } from '../compute/decision-tasks.ts';
import type { DecisionThread } from '../compute/decision-thread.ts';
import { categorize } from '../domain/categorize.ts';
import { compileRule, firstMatch } from '../domain/rule-matching.ts';
import type { Decision, Transaction } from '../domain/types.ts';
import { memoryKeys } from '../domain/user-memory.ts';
import type { MemoryStore } from '../store/memory-store.ts';
import type { PlacedRule, RuleStore } from '../store/rule-store.ts';
import type { UserSettingsStore } from '../store/user-settings-store.ts';
import type { TextDecisions } from '../text-decisions.ts';

const MS_PER_DAY = 86_400_000;

/** Rows decided before other requests get their turn: a few milliseconds of work. */
const ROWS_PER_TURN = 64;
/** Beyond what events that are handled together hold, a batch is worth the way to the thread and back. */
const ROWS_FOR_THREAD = MAX_TRANSACTIONS_PER_EVENT * MAX_TOGETHER + 1;
/** Trials of patterns that one batch may make on the event loop; each takes some microseconds. */
const TRIALS_ON_LOOP = 2000;

/** A decision with the user's rule that made it. */
export interface RuledDecision extends Decision {
  ruleId: string | null;
}

export interface DecideBatchParts {
  texts: TextDecisions;
  thread: DecisionThread;
  rules: RuleStore;
  memory: MemoryStore;
  settings: UserSettingsStore;
  clock: Clock;
}

/**
 * Today as days since 1970-01-01.
 * @param clock business time
 */
export const dayNumber = (clock: Clock): number => Math.floor(clock.now().getTime() / MS_PER_DAY);

const readHere = async (
  texts: TextDecisions,
  transactions: readonly Transaction[],
  rules: readonly PlacedRule[],
): Promise<RuledText[]> => {
  const compiled = rules.map(compileRule);
  const reads: RuledText[] = [];
  for (const [index, transaction] of transactions.entries()) {
    if (index > 0 && index % ROWS_PER_TURN === 0) {
      await setImmediate();
    }
    const ruleId = firstMatch(compiled, transaction)?.id ?? null;
    reads.push({ ...texts.read(transaction), ruleId });
  }
  return reads;
};

/**
 * Makes the use case that decides many transactions of one user with that user's rules, memory and thresholds. Large
 * batches, and batches with many patterns to try, are read in the thread.
 * @param parts readers of texts, stores and clock
 */
export const createDecideBatch =
  ({ texts, thread, rules, memory, settings, clock }: DecideBatchParts) =>
  async (
    userId: string,
    transactions: readonly Transaction[],
    session?: ClientSession,
  ): Promise<RuledDecision[]> => {
    const placed = await rules.list(userId, session);
    const trials =
      placed.filter(({ conditions }) => conditions.regex !== undefined).length * transactions.length;
    const reads =
      transactions.length >= ROWS_FOR_THREAD || trials > TRIALS_ON_LOOP
        ? await thread.run('readTexts', transactions, placed)
        : await readHere(texts, transactions, placed);
    const keys = transactions.flatMap((transaction, index) => {
      const name = reads[index]?.name;
      return name === undefined ? [] : memoryKeys(name, transaction.amountMinor).map(({ key }) => key);
    });
    const votes = await memory.find(userId, keys, session);
    const thresholds = await settings.find(userId, session);
    const day = dayNumber(clock);
    const ruleById = new Map(placed.map((rule) => [rule.id, rule]));
    return transactions.flatMap((transaction, index): RuledDecision[] => {
      const read = reads[index];
      if (read === undefined) {
        return [];
      }
      const rule = read.ruleId === null ? undefined : ruleById.get(read.ruleId);
      const user = { rules: rule === undefined ? [] : [{ rule, matches: () => true }], memory: votes, day };
      return [
        {
          ...categorize(transaction, read.name, user, thresholds, () => read.decision),
          ruleId: read.ruleId,
        },
      ];
    });
  };

export type DecideBatch = ReturnType<typeof createDecideBatch>;
