import type { Job } from '@orrery/service-kit';
import type { IssueMissions } from '../use-cases/issue-missions.ts';
import type { KeepHouse } from '../use-cases/keep-house.ts';
import type { ReportMissions } from '../use-cases/report-missions.ts';
import type { SettleMissions } from '../use-cases/settle-missions.ts';

/**
 * The jobs of missions. Midnight comes at every quarter of an hour somewhere, so the job that issues missions looks
 * that often for zones where a day has begun; it does nothing where it has issued them.
 * @param parts use cases, and the zone whose night is used for cleaning up
 */
export const missionJobs = (parts: {
  issue: IssueMissions;
  settle: SettleMissions;
  keepHouse: KeepHouse;
  report: ReportMissions;
  timeZone: string;
}): Job[] => [
  { name: 'issue-missions', cron: '*/15 * * * *', run: ({ signal }) => parts.issue.everyone(signal) },
  {
    name: 'settle-missions',
    cron: '5,15,25,35,45,55 * * * *',
    run: ({ signal }) => parts.settle.everyone(signal),
  },
  {
    name: 'forget-old-missions',
    cron: '40 3 * * *',
    timeZone: parts.timeZone,
    run: ({ signal }) => parts.keepHouse.forget(signal),
  },
  { name: 'add-up-missions', cron: '20 * * * *', run: ({ signal }) => parts.report.addUp(signal) },
  { name: 'rebuild-mission-sheets', run: ({ signal }) => parts.keepHouse.rebuildSheets(signal) },
];
