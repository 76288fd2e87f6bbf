import { AppError } from '@orrery/service-kit';
import type { Runtime } from '@orrery/service-kit';
import type { Decision } from '../domain/types.ts';
import type { DecisionStore, StoredDecision } from '../store/decision-store.ts';
import type { RuleStore } from '../store/rule-store.ts';
import { requireLeaf } from './correct-category.ts';
import type { DecideBatch } from './decide-batch.ts';
import { toContract } from './file-transactions.ts';
import { byTheUser } from './keep-changes.ts';
import type { KeepChanges, Replacement } from './keep-changes.ts';

/** Transactions that are looked at, newest first. */
const WINDOW = 5000;
/** Transactions that one call changes; what is left is told and can be asked for again. */
const MAX_CHANGES = 1000;

/** What to do to the past. */
export type Recategorization =
  /** The user's own word on these transactions; it is learnt. */
  | { kind: 'bulk-correction'; transactionIds: readonly string[]; category: string }
  /** Where this rule is the first of the user's rules that applies, it decides. */
  | { kind: 'rule'; ruleId: string }
  /** Everything is decided again with today's rules, memory and model. */
  | { kind: 'decided-anew' };

/** What a change of the past did, or would do. */
export interface RecategorizationOutcome {
  checked: number;
  replaced: readonly Replacement[];
  /** More would change than one call does; ask again. */
  more: boolean;
  /** Id for an undo; null for a dry run, or when nothing changed. */
  changeId: string | null;
}

export interface RecategorizeParts extends Pick<Runtime<unknown>, 'inTransaction'> {
  decisions: DecisionStore;
  rules: RuleStore;
  decide: DecideBatch;
  changes: KeepChanges;
}

const isOther = ({ before, after }: Replacement): boolean =>
  before.decision.category !== after.decision.category ||
  before.decision.decision !== after.decision.decision ||
  before.decision.source !== after.decision.source;

const decided = (before: StoredDecision, outcome: Decision): Replacement => ({
  before,
  after: {
    ...before,
    decision: toContract(outcome, before.decision.decisionVersion + 1),
    evidence: outcome.evidence,
    merchantKey: outcome.merchantKey,
  },
});

/**
 * Makes the use case that changes the past in bulk, with a dry run and an id for an undo. What the user filed by hand
 * changes only by the user's own word. One database transaction with its events.
 * @param parts stores, the deciding use case, the keeper of changes and transactions
 */
export const createRecategorize = ({
  decisions,
  rules,
  decide,
  changes,
  inTransaction,
}: RecategorizeParts) => {
  const bySaying = async (
    userId: string,
    transactionIds: readonly string[],
    category: string,
  ): Promise<{ checked: number; replaced: Replacement[] }> => {
    requireLeaf(category);
    const found = await decisions.find(userId, transactionIds);
    const rows = [...new Set(transactionIds)].flatMap((id) => found.get(id)?.stored ?? []);
    if (rows.length < new Set(transactionIds).size) {
      throw new AppError('not-found', { detail: 'Not all of these transactions exist.' });
    }
    return { checked: rows.length, replaced: rows.map((row) => byTheUser(row, category)) };
  };

  const byDeciding = async (
    userId: string,
    ruleId: string | null,
  ): Promise<{ checked: number; replaced: Replacement[] }> => {
    if (ruleId !== null && !(await rules.list(userId)).some(({ id }) => id === ruleId)) {
      throw new AppError('not-found', { detail: 'There is no such rule.' });
    }
    const recent = await decisions.recent(userId, WINDOW);
    const open = recent.filter(({ decision }) => decision.source !== 'user');
    const outcomes = await decide(
      userId,
      open.map(({ transaction }) => transaction),
    );
    const replaced = open.flatMap((row, index): Replacement[] => {
      const outcome = outcomes[index];
      return outcome === undefined || (ruleId !== null && outcome.ruleId !== ruleId)
        ? []
        : [decided(row, outcome)];
    });
    return { checked: recent.length, replaced };
  };

  return async (
    userId: string,
    what: Recategorization,
    dryRun: boolean,
  ): Promise<RecategorizationOutcome> => {
    const { checked, replaced } =
      what.kind === 'bulk-correction'
        ? await bySaying(userId, what.transactionIds, what.category)
        : await byDeciding(userId, what.kind === 'rule' ? what.ruleId : null);
    const changing = replaced.filter(isOther);
    if (dryRun) {
      return { checked, replaced: changing, more: changing.length > MAX_CHANGES, changeId: null };
    }
    const due = changing.slice(0, MAX_CHANGES);
    return inTransaction(async (session) => {
      // Deciding took its time outside of the transaction: what moved on meanwhile is left alone.
      const present = await decisions.find(
        userId,
        due.map(({ before }) => before.transaction.transactionId),
        session,
      );
      const still = due.filter(({ before: { transaction, decision } }) => {
        const entry = present.get(transaction.transactionId);
        return (
          entry?.stored !== undefined &&
          entry.stored !== null &&
          entry.decisionVersion === decision.decisionVersion &&
          entry.rowVersion === transaction.rowVersion
        );
      });
      const said = what.kind === 'bulk-correction' ? still : [];
      const following = what.kind === 'bulk-correction' ? [] : still;
      const changeId = await changes.make(userId, what.kind, said, following, session);
      return { checked, replaced: still, more: changing.length > due.length, changeId };
    });
  };
};

export type Recategorize = ReturnType<typeof createRecategorize>;
