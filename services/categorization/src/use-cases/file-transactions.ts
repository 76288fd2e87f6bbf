import {
  categoryByCashSense,
  categoryBySlug,
  MAX_TRANSACTIONS_PER_EVENT,
  TransactionsCategorized,
} from '@orrery/contracts';
import type { CategoryDecision, IngestedTransaction } from '@orrery/contracts';
import type { Clock } from '@orrery/calendar';
import { newEvent } from '@orrery/messaging';
import type { EventTransaction, NewEvent } from '@orrery/messaging';
import { CERTAIN } from '../domain/categorize.ts';
import type { Decision } from '../domain/types.ts';
import { toCategorized } from '../store/decision-store.ts';
import type { DecisionStore, StoredDecision } from '../store/decision-store.ts';
import type { DecideBatch } from './decide-batch.ts';

/** Three decimals are all that a calibrated probability is good for. */
const rounded = (confidence: number): number => Math.round(confidence * 1000) / 1000;

/**
 * A decision in the shape of the event.
 * @param decision outcome of the cascade
 * @param decisionVersion version to give it
 */
export const toContract = (decision: Decision, decisionVersion: number): CategoryDecision => ({
  category: decision.category,
  confidence: rounded(decision.confidence),
  decision: decision.decision,
  source: decision.source,
  merchant: decision.merchant,
  decisionVersion,
});

export interface FileTransactionsParts {
  decisions: DecisionStore;
  decide: DecideBatch;
  clock: Clock;
}

/**
 * The category within a main category of Cash Sense: the one that was decided if it belongs there, else its plainest.
 * @param group what the user wrote, if anything
 * @param decided slug of the decision, or null
 */
const withinGroup = (group: string | undefined, decided: string | null): string | undefined =>
  group === undefined
    ? undefined
    : decided !== null && categoryBySlug(decided)?.cashSense.category === group
      ? decided
      : categoryByCashSense(group)?.slug;

/**
 * Makes the use cases behind the events of ingestion: decide what arrived or changed, forget what was removed. All
 * writes and the follow-up event share the event's transaction.
 * @param parts stores, the deciding use case and the clock
 */
export const createFileTransactions = ({ decisions, decide, clock }: FileTransactionsParts) => ({
  /**
   * Decides a batch. Versions not newer than the known one are ignored; a category that the user chose stays, also when
   * the transaction was removed meanwhile, and one that came with the row counts as the user's word.
   * @param userId owner
   * @param batch transactions of one event or several, in order
   * @param transaction the event's transaction
   */
  async ingested(
    userId: string,
    batch: readonly IngestedTransaction[],
    transaction: EventTransaction,
  ): Promise<void> {
    const { session } = transaction;
    const known = await decisions.find(
      userId,
      batch.map((row) => row.transactionId),
      session,
    );
    const newest = new Map<string, IngestedTransaction>();
    for (const row of batch) {
      const version =
        newest.get(row.transactionId)?.rowVersion ?? known.get(row.transactionId)?.rowVersion ?? 0;
      if (row.rowVersion > version) {
        newest.set(row.transactionId, row);
      }
    }
    const rows = [...newest.values()];
    if (rows.length === 0) {
      return;
    }
    const outcomes = await decide(userId, rows, session);
    const stored = rows.flatMap((row, index): StoredDecision[] => {
      const outcome = outcomes[index];
      if (outcome === undefined) {
        return [];
      }
      const before = known.get(row.transactionId);
      const decisionVersion = (before?.decisionVersion ?? 0) + 1;
      const { merchantKey } = outcome;
      if (before?.stored?.decision.source === 'user') {
        const { decision, evidence } = before.stored;
        return [{ transaction: row, decision: { ...decision, decisionVersion }, evidence, merchantKey }];
      }
      const stated =
        row.statedCategory ?? before?.usersWord ?? withinGroup(row.statedGroup, outcome.category);
      if (stated !== undefined && categoryBySlug(stated) !== undefined) {
        const decided = toContract(outcome, decisionVersion);
        return [
          {
            transaction: row,
            decision: { ...decided, category: stated, confidence: 1, decision: 'user', source: 'user' },
            evidence: [{ kind: 'user', category: stated, text: '', weight: CERTAIN }],
            merchantKey,
          },
        ];
      }
      return [
        {
          transaction: row,
          decision: toContract(outcome, decisionVersion),
          evidence: outcome.evidence,
          merchantKey,
        },
      ];
    });
    const absent = new Set(rows.map(({ transactionId }) => transactionId).filter((id) => !known.has(id)));
    await decisions.save(userId, stored, session, absent);
    const told: NewEvent[] = [];
    for (let start = 0; start < stored.length; start += MAX_TRANSACTIONS_PER_EVENT) {
      const group = stored.slice(start, start + MAX_TRANSACTIONS_PER_EVENT);
      told.push(
        newEvent(TransactionsCategorized, userId, { userId, transactions: group.map(toCategorized) }),
      );
    }
    await transaction.record(told);
  },

  /**
   * Forgets removed transactions, and remembers the removal so that an older event that arrives late stays without effect.
   * @param userId owner
   * @param removals ids with the version of the removal
   * @param transaction the event's transaction
   */
  async removed(
    userId: string,
    removals: readonly { transactionId: string; rowVersion: number }[],
    transaction: EventTransaction,
  ): Promise<void> {
    const { session } = transaction;
    const known = await decisions.find(
      userId,
      removals.map(({ transactionId }) => transactionId),
      session,
    );
    const due = removals
      .filter(({ transactionId, rowVersion }) => rowVersion >= (known.get(transactionId)?.rowVersion ?? 0))
      .map(({ transactionId, rowVersion }) => {
        const before = known.get(transactionId);
        const decision = before?.stored?.decision;
        const chosen = decision?.source === 'user' ? (decision.category ?? undefined) : undefined;
        return {
          transactionId,
          rowVersion,
          decisionVersion: before?.decisionVersion ?? 0,
          usersWord: chosen ?? before?.usersWord,
        };
      });
    await decisions.forget(userId, due, clock.now(), session);
  },
});

export type FileTransactions = ReturnType<typeof createFileTransactions>;
