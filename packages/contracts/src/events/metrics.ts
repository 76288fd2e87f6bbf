import { z } from 'zod';
import { CalendarDate } from '../calendar-date.ts';
import { defineEvent } from '../define-event.ts';
import { UserId } from '../ids.ts';

/** Most days that one event names. */
export const MAX_DAYS_PER_EVENT = 400;

export const DailyMetricsUpdated = defineEvent({
  name: 'metrics.daily-updated',
  version: 1,
  producer: 'insights',
  consumers: ['advisor', 'insights', 'segmentation'],
  summary: 'Daily spending metrics of a user changed on these days',
  data: z.object({ userId: UserId, days: z.array(CalendarDate).min(1).max(MAX_DAYS_PER_EVENT) }),
});
