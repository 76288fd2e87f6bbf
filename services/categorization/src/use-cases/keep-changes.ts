import { randomUUID } from 'node:crypto';
import type { Clock } from '@orrery/calendar';
import { CategoryCorrected, MAX_TRANSACTIONS_PER_EVENT, TransactionsCategorized } from '@orrery/contracts';
import { newEvent } from '@orrery/messaging';
import { AppError, defineError } from '@orrery/service-kit';
import type { Runtime } from '@orrery/service-kit';
import type { ClientSession } from 'mongoose';
import { readMerchantName } from '../domain/merchant-name.ts';
import type { Evidence } from '../domain/types.ts';
import { remember } from '../domain/user-memory.ts';
import type { MemoryVote } from '../domain/user-memory.ts';
import type { Change, ChangedVotes, ChangeStore, ChangeSummary } from '../store/change-store.ts';
import { toCategorized } from '../store/decision-store.ts';
import type { DecisionStore, StoredDecision } from '../store/decision-store.ts';
import type { MemoryStore } from '../store/memory-store.ts';
import type { PoolStore } from '../store/pool-store.ts';
import type { UserSettingsStore } from '../store/user-settings-store.ts';
import { dayNumber } from './decide-batch.ts';

const ALREADY_UNDONE = defineError('already-undone', 409, 'This change was undone before');

/** Natural-log odds shown for the user's own word. */
const CERTAIN = 12;
const LISTED = 50;

/** A stored decision and what it becomes. */
export interface Replacement {
  before: StoredDecision;
  after: StoredDecision;
}

export interface KeepChangesParts extends Pick<Runtime<unknown>, 'inTransaction' | 'recordEvents'> {
  decisions: DecisionStore;
  memory: MemoryStore;
  changes: ChangeStore;
  pool: PoolStore;
  settings: UserSettingsStore;
  clock: Clock;
}

const slices = <Row>(rows: readonly Row[]): Row[][] =>
  Array.from({ length: Math.ceil(rows.length / MAX_TRANSACTIONS_PER_EVENT) }, (_unused, index) =>
    rows.slice(index * MAX_TRANSACTIONS_PER_EVENT, (index + 1) * MAX_TRANSACTIONS_PER_EVENT),
  );

/**
 * A decision replaced by the user's own word.
 * @param before what is stored
 * @param category slug that the user chose
 */
export const byTheUser = (before: StoredDecision, category: string): Replacement => ({
  before,
  after: {
    ...before,
    decision: {
      ...before.decision,
      category,
      confidence: 1,
      decision: 'user',
      source: 'user',
      decisionVersion: before.decision.decisionVersion + 1,
    },
    evidence: [{ kind: 'user', category, text: '', weight: CERTAIN } satisfies Evidence],
  },
});

/**
 * Makes the use cases behind every change of stored decisions: what the user said is learnt, what was there is kept for
 * an undo, and the other services are told, all in the caller's database transaction.
 * @param parts stores, clock and transactions
 */
export const createKeepChanges = ({
  decisions,
  memory,
  changes,
  pool,
  settings,
  clock,
  inTransaction,
  recordEvents,
}: KeepChangesParts) => {
  const tell = async (userId: string, rows: readonly StoredDecision[], session: ClientSession) => {
    for (const slice of slices(rows)) {
      const transactions = slice.map(toCategorized);
      await recordEvents(session, [newEvent(TransactionsCategorized, userId, { userId, transactions })]);
    }
  };

  /** Learns the user's word for each merchant; returns what changed in the memory. */
  const learn = async (
    userId: string,
    said: readonly Replacement[],
    session: ClientSession,
  ): Promise<ChangedVotes[]> => {
    const day = dayNumber(clock);
    const lessons = said.map(({ after: { transaction, decision } }) => ({
      name: readMerchantName(transaction.description, transaction.merchantName),
      amountMinor: transaction.amountMinor,
      category: decision.category ?? '',
    }));
    // The first pass names the keys that a choice touches; the second adds the votes to what is stored under them.
    const touched = lessons.flatMap(({ name, amountMinor, category }) => [
      ...remember(new Map(), name, amountMinor, category, day).keys(),
    ]);
    const known = await memory.find(userId, touched, session);
    const present = new Map<string, MemoryVote[]>(known);
    const changed = new Map<string, MemoryVote[]>();
    for (const { name, amountMinor, category } of lessons) {
      for (const [key, votes] of remember(present, name, amountMinor, category, day)) {
        present.set(key, votes);
        changed.set(key, votes);
      }
    }
    await memory.save(userId, changed, session);
    return [...changed].map(([key, after]) => ({ key, before: known.get(key) ?? null, after }));
  };

  return {
    /**
     * Stores replaced decisions with everything that follows from them.
     * @param userId owner
     * @param kind what made the change
     * @param said rows on which the user gave their word; they are learnt
     * @param following rows that follow from a rule, the memory or a new decision
     * @param session transaction to write in
     * @returns id under which the change can be undone; null when nothing changed
     */
    async make(
      userId: string,
      kind: Change['kind'],
      said: readonly Replacement[],
      following: readonly Replacement[],
      session: ClientSession,
    ): Promise<string | null> {
      const all = [...said, ...following];
      if (all.length === 0) {
        return null;
      }
      const votes = await learn(userId, said, session);
      const rows = all.map(({ after }) => after);
      await decisions.save(userId, rows, session);
      const id = randomUUID();
      await changes.add(
        userId,
        {
          id,
          kind,
          at: clock.now(),
          undoneAt: null,
          votes,
          rows: all.map(({ before, after }) => {
            const { decisionVersion: _replaced, ...decision } = before.decision;
            return {
              transactionId: before.transaction.transactionId,
              before: decision,
              evidence: before.evidence,
              decisionVersion: after.decision.decisionVersion,
            };
          }),
        },
        session,
      );
      await tell(userId, rows, session);
      for (const slice of slices(said)) {
        const corrections = slice.map(({ before, after }) => ({
          transactionId: after.transaction.transactionId,
          decisionVersion: after.decision.decisionVersion,
          from: before.decision.category,
          to: after.decision.category ?? '',
        }));
        await recordEvents(session, [newEvent(CategoryCorrected, userId, { userId, corrections })]);
      }
      if (said.length > 0 && (await settings.find(userId, session)).pooledLearning) {
        await pool.add(
          userId,
          said.map(({ after: { transaction, decision, merchantKey } }) => ({
            transactionId: transaction.transactionId,
            key: merchantKey,
            category: decision.category ?? '',
          })),
          session,
        );
      }
      return id;
    },

    /**
     * The latest changes, newest first.
     * @param userId owner
     */
    list: (userId: string): Promise<ChangeSummary[]> => changes.latest(userId, LISTED),

    /**
     * Takes a change back: decisions that did not move on since get what they had, and what the change taught is
     * forgotten where nothing was learnt since.
     * @param userId owner
     * @param changeId id of the change
     * @returns how many decisions were restored and how many had moved on
     * @throws AppError `not-found`, `already-undone`
     */
    undo: (userId: string, changeId: string): Promise<{ restored: number; kept: number }> =>
      inTransaction(async (session) => {
        const change = await changes.find(userId, changeId, session);
        if (change === null) {
          throw new AppError('not-found', { detail: 'There is no such change.' });
        }
        if (change.undoneAt !== null) {
          throw new AppError(ALREADY_UNDONE);
        }
        const ids = change.rows.map(({ transactionId }) => transactionId);
        const present = await decisions.find(userId, ids, session);
        const restored = change.rows.flatMap((row): StoredDecision[] => {
          const stored = present.get(row.transactionId)?.stored;
          const untouched = stored?.decision.decisionVersion === row.decisionVersion;
          return stored === null || stored === undefined || !untouched
            ? []
            : [
                {
                  ...stored,
                  decision: { ...row.before, decisionVersion: row.decisionVersion + 1 },
                  evidence: row.evidence,
                },
              ];
        });
        await decisions.save(userId, restored, session);
        const votes = await memory.find(
          userId,
          change.votes.map(({ key }) => key),
          session,
        );
        const same = change.votes.filter(
          ({ key, after }) => JSON.stringify(votes.get(key)) === JSON.stringify(after),
        );
        await memory.save(
          userId,
          new Map(same.flatMap(({ key, before }) => (before === null ? [] : [[key, [...before]]]))),
          session,
        );
        await memory.forget(
          userId,
          same.filter(({ before }) => before === null).map(({ key }) => key),
          session,
        );
        await pool.remove(userId, session, ids);
        await changes.markUndone(userId, changeId, clock.now(), session);
        await tell(userId, restored, session);
        return { restored: restored.length, kept: change.rows.length - restored.length };
      }),
  };
};

export type KeepChanges = ReturnType<typeof createKeepChanges>;
