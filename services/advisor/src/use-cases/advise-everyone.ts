import type { RecordsReader } from '@orrery/main-backend';
import { AppError } from '@orrery/service-kit';
import type { Logger } from 'pino';
import { spentShare } from '../domain/admin/peers.ts';
import type { LedgerUserStore } from '../store/ledger-user-store.ts';
import type { AdviceRun, RunStore } from '../store/run-store.ts';
import type { AdviseUsers } from './advise-users.ts';
import type { KeepPhraseBook } from './keep-phrase-book.ts';
import type { ReadMonth, UserMonth } from './read-month.ts';

export interface AdviseEveryoneParts {
  months: ReadMonth;
  /** Undefined without a main back end. */
  records: RecordsReader | undefined;
  ledgerUsers: LedgerUserStore;
  advise: AdviseUsers;
  book: KeepPhraseBook;
  runs: RunStore;
  /** Groups of users at work at the same time. */
  concurrency: number;
  logger: Logger;
}

/** Users whose rows are read and advised together; their rows are all that is in memory of a group. */
const GROUP = 100;

const groupsOf = (ids: readonly string[]): string[][] =>
  Array.from({ length: Math.ceil(ids.length / GROUP) }, (_, index) =>
    ids.slice(index * GROUP, (index + 1) * GROUP),
  );

/**
 * A user whose figures cannot be added up, or who was blocked a moment ago, is left out; an outage stops the run, and it
 * is taken up later.
 */
const isAboutOneUser = (error: unknown): boolean =>
  error instanceof AppError && (error.code === 'unavailable' || error.code === 'forbidden');

interface GroupOutcome {
  users: number;
  changed: number;
  skipped: number;
  shares: number[];
}

/**
 * Advises every user: suggestions, alerts and the figures of all together. A run walks in the order of ids, a window of
 * groups at a time, and writes down how far it came, so that it goes on there after a kill.
 * @param parts sources, stores and limits
 */
export const createAdviseEveryone = (parts: AdviseEveryoneParts) => {
  const { months, records, ledgerUsers, advise, book, runs, concurrency, logger } = parts;

  const readOneByOne = async (
    ids: readonly string[],
    signal: AbortSignal,
  ): Promise<{ read: UserMonth[]; skipped: number }> => {
    const read: UserMonth[] = [];
    let skipped = 0;
    for (const id of ids) {
      signal.throwIfAborted();
      try {
        read.push(await months.one(id, { signal }));
      } catch (error) {
        if (!isAboutOneUser(error)) {
          throw error;
        }
        skipped += 1;
        logger.warn({ err: error }, 'a user could not be advised');
      }
    }
    return { read, skipped };
  };

  const readGroup = async (
    phase: AdviceRun['phase'],
    ids: readonly string[],
    signal: AbortSignal,
  ): Promise<{ read: UserMonth[]; skipped: number }> => {
    if (phase === 'ledger') {
      const known = new Set((await months.ofMainBackend(ids)).map(({ userId }) => userId));
      return readOneByOne(
        ids.filter((id) => !known.has(id)),
        signal,
      );
    }
    try {
      return { read: await months.ofMainBackend(ids), skipped: 0 };
    } catch (error) {
      if (!isAboutOneUser(error)) {
        throw error;
      }
      return readOneByOne(ids, signal);
    }
  };

  const adviseGroup = async (
    phase: AdviceRun['phase'],
    ids: readonly string[],
    signal: AbortSignal,
  ): Promise<GroupOutcome> => {
    const { read, skipped } = await readGroup(phase, ids, signal);
    const { changed } = await advise.advise(read, await book.read());
    const shares = read.flatMap(({ summary }) => spentShare(summary) ?? []);
    return { users: read.length, changed, skipped, shares };
  };

  const idsAfter = (run: AdviceRun): Promise<string[]> => {
    const limit = GROUP * concurrency;
    const after = run.after ?? undefined;
    if (run.phase === 'ledger') {
      return ledgerUsers.list(after, limit);
    }
    return records === undefined ? Promise.resolve([]) : records.listAdvisedUsers(after, limit);
  };

  const step = async (run: AdviceRun, signal: AbortSignal): Promise<AdviceRun | undefined> => {
    const ids = await idsAfter(run);
    if (ids.length === 0) {
      return run.phase === 'main-backend' ? { ...run, phase: 'ledger', after: null } : undefined;
    }
    const outcomes = await Promise.all(groupsOf(ids).map((group) => adviseGroup(run.phase, group, signal)));
    const total = (pick: (outcome: GroupOutcome) => number): number =>
      outcomes.reduce((sum, outcome) => sum + pick(outcome), 0);
    const shares = [...run.shares];
    for (const share of outcomes.flatMap((outcome) => outcome.shares)) {
      shares[share] = (shares[share] ?? 0) + 1;
    }
    return {
      ...run,
      after: ids.at(-1) ?? null,
      users: run.users + total(({ users }) => users),
      changed: run.changed + total(({ changed }) => changed),
      skipped: run.skipped + total(({ skipped }) => skipped),
      shares,
    };
  };

  return {
    /** Whether a run waits to be taken up. */
    isCutOff: async (): Promise<boolean> => (await runs.unfinished()) !== undefined,

    /**
     * Takes up the run that was cut off today, or begins one, and goes on to its end.
     * @param signal stops it between two groups
     * @returns users advised, those with new suggestions, and those left out
     * @throws AppError `conflict` when another process took the run over
     */
    async run(signal: AbortSignal): Promise<{ users: number; changed: number; skipped: number }> {
      const today = months.today();
      const cutOff = await runs.unfinished();
      if (cutOff !== undefined && cutOff.day !== today) {
        await runs.abandon(cutOff.id);
      }
      await book.renew(signal);
      let run = cutOff?.day === today ? cutOff : await runs.begin(today);
      for (;;) {
        signal.throwIfAborted();
        const next = await step(run, signal);
        if (next === undefined) {
          await runs.finish(run);
          return { users: run.users, changed: run.changed, skipped: run.skipped };
        }
        if (!(await runs.advance(run, next))) {
          throw new AppError('conflict', { detail: 'Another process took this run over.' });
        }
        run = next;
      }
    },

    /**
     * Advises one user now.
     * @param userId the user
     * @param signal stops it
     */
    async one(userId: string, signal: AbortSignal): Promise<{ changed: number }> {
      return advise.advise([await months.one(userId, { signal })], await book.read());
    },
  };
};

export type AdviseEveryone = ReturnType<typeof createAdviseEveryone>;
