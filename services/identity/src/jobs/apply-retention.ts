import type { Clock } from '@orrery/calendar';
import type { Job } from '@orrery/service-kit';
import type { AuditStore } from '../store/audit-store.ts';
import type { ErasureStore } from '../store/erasure-store.ts';

const DAY_MS = 24 * 60 * 60_000;

/**
 * The nightly job that removes what has been kept for its time.
 * @param parts stores, clock and days for which rows are kept
 */
export const applyRetention = (parts: {
  audit: AuditStore;
  erasures: ErasureStore;
  clock: Pick<Clock, 'now'>;
  auditDays: number;
  erasureDays: number;
}): Job => ({
  name: 'apply-retention',
  cron: '40 3 * * *',
  run: async () => {
    const before = (days: number): Date => new Date(parts.clock.now().getTime() - days * DAY_MS);
    return {
      audit_log: await parts.audit.removeOlder(before(parts.auditDays)),
      erasures: await parts.erasures.removeOlder(before(parts.erasureDays)),
    };
  },
});
