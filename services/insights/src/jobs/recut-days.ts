import type { Job } from '@orrery/service-kit';
import type { UserSettingsStore } from '../store/user-settings-store.ts';
import type { RebuildLedger } from '../use-cases/rebuild-ledger.ts';

/**
 * Cuts the days of ledgers anew whose users chose another time zone: every minute, so that a choice outlives a process
 * that stops half-way. A user whose rows cannot be read holds up nobody: the others are done, then the run fails.
 * @param parts the choices, and what puts the rows of a ledger on the calendar again
 */
export const recutDaysJob = (parts: { settings: UserSettingsStore; rebuildLedger: RebuildLedger }): Job => ({
  name: 'recut-days',
  cron: '* * * * *',
  run: async ({ signal }) => {
    const moved = await parts.settings.withMovedDays();
    const failures: unknown[] = [];
    for (const { userId, zoneChosenAt } of moved) {
      try {
        await parts.rebuildLedger({ userId, signal });
        await parts.settings.daysAreCut(userId, zoneChosenAt);
      } catch (error) {
        signal.throwIfAborted();
        failures.push(error);
      }
    }
    if (failures.length > 0) {
      throw new AggregateError(
        failures,
        `the days of ${String(failures.length)} users could not be cut anew`,
      );
    }
    return { users: moved.length };
  },
});
