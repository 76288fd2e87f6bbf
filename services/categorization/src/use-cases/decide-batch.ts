import { setImmediate } from 'node:timers/promises';
import type { Clock } from '@orrery/calendar';
import type { ClientSession } from 'mongoose';
import { categorize } from '../domain/categorize.ts';
import { compileRule } from '../domain/rule-matching.ts';
import { DEFAULT_THRESHOLDS } from '../domain/thresholds.ts';
import type { Decision, Transaction } from '../domain/types.ts';
import { memoryKeys } from '../domain/user-memory.ts';
import type { MemoryStore } from '../store/memory-store.ts';
import type { RuleStore } from '../store/rule-store.ts';
import type { TextDecisions } from '../text-decisions.ts';

const MS_PER_DAY = 86_400_000;

/** Rows decided before other requests get their turn: a few milliseconds of work. */
const ROWS_PER_TURN = 64;

export interface DecideBatchParts {
  texts: TextDecisions;
  rules: RuleStore;
  memory: MemoryStore;
  clock: Clock;
}

/**
 * Today as days since 1970-01-01.
 * @param clock business time
 */
export const dayNumber = (clock: Clock): number => Math.floor(clock.now().getTime() / MS_PER_DAY);

/**
 * Makes the use case that decides many transactions of one user with that user's rules and memory.
 * @param parts reader of texts, stores and clock
 */
export const createDecideBatch =
  ({ texts, rules, memory, clock }: DecideBatchParts) =>
  async (
    userId: string,
    transactions: readonly Transaction[],
    session?: ClientSession,
  ): Promise<Decision[]> => {
    const placed = await rules.list(userId, session);
    const reads = [];
    for (const [index, transaction] of transactions.entries()) {
      if (index > 0 && index % ROWS_PER_TURN === 0) {
        await setImmediate();
      }
      reads.push({ transaction, ...texts.read(transaction) });
    }
    const keys = reads.flatMap(({ transaction, name }) =>
      memoryKeys(name, transaction.amountMinor).map(({ key }) => key),
    );
    const user = {
      rules: placed.map(compileRule),
      memory: await memory.find(userId, keys, session),
      day: dayNumber(clock),
    };
    return reads.map(({ transaction, name, decision }) =>
      categorize(transaction, name, user, DEFAULT_THRESHOLDS, () => decision),
    );
  };

export type DecideBatch = ReturnType<typeof createDecideBatch>;
