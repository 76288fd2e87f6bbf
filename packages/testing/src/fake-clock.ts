import { clockFrom, type Clock } from '@orrery/calendar';

/** A clock that moves only when told. */
export interface FakeClock extends Clock {
  /** Moves forward. @param ms milliseconds */
  advance(ms: number): void;
  /** Jumps to an instant. @param instant ISO 8601 */
  set(instant: string): void;
}

/**
 * Makes a clock for tests.
 * @param start where it stands, ISO 8601
 */
export const fakeClock = (start = '2026-03-16T12:00:00Z'): FakeClock => {
  let epochMs = Date.parse(start);
  return {
    ...clockFrom(() => new Date(epochMs)),
    advance: (ms) => {
      epochMs += ms;
    },
    set: (instant) => {
      epochMs = Date.parse(instant);
    },
  };
};
