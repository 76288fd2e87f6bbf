import { addMonths, periodContaining, type Clock } from '@orrery/calendar';
import type { MainUser, RecordsReader, UserRecords } from '@orrery/main-backend';
import { AppError } from '@orrery/service-kit';
import { fromMainBackend } from '../clients/main-backend-records.ts';
import type { FinancialRecords } from '../domain/financial-records.ts';
import { summarise, type FinancialSummary } from '../domain/financial-summary.ts';

/** A user's month and how to address the user. */
export interface UserMonth {
  userId: string;
  userName: string;
  email: string;
  summary: FinancialSummary;
}

export interface ReadMonthParts {
  /** Undefined without a main back end. */
  records: RecordsReader | undefined;
  ledger: (userId: string, today: string, signal?: AbortSignal) => Promise<FinancialRecords>;
  clock: Clock;
}

/** The main back end counts months and days in UTC. */
const ZONE = 'UTC';

const monthOf = (userId: string, records: FinancialRecords): UserMonth => ({
  userId,
  userName: records.userName,
  email: records.email,
  summary: summarise(records),
});

/** Days of the month before and of this month, as instants. */
const twoMonths = (today: string): { from: Date; before: Date } => {
  const { from } = periodContaining('month', today);
  return { from: new Date(addMonths(from, -1)), before: new Date(addMonths(from, 1)) };
};

/** Users of the main back end who were blocked or deleted keep their tokens; what is known about them stays closed. */
const refuseEnded = (user: MainUser | undefined): void => {
  if (user?.isBlocked === true || user?.isDeleted === true) {
    throw new AppError('forbidden', { detail: 'This account may not be used.' });
  }
};

const hasTooManyRows = (error: unknown): boolean =>
  error instanceof Error && error.name === 'TooManyRowsError';

/**
 * Reads where users' money stands: from the main back end, and from the ledger for those about whom it holds nothing.
 * @param parts both sources and business time
 */
export const createReadMonth = ({ records, ledger, clock }: ReadMonthParts) => {
  const readMain = async (
    reader: RecordsReader,
    userIds: readonly string[],
    today: string,
  ): Promise<Map<string, UserRecords>> => {
    try {
      return await reader.readRecords(userIds, twoMonths(today));
    } catch (error) {
      throw hasTooManyRows(error)
        ? new AppError('unavailable', { detail: 'There are too many rows to add up.', cause: error })
        : error;
    }
  };

  return {
    /** The present day of business time. */
    today: (): string => clock.today(ZONE),

    /**
     * Refuses a user of the main back end who was blocked or deleted, for routes that read nothing else there.
     * @param userId the user
     * @throws AppError `forbidden`; the driver's errors when the database cannot be reached
     */
    async requireStanding(userId: string): Promise<void> {
      refuseEnded(await records?.findUser(userId));
    },

    /**
     * One user's month.
     * @param userId the user
     * @param options `signal` ends the reading; `evenEnded` reads blocked and deleted users too, for administrators
     * @throws AppError `forbidden` for a user who was blocked or deleted, `upstream-unavailable`, `unavailable`; the
     *   driver's errors when the database cannot be reached
     */
    async one(
      userId: string,
      { signal, evenEnded = false }: { signal?: AbortSignal; evenEnded?: boolean } = {},
    ): Promise<UserMonth> {
      const today = clock.today(ZONE);
      const main = records === undefined ? undefined : (await readMain(records, [userId], today)).get(userId);
      if (!evenEnded) {
        refuseEnded(main?.user);
      }
      const known = main === undefined ? undefined : monthOf(userId, fromMainBackend(main, today));
      if (known?.summary.hasRows === true) {
        return known;
      }
      const fromLedger = monthOf(userId, await ledger(userId, today, signal));
      return known === undefined || fromLedger.summary.hasRows
        ? { ...fromLedger, userName: known?.userName ?? '', email: known?.email ?? '' }
        : known;
    },

    /**
     * Months of many users of the main back end; those who are unknown there are left out.
     * @param userIds a few hundred at most
     */
    async ofMainBackend(userIds: readonly string[]): Promise<UserMonth[]> {
      if (records === undefined) {
        return [];
      }
      const today = clock.today(ZONE);
      return [...(await readMain(records, userIds, today))].map(([userId, user]) =>
        monthOf(userId, fromMainBackend(user, today)),
      );
    },
  };
};

export type ReadMonth = ReturnType<typeof createReadMonth>;
