import { Counter, Gauge } from 'prom-client';
import type { Registry } from 'prom-client';

/**
 * The figures that tell how linked banks fare.
 * @param registry metrics of the service
 */
export const createBankMetrics = (registry: Registry) => ({
  runs: new Counter({
    name: 'bank_sync_runs_total',
    help: 'Runs that read a bank, by outcome',
    labelNames: ['outcome'],
    registers: [registry],
  }),
  restarts: new Counter({
    name: 'bank_sync_restarts_total',
    help: 'Times that pages were read again because the data moved',
    registers: [registry],
  }),
  rows: new Counter({
    name: 'bank_rows_changed_total',
    help: 'Rows that reading banks added, changed or removed',
    registers: [registry],
  }),
  broken: new Counter({
    name: 'bank_items_broken_total',
    help: 'Links that began to need their user, by code',
    labelNames: ['code'],
    registers: [registry],
  }),
  webhooks: new Counter({
    name: 'bank_webhooks_total',
    help: 'Webhooks by outcome: stored, repeated, refused, foreign (another environment), orphan (unknown link)',
    labelNames: ['outcome'],
    registers: [registry],
  }),
  oldestSync: new Gauge({
    name: 'bank_sync_lag_seconds',
    help: 'How long ago the bank that was just claimed had been due',
    registers: [registry],
  }),
});

export type BankMetrics = ReturnType<typeof createBankMetrics>;
