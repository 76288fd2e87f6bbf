import { addDays, dayInZone, diffDays } from '@orrery/calendar';
import { CalendarDate, defineRoute, MoneyText } from '@orrery/contracts';
import { formatDecimal } from '@orrery/money';
import { AppError, handle } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import { TEMPLATES } from '../domain/mission-rule.ts';
import type { MissionCalendar } from '../use-cases/mission-calendar.ts';
import type { ReportMissions } from '../use-cases/report-missions.ts';

const DEFAULT_DAYS = 30;
const MOST_DAYS = 366;

const Compared = z.object({ missions: z.int(), meanReduction: z.number() });

const ReadReport = defineRoute({
  method: 'get',
  path: '/v1/missions/report',
  operationId: 'readMissionReport',
  summary:
    'Whether missions help, by template and segment: taken on, kept, saved, and spending compared with offers not taken on',
  tag: 'Missions',
  audience: 'admin',
  query: z.object({ from: CalendarDate.optional(), to: CalendarDate.optional() }),
  responses: {
    200: z.object({
      from: CalendarDate,
      to: CalendarDate,
      data: z.array(
        z.object({
          template: z.enum(TEMPLATES),
          segmentId: z.string().nullable(),
          proposed: z.int(),
          accepted: z.int(),
          dismissed: z.int(),
          succeeded: z.int(),
          failed: z.int(),
          acceptanceRate: z.number().nullable(),
          successRate: z.number().nullable(),
          saved: z.array(MoneyText),
          /**
           * Reductions are shares of the user's own mean spending. People choose what they take on, so the difference is
           * an observation and not an effect; null where either side has too few missions.
           */
          comparison: z
            .object({
              taken: Compared,
              untaken: Compared,
              difference: z.number(),
              interval: z.object({ low: z.number(), high: z.number() }),
            })
            .nullable(),
        }),
      ),
    }),
  },
});

/**
 * `GET /v1/missions/report`: missions settled on some days (UTC), the last thirty when none are named.
 * @param parts the use case and the calendar
 */
export const missionReport = (parts: { report: ReportMissions; calendar: MissionCalendar }): MountedRoute =>
  handle(ReadReport, async ({ query }) => {
    const to = query.to ?? dayInZone(parts.calendar.clock.now(), 'UTC');
    const from = query.from ?? addDays(to, 1 - DEFAULT_DAYS);
    if (from > to || diffDays(from, to) >= MOST_DAYS) {
      throw new AppError('validation-failed', {
        fields: [
          { in: 'query', field: 'from', message: `must be at most ${String(MOST_DAYS)} days up to "to"` },
        ],
      });
    }
    const lines = await parts.report.read(from, to);
    return {
      status: 200,
      body: {
        from,
        to,
        data: lines.map(({ saved, ...line }) => ({
          ...line,
          saved: saved.map(({ amountMinor, currency }) => ({
            amount: formatDecimal(amountMinor, currency),
            currency,
          })),
        })),
      },
    };
  });
