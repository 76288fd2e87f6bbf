import type { CalendarDay } from '@orrery/calendar';

/** The sandbox's time. Both of its clocks run ahead by what the control route has added. */
export interface SandboxClock {
  /** Real time in epoch milliseconds; for tokens, limits, readiness and retries. */
  real(): number;
  /** Business time in epoch milliseconds; for the dates of transactions. */
  business(): number;
  /** The day of business time in UTC. */
  today(): CalendarDay;
  /** How far both run ahead, in milliseconds. */
  ahead(): number;
  /** @param ms how much further they run ahead */
  advance(ms: number): void;
}

/**
 * A clock for one sandbox.
 * @param businessNow business time in epoch milliseconds; stands still when business time is frozen
 * @param aheadMs how far it ran ahead when it was stopped
 */
export const createSandboxClock = (businessNow: () => number, aheadMs: number): SandboxClock => {
  let ahead = aheadMs;
  const business = (): number => businessNow() + ahead;
  return {
    real: () => Date.now() + ahead,
    business,
    today: () => new Date(business()).toISOString().slice(0, 10),
    ahead: () => ahead,
    advance(ms) {
      ahead += ms;
    },
  };
};
