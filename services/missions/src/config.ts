import { isValidZone } from '@orrery/calendar';
import { z } from 'zod';

/** Settings of this service beside the common ones. */
export const MissionsConfig = z.object({
  DEFAULT_TIME_ZONE: z
    .string()
    .refine(isValidZone, 'must be an IANA time zone such as Asia/Seoul')
    .default('Asia/Seoul')
    .describe('Zone of the nightly jobs, and of "today" in them for users who chose none'),
  MISSION_DAY_ROLL: z
    .string()
    .regex(/^(0\d|1[01]):[0-5]\d$/, 'must be HH:MM, before noon')
    .default('00:00')
    .describe(
      'When the day of a mission begins, such as 06:00 for users who count the small hours to the day before',
    ),
  MISSION_SETTLE_HOURS: z.coerce
    .number()
    .int()
    .min(0)
    .max(24 * 14)
    .default(24)
    .describe('Hours after the end of a mission during which late transactions still count'),
  MISSION_HISTORY_DAYS: z.coerce
    .number()
    .int()
    .min(131)
    .max(3660)
    .default(200)
    .describe('Days of transactions that missions keep; ended missions are kept for two years'),
});
