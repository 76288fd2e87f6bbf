import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';

const read = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');

const Paths = z.object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) });
const Channels = z.object({ channels: z.record(z.string(), z.unknown()) });

const normal = (path: string): string => path.replaceAll(/\{[^}]+\}/g, '{}').replace(/(?<=.)\/$/, '');

const served = new Set(
  Object.entries(Paths.parse(JSON.parse(read('docs/api/openapi.json'))).paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${normal(path)}`),
  ),
);
const events = new Set(
  Object.keys(Channels.parse(JSON.parse(read('docs/api/asyncapi.json'))).channels).map((name) =>
    name.replace(/\.v\d+$/, ''),
  ),
);
const settings = new Set(
  [...read('.env.example').matchAll(/^#? ?([A-Z][A-Za-z_]+)=/gm)].map(([, name = '']) => name),
);

/** What deployed clients of each surface call; a route that goes missing here breaks somebody's app. */
const CALLED: Readonly<Record<string, string>> = {
  'every system': 'GET /, /health, /healthz, /readyz, /docs, /redoc, /openapi.json, /asyncapi.json',
  Reho: `GET /suggestions, /feedback/optimize-expenses, /feedback/optimize-budget, /feedback/optimize-debt,
    /calculator/tips, /calculator/savings-tip, /admin/alerts, /admin/user-dashboard/{}, /chat/conversations, /chat/ws
    POST /suggestions/generate, /feedback/optimize-expenses, /feedback/optimize-budget, /feedback/optimize-debt,
    /admin/run-analysis, /schedule/run-daily-ai-jobs
    PATCH /chat/conversations/{}
    DELETE /chat/conversations/{}`,
  PocketC: `GET /ai/categories, /ai/missions/{}, /ai/missions/{}/daily, /ai/missions/{}/weekly, /ai/missions/{}/monthly
    POST /ai/categories, /ai/categories/{}, /admin/rebuild-daily-metrics, /admin/rebuild-clusters`,
  'Cash Sense': `GET /api/retrain_models, /api/budget_summary, /api/spending_report, /api/savings_opportunities,
    /api/cash_flow_forecast
    POST /api/create_link_token, /api/exchange_token, /api/create_sandbox_token, /api/get_transactions,
    /api/add_transaction, /api/toggle_demo_mode, /api/reset_test_transactions, /api/get_accounts, /api/get_balances,
    /api/get_investments, /api/categorize_transaction, /api/predict_expenses, /api/detect_anomalies,
    /api/retrain_models, /api/set_budget_goal, /webhooks/plaid`,
  'customer analysis': 'POST /api/analysis, /api/analysis/batch',
  'customer segmentation': `GET /auth/me, /clusters, /elbow, /history, /history/export, /charts/clusters, /charts/elbow,
    /users/me/profile, /users, /users/{}, /profiles, /profiles/{}, /admin/users, /admin/users/{}, /admin/stats
    POST /auth/register, /auth/login, /auth/logout, /train, /predict, /profiles
    PUT /users/me, /users/{}/role, /profiles/{}, /admin/users/{}/role, /admin/users/{}/toggle-active
    DELETE /users/me, /users/{}, /profiles/{}, /admin/users/{}`,
  'the operators': `GET /admin/jobs, /admin/jobs/{}, /admin/schedule
    POST /admin/jobs/{}/run`,
  '/v1': `GET /v1/items, /v1/items/{}, /v1/accounts, /v1/imports/{}, /v1/transfers, /v1/transactions,
    /v1/transactions/{}/explanation, /v1/categories, /v1/rules, /v1/recurring, /v1/budgets, /v1/alerts,
    /v1/alerts/stream, /v1/alerts/settings, /v1/settings, /v1/exports, /v1/segments/me, /v1/models, /v1/missions,
    /v1/missions/history, /v1/missions/streak, /v1/missions/{}/progress, /v1/summary,
    /v1/chat/conversations/{}/messages, /v1/privacy/export
    POST /v1/imports, /v1/transfers, /v1/categorize, /v1/rules, /v1/rules/preview, /v1/predict, /v1/models/{}/train,
    /v1/missions/{}/accept, /v1/missions/{}/dismiss, /v1/chat/messages, /v1/debt-plan, /v1/forecast, /v1/anomalies,
    /v1/recurring/detect, /v1/privacy/erase
    PUT /v1/transactions/{}/category
    PATCH /v1/rules/{}, /v1/alerts/{}, /v1/settings
    DELETE /v1/rules/{}, /v1/items/{}`,
};

const routesIn = (text: string): string[] =>
  [...text.matchAll(/([A-Z]+) ([^A-Z]+)/g)].flatMap(([, method = '', paths = '']) =>
    paths.split(',').map((path) => `${method} ${path.trim()}`),
  );

describe('the public surface', () => {
  it.each(Object.keys(CALLED))('has every route that clients of %s call', (surface) => {
    const called = routesIn(CALLED[surface] ?? '');

    expect(called.length).toBeGreaterThan(1);
    expect(called.filter((route) => !served.has(route))).toEqual([]);
  });

  it('has every event of the flow', () => {
    const flow =
      `bank.item-linked bank.item-broken bank.item-removed transactions.ingested transactions.removed
      transactions.categorized category.corrected categorizer.trained metrics.daily-updated budget.threshold-reached
      anomaly.detected recurring.changed forecast.shortfall-expected alert.raised segments.trained
      user.segment-assigned mission.issued mission.completed mission.failed advice.generated user.registered
      user.standing-changed user.erasure-requested user.erased-by-insights`.split(/\s+/);

    expect(flow.filter((name) => !events.has(name))).toEqual([]);
  });

  it('keeps the names of settings that older installations have', () => {
    const kept =
      `DATABASE_URL MONGO_DB_NAME JWT_SECRET JWT_ALGORITHM SECRET_KEY OPENAI_API_KEY SCHEDULER_API_KEY
      ALLOWED_HOST_ORIGINS CORS_ORIGINS SUPABASE_JWT_SECRET DISABLE_AUTH APP_ENV PLAID_ENV_MODE PLAID_CLIENT_ID
      PLAID_SECRET_sand PLAID_SECRET_dev PLAID_SECRET_prod ACCESS_TOKEN_EXPIRE_MINUTES ADMIN_USERNAME ADMIN_EMAIL
      ADMIN_PASSWORD RATE_LIMIT RATE_LIMIT_USER RATE_LIMIT_ADDRESS RATE_LIMIT_CHAT RATE_LIMIT_LOGIN`.split(
        /\s+/,
      );

    expect(kept.filter((name) => !settings.has(name))).toEqual([]);
  });
});
