import { addDays, dayInZone } from '@orrery/calendar';
import { addToReport, summariseReport } from '../domain/mission-report.ts';
import type { ReportCell, ReportLine } from '../domain/mission-report.ts';
import type { MissionStore } from '../store/mission-store.ts';
import type { ReportStore } from '../store/report-store.ts';
import type { MissionCalendar } from './mission-calendar.ts';

export interface ReportMissionsParts {
  missions: MissionStore;
  reports: ReportStore;
  calendar: MissionCalendar;
}

/** Days that each run adds up again, for a run that failed. */
const LOOK_BACK_DAYS = 3;

/**
 * Whether missions help: what was taken on, kept and saved.
 * @param parts stores and the calendar
 */
export const createReportMissions = ({ missions, reports, calendar }: ReportMissionsParts) => {
  const addUpDay = async (day: string, signal: AbortSignal): Promise<number> => {
    const cells = new Map<string, ReportCell>();
    const [from, to] = [new Date(`${day}T00:00:00Z`), new Date(`${addDays(day, 1)}T00:00:00Z`)];
    let counted = 0;
    for await (const mission of missions.settledBetween(from, to)) {
      signal.throwIfAborted();
      addToReport(cells, mission);
      counted += 1;
    }
    await reports.save(day, [...cells.values()]);
    return counted;
  };

  return {
    /**
     * Adds up the missions settled on the last days. Repeating it changes nothing.
     * @param signal ends the work early
     */
    async addUp(signal: AbortSignal): Promise<{ missions: number }> {
      const today = dayInZone(calendar.clock.now(), 'UTC');
      let counted = 0;
      for (let back = 0; back < LOOK_BACK_DAYS; back += 1) {
        counted += await addUpDay(addDays(today, -back), signal);
      }
      return { missions: counted };
    },

    /**
     * The report of missions settled on some days.
     * @param from first day, in UTC
     * @param to last day
     */
    async read(from: string, to: string): Promise<ReportLine[]> {
      const cells: ReportCell[] = [];
      for await (const cell of reports.between(from, to)) {
        cells.push(cell);
      }
      return summariseReport(cells);
    },
  };
};

export type ReportMissions = ReturnType<typeof createReportMissions>;
