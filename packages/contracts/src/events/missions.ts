import { z } from 'zod';
import { Amount } from '../amount.ts';
import { CalendarDate, Instant } from '../calendar-date.ts';
import { defineEvent } from '../define-event.ts';
import { ResourceId, UserId } from '../ids.ts';

const MissionText = z.string().max(512);

const MissionFact = z.object({
  userId: UserId,
  missionId: ResourceId,
  period: z.enum(['daily', 'weekly', 'monthly']),
  /** Wording by language. */
  texts: z.object({ en: MissionText, fr: MissionText, ko: MissionText }),
  validFrom: Instant,
  validTo: Instant,
  rowVersion: z.int().min(1),
});

export const MissionIssued = defineEvent({
  name: 'mission.issued',
  version: 1,
  producer: 'missions',
  consumers: [],
  summary: 'Missions of a period were proposed to a user',
  data: z.object({
    userId: UserId,
    period: MissionFact.shape.period,
    periodStart: CalendarDate,
    missionIds: z.array(ResourceId).min(1).max(20),
  }),
});

export const MissionCompleted = defineEvent({
  name: 'mission.completed',
  version: 1,
  producer: 'missions',
  consumers: ['chat', 'insights'],
  summary: 'A user reached the goal of an accepted mission',
  data: MissionFact.extend({
    /** Against the user's own baseline, never negative; absent when it could not be estimated. */
    saved: Amount.optional(),
    points: z.int().min(0),
    streak: z.int().min(0),
  }),
});

export const MissionFailed = defineEvent({
  name: 'mission.failed',
  version: 1,
  producer: 'missions',
  consumers: ['insights'],
  summary: 'An accepted mission ended without reaching its goal',
  data: MissionFact,
});
