import { defineService, openUserData } from '@orrery/service-kit';
import { MissionsConfig } from './config.ts';
import { onCategoryCorrected } from './events/on-category-corrected.ts';
import { onTransactionsCategorized } from './events/on-transactions-categorized.ts';
import { onTransactionsRemoved } from './events/on-transactions-removed.ts';
import { onUserSegmentAssigned } from './events/on-user-segment-assigned.ts';
import { HOLDINGS } from './holdings.ts';
import { pocketcMissionRoutes } from './http/compat/pocketc/read-missions.ts';
import { missionReport } from './http/mission-report.ts';
import { missionSettings } from './http/mission-settings.ts';
import { missionRoutes } from './http/missions.ts';
import { missionJobs } from './jobs/mission-jobs.ts';
import { createMissionStore } from './store/mission-store.ts';
import { createProfileStore } from './store/profile-store.ts';
import { createReportStore } from './store/report-store.ts';
import { createRowStore } from './store/row-store.ts';
import { createSetStore } from './store/set-store.ts';
import { createSheetStore } from './store/sheet-store.ts';
import { createAnswerMission } from './use-cases/answer-mission.ts';
import { createChangeSettings } from './use-cases/change-settings.ts';
import { createEnterRows } from './use-cases/enter-rows.ts';
import { createIssueMissions } from './use-cases/issue-missions.ts';
import { createKeepHouse } from './use-cases/keep-house.ts';
import { createMissionCalendar } from './use-cases/mission-calendar.ts';
import { createReportMissions } from './use-cases/report-missions.ts';
import { createSettleMissions } from './use-cases/settle-missions.ts';

/** Daily, weekly and monthly saving missions, their progress and outcome. */
export const missions = defineService({
  name: 'missions',
  config: MissionsConfig,
  async create({ config, mongo, clock, inTransaction, recordEvents }) {
    const stores = {
      rows: createRowStore(mongo),
      sheets: createSheetStore(mongo),
      profiles: createProfileStore(mongo),
      sets: createSetStore(mongo),
      missions: createMissionStore(mongo),
    };
    await Promise.all(Object.values(stores).map((store) => store.prepare()));

    const userData = await openUserData({ service: 'missions', mongo, holdings: HOLDINGS });
    const calendar = createMissionCalendar(clock, config);
    const historyDays = config.MISSION_HISTORY_DAYS;
    const enter = createEnterRows({ ...stores, calendar, historyDays });
    const issue = createIssueMissions({ ...stores, calendar, inTransaction, recordEvents });
    const settle = createSettleMissions({ ...stores, calendar, inTransaction, recordEvents });
    const answer = createAnswerMission({ ...stores, calendar, inTransaction });
    const keepHouse = createKeepHouse({ ...stores, calendar, historyDays, inTransaction });
    const changeSettings = createChangeSettings({ ...stores, keepHouse, calendar, inTransaction });
    const report = createReportMissions({ ...stores, reports: createReportStore(mongo), calendar });

    return {
      routes: [
        missionReport({ report, calendar }),
        ...missionSettings({ ...stores, changeSettings }),
        ...missionRoutes({ ...stores, issue, settle, answer, calendar }),
        ...pocketcMissionRoutes({ ...stores, issue }),
        userData.route,
      ],
      subscriptions: [
        userData.onErasureRequested,
        ...userData.guarded([
          onTransactionsCategorized(enter),
          onTransactionsRemoved(enter),
          onCategoryCorrected(enter),
          onUserSegmentAssigned(stores.profiles, calendar.defaultTimeZone),
        ]),
      ],
      jobs: missionJobs({ issue, settle, keepHouse, report, timeZone: config.DEFAULT_TIME_ZONE }),
    };
  },
});
