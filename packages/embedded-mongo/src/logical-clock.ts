import { Timestamp } from 'bson';

/** A logical time: seconds since 1970 and a counter within the second. */
export interface LogicalTime {
  seconds: number;
  increment: number;
}

/** A logical time as BSON. */
export function timestampOf(time: LogicalTime): Timestamp {
  return new Timestamp({ t: time.seconds, i: time.increment });
}

/** A logical clock that never goes back and never stands still. */
export class LogicalClock {
  private seconds: number;
  private increment = 0;

  /**
   * `last` is the latest time that is stored. Times that an earlier run gave out without storing them lie at most
   * in the second that has begun, so that the clock starts behind it.
   */
  constructor(last?: LogicalTime) {
    const next = Math.floor(Date.now() / 1000) + 1;
    this.seconds = Math.max(next, (last?.seconds ?? 0) + 1);
  }

  /** The next time. */
  tick(): LogicalTime {
    const now = Math.floor(Date.now() / 1000);
    if (now > this.seconds) {
      this.seconds = now;
      this.increment = 1;
    } else {
      this.increment += 1;
    }
    return this.last();
  }

  /** The time that was given out last. */
  last(): LogicalTime {
    return { seconds: this.seconds, increment: this.increment };
  }
}
