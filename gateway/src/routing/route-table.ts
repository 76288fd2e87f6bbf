import type { Audience, ErrorShape, HttpMethod, ServiceName } from '@orrery/contracts';

const SECOND = 1_000;
const KIB = 1_024;
const MIB = 1_024 * KIB;

/** Which counter a request is charged to; the numbers are settings. */
export type RateClass = 'standard' | 'upload' | 'chat' | 'login';

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
  /** Cookie that is taken for a token when there is no `Authorization` header: for pages, which cannot send one. */
  cookie?: string;
  /** Error body of refusals by the gateway itself. */
  errorShape: ErrorShape;
  /** What a refused sign-in says, where clients of a legacy system compare the words; `code` is its `error_code`. */
  signInWords?: { detail: string; code?: string };
  /** Time for the whole answer, in milliseconds; for streams, the longest silence. */
  timeoutMs: number;
  rateClass: RateClass;
  bodyLimitBytes: number;
  /** The answer may be an event stream: headers go out at once and no total time limit applies. */
  streaming?: boolean;
  /**
   * The route takes WebSockets. `sign-in-first` refuses a bad token before the upgrade; `tell-inside` lets the service
   * accept and say so in a frame, as Reho's contract wants. Without it an upgrade is refused.
   */
  socket?: 'sign-in-first' | 'tell-inside';
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
/** Cash Sense's routes that ask a bank now, which may take half a minute and more. */
const bankAnswer = { ...cashSense, timeoutMs: 80 * SECOND } as const;
/** The same on the new surface. */
const bankWork = { ...v1, timeoutMs: 80 * SECOND } as const;
/** PocketC and its administration: FastAPI's `{ "detail": … }` bodies. */
const pocketc = { ...v1, errorShape: 'detail' } as const;

/** Accounts: PocketC's bodies; some of it before anybody is signed in. */
const account = {
  ...pocketc,
  service: 'identity',
  signInWords: { detail: 'Could not validate credentials' },
} as const;
const open = { ...account, audience: 'public' } as const;
/** Reho: FastAPI's bodies too. */
const reho = { ...pocketc, service: 'advisor' } as const;
/** Detectors take 20,000 transactions at once. */
const batch = { ...v1, bodyLimitBytes: 8 * MIB } as const;

/** Customer analysis: `{ "error_code", "message" }` bodies; its word for every failed sign-in is the same. */
const analysis = {
  ...v1,
  service: 'segmentation',
  errorShape: 'error-code',
  signInWords: { detail: 'Could not validate credentials', code: 'HTTP_EXCEPTION' },
} as const;
/** Customer segmentation API: FastAPI's bodies. */
const segments = {
  ...pocketc,
  service: 'segmentation',
  signInWords: { detail: 'Could not validate credentials' },
} as const;
/** Answers when the work is done. */
const patient = { timeoutMs: 125 * SECOND } as const;

/** The whole public surface behind the gateway, by path. Everything that is not here does not exist outside. */
export const ROUTES: readonly RouteRule[] = [
  { path: '/admin/alerts', ...reho, audience: 'admin' },
  { path: '/admin/jobs', service: 'operations', ...v1, audience: 'admin' },
  { path: '/admin/monitor', service: 'operations', ...v1, audience: 'public', cookie: 'orrery_operator' },
  { path: '/admin/rebuild-clusters', service: 'segmentation', ...pocketc, audience: 'admin' },
  { path: '/admin/rebuild-daily-metrics', service: 'insights', ...pocketc, audience: 'admin' },
  { path: '/admin/run-analysis', ...reho, audience: 'admin' },
  { path: '/admin/schedule', service: 'operations', ...v1, audience: 'admin' },
  { path: '/admin/stats', ...account },
  { path: '/admin/user-dashboard', ...reho, audience: 'admin' },
  { path: '/admin/users', ...account },
  { path: '/ai/categories', service: 'categorization', ...pocketc },
  { path: '/ai/missions', service: 'missions', ...pocketc },
  { path: '/api/analysis', ...analysis, bodyLimitBytes: 4 * MIB },
  { path: '/api/add_transaction', service: 'ingestion', ...cashSense },
  { path: '/api/budget_summary', service: 'insights', ...cashSense },
  { path: '/api/categorize_transaction', service: 'categorization', ...cashSense },
  { path: '/api/create_link_token', service: 'ingestion', ...cashSense },
  { path: '/api/create_sandbox_token', service: 'ingestion', ...cashSense },
  { path: '/api/detect_anomalies', service: 'insights', ...cashSense },
  { path: '/api/exchange_token', service: 'ingestion', ...cashSense },
  { path: '/api/get_accounts', service: 'ingestion', ...cashSense },
  { path: '/api/get_balances', service: 'ingestion', ...bankAnswer },
  { path: '/api/get_investments', service: 'ingestion', ...bankAnswer },
  { path: '/api/predict_expenses', service: 'insights', ...cashSense },
  { path: '/api/reset_test_transactions', service: 'ingestion', ...cashSense },
  { path: '/api/retrain_models', service: 'categorization', ...cashSense },
  { path: '/api/set_budget_goal', service: 'insights', ...cashSense },
  { path: '/api/cash_flow_forecast', service: 'insights', ...cashSense },
  { path: '/api/get_transactions', service: 'insights', ...cashSense },
  { path: '/api/savings_opportunities', service: 'insights', ...cashSense },
  { path: '/api/spending_report', service: 'insights', ...cashSense },
  { path: '/api/toggle_demo_mode', service: 'ingestion', ...cashSense },
  { path: '/auth/login', ...open, rateClass: 'login' },
  { path: '/auth/logout', ...account },
  { path: '/auth/me', ...account },
  { path: '/auth/refresh', ...open, rateClass: 'login' },
  { path: '/auth/register', ...open },
  { path: '/charts', ...segments, ...patient },
  { path: '/clusters', ...segments },
  { path: '/elbow', ...segments, ...patient },
  { path: '/history', ...segments },
  { path: '/predict', ...segments },
  { path: '/profiles', ...segments },
  { path: '/train', ...segments, ...patient, audience: 'admin' },
  { path: '/chat/conversations', service: 'chat', ...pocketc },
  {
    path: '/chat/ws',
    exact: true,
    service: 'chat',
    ...pocketc,
    audience: 'public',
    socket: 'tell-inside',
  },
  { path: '/calculator', ...reho },
  { path: '/feedback', ...reho },
  { path: '/schedule/run-daily-ai-jobs', ...reho, audience: 'public' },
  { path: '/suggestions', ...reho },
  { path: '/users', ...account },
  { path: '/v1/accounts', service: 'ingestion', ...bankWork },
  { path: '/v1/admin-alerts', service: 'advisor', ...v1, audience: 'admin' },
  { path: '/v1/admin-views', service: 'advisor', ...v1, audience: 'admin' },
  { path: '/v1/alerts', service: 'insights', ...v1 },
  { path: '/v1/alerts/stream', service: 'insights', ...v1, streaming: true, timeoutMs: 60 * SECOND },
  { path: '/v1/anomalies', service: 'insights', ...batch },
  { path: '/v1/audit-log', service: 'identity', ...v1 },
  { path: '/v1/budgets', service: 'insights', ...v1 },
  { path: '/v1/categories', service: 'categorization', ...v1 },
  { path: '/v1/categorize', service: 'categorization', ...v1 },
  { path: '/v1/categorizer', service: 'categorization', ...v1 },
  { path: '/v1/debt-plan', service: 'advisor', ...v1 },
  { path: '/v1/forecast', service: 'insights', ...v1 },
  {
    path: '/v1/imports',
    service: 'ingestion',
    ...v1,
    rateClass: 'upload',
    bodyLimitBytes: 51 * MIB,
    timeoutMs: 120 * SECOND,
  },
  { path: '/v1/items', service: 'ingestion', ...v1 },
  { path: '/v1/models', service: 'segmentation', ...v1, bodyLimitBytes: 16 * MIB },
  { path: '/v1/matches', service: 'ingestion', ...v1 },
  { path: '/v1/models/categorizer', service: 'categorization', ...v1 },
  { path: '/v1/predict', service: 'segmentation', ...v1 },
  { path: '/v1/privacy', service: 'identity', ...v1 },
  { path: '/v1/privacy/erasures', service: 'identity', ...v1, audience: 'public' },
  { path: '/v1/recategorizations', service: 'categorization', ...v1 },
  { path: '/v1/exports', service: 'insights', ...v1 },
  { path: '/v1/recurring', service: 'insights', ...v1 },
  { path: '/v1/recurring/detect', service: 'insights', ...batch },
  { path: '/v1/rules', service: 'categorization', ...v1 },
  { path: '/v1/segments', service: 'segmentation', ...v1 },
  { path: '/v1/settings', service: 'insights', ...v1 },
  { path: '/v1/spending', service: 'insights', ...v1 },
  { path: '/v1/summary', service: 'advisor', ...v1 },
  { path: '/v1/transactions', service: 'insights', ...v1 },
  { path: '/v1/transfers', service: 'ingestion', ...bankWork },
  { path: '/v1/transactions/{transactionId}/category', service: 'categorization', ...v1 },
  { path: '/v1/transactions/{transactionId}/explanation', service: 'categorization', ...v1 },
  { path: '/v1/missions', service: 'missions', ...v1 },
  { path: '/v1/chat/conversations', service: 'chat', ...v1 },
  {
    path: '/v1/chat/messages',
    service: 'chat',
    ...v1,
    rateClass: 'chat',
    streaming: true,
    timeoutMs: 60 * SECOND,
  },
  // Signed by the bank provider, which has no token of ours.
  {
    path: '/webhooks/plaid',
    exact: true,
    methods: ['post'],
    service: 'ingestion',
    ...v1,
    audience: 'public',
  },
];
