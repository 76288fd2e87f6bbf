import type { Audience, ErrorShape, HttpMethod, ServiceName } from '@orrery/contracts';

const SECOND = 1_000;
const KIB = 1_024;
const MIB = 1_024 * KIB;

/** Which counter a request is charged to; the numbers are settings. */
export type RateClass = 'standard' | 'upload';

/** One row of the public surface. */
export interface RouteRule {
  /**
   * Path of the public surface. It also covers everything below it, unless `exact`. `{id}` stands for one segment.
   * The longest matching rule wins.
   */
  path: string;
  exact?: boolean;
  /** Methods the rule takes; absent means all, and the service answers 405 itself. */
  methods?: readonly HttpMethod[];
  service: ServiceName;
  /** The least role that passes the gateway. The service checks again, by its own route declarations. */
  audience: Exclude<Audience, 'service'>;
  /** Error body of refusals by the gateway itself. */
  errorShape: ErrorShape;
  /** Time for the whole answer, in milliseconds; for streams, the longest silence. */
  timeoutMs: number;
  rateClass: RateClass;
  bodyLimitBytes: number;
  /** The answer may be an event stream: headers go out at once and no total time limit applies. */
  streaming?: boolean;
}

/** Rules of the `/v1` surface: problem bodies, JSON up to 1 MiB. */
const v1 = {
  audience: 'user',
  errorShape: 'problem',
  timeoutMs: 28 * SECOND,
  rateClass: 'standard',
  bodyLimitBytes: MIB,
} as const;
/** Cash Sense: `{ "error": … }` bodies. */
const cashSense = { ...v1, errorShape: 'error' } as const;
/** PocketC and its administration: FastAPI's `{ "detail": … }` bodies. */
const pocketc = { ...v1, errorShape: 'detail' } as const;

/** The whole public surface behind the gateway, by path. Everything that is not here does not exist outside. */
export const ROUTES: readonly RouteRule[] = [
  { path: '/admin/rebuild-daily-metrics', service: 'insights', ...pocketc, audience: 'admin' },
  { path: '/api/budget_summary', service: 'insights', ...cashSense },
  { path: '/api/set_budget_goal', service: 'insights', ...cashSense },
  { path: '/api/spending_report', service: 'insights', ...cashSense },
  { path: '/v1/alerts', service: 'insights', ...v1 },
  { path: '/v1/alerts/stream', exact: true, service: 'insights', ...v1, streaming: true, timeoutMs: 60 * SECOND },
  { path: '/v1/budgets', service: 'insights', ...v1 },
  { path: '/v1/categories', service: 'categorization', ...v1 },
  { path: '/v1/categorize', service: 'categorization', ...v1 },
  {
    path: '/v1/imports',
    service: 'ingestion',
    ...v1,
    rateClass: 'upload',
    bodyLimitBytes: 51 * MIB,
    timeoutMs: 120 * SECOND,
  },
  { path: '/v1/recurring', service: 'insights', ...v1 },
  { path: '/v1/transactions', service: 'insights', ...v1 },
];
