import type { AggregationThread } from './aggregation-thread.ts';
import type { FailPoints } from './fail-points.ts';

/** What commands need to know of the server as a whole. */
export interface ServerState {
  /** Address that clients connect to: `127.0.0.1:port`. */
  address: string;
  port: number;
  startedAt: Date;
  /** Announced wire version: 21 (as MongoDB 7.0) or 25 (as MongoDB 8.0). */
  wireVersion: number;
  /** Version number that goes with the wire version. */
  version: string;
  failPoints: FailPoints;
  aggregationThread: AggregationThread;
  /** Settings that setParameter can change. */
  parameters: Map<string, unknown>;
  /** Number of open connections, and of all that were ever opened. */
  connections(): { current: number; totalCreated: number };
  /** Logical time in seconds and increment; grows with every call. */
  tick(): { seconds: number; increment: number };
  /** Logical time of the last write. */
  lastTime(): { seconds: number; increment: number };
  /** Starts a sweep for expired documents. */
  sweepExpired(): Promise<void>;
  /** Changes how often expired documents are looked for. */
  setTtlInterval(milliseconds: number): void;
  commandsRun: number;
}
