/** Tokens set aside before a call, because only afterwards it is known what it took. */
export interface Reservation {
  userId: string;
  /** UTC day, `YYYY-MM-DD`, whose budget is charged. */
  day: string;
  tokens: number;
}

/** Ceilings per UTC day; tokens of the prompt and of the answer count alike. */
export interface TokenCeilings {
  perUser: number;
  inAll: number;
}

/** Where spent tokens are counted. Two adapters: this process's memory and a database that replicas share. */
export interface TokenBudget {
  /**
   * Sets tokens aside for one call.
   * @param userId for whom the model is asked
   * @param tokens the most that the call may take
   * @returns undefined when a ceiling would be passed
   */
  reserve(userId: string, tokens: number): Promise<Reservation | undefined>;
  /**
   * Replaces a reservation by what the call took; 0 when it never reached the model.
   * @param reservation from `reserve`
   * @param usedTokens prompt and answer
   */
  settle(reservation: Reservation, usedTokens: number): Promise<void>;
}

/**
 * The UTC day of an instant; ceilings follow the machine's clock, not business time.
 * @param epochMs milliseconds since 1970
 */
export const utcDay = (epochMs: number): string => new Date(epochMs).toISOString().slice(0, 10);

/**
 * Counts in this process; for one process, and for tests.
 * @param ceilings tokens per UTC day
 * @param now milliseconds since 1970; default the machine's clock
 */
export const memoryTokenBudget = (ceilings: TokenCeilings, now: () => number = Date.now): TokenBudget => {
  let day = '';
  let inAll = 0;
  const byUser = new Map<string, number>();

  const turn = (today: string): void => {
    if (day !== today) {
      day = today;
      inAll = 0;
      byUser.clear();
    }
  };
  const add = (userId: string, tokens: number): void => {
    inAll += tokens;
    byUser.set(userId, (byUser.get(userId) ?? 0) + tokens);
  };

  return {
    reserve: (userId, tokens) => {
      turn(utcDay(now()));
      const isOver = (byUser.get(userId) ?? 0) + tokens > ceilings.perUser || inAll + tokens > ceilings.inAll;
      if (isOver) {
        return Promise.resolve(undefined);
      }
      add(userId, tokens);
      return Promise.resolve({ userId, day, tokens });
    },
    settle: (reservation, usedTokens) => {
      turn(utcDay(now()));
      // What was reserved yesterday was forgotten with yesterday.
      if (reservation.day === day) {
        add(reservation.userId, usedTokens - reservation.tokens);
      }
      return Promise.resolve();
    },
  };
};
