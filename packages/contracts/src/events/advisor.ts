import { z } from 'zod';
import { Instant } from '../calendar-date.ts';
import { defineEvent } from '../define-event.ts';
import { ResourceId, UserId } from '../ids.ts';

export const AdviceGenerated = defineEvent({
  name: 'advice.generated',
  version: 1,
  producer: 'advisor',
  consumers: ['chat'],
  summary: 'New suggestions or a new report are ready for a user',
  data: z.object({
    userId: UserId,
    kind: z.enum(['suggestions', 'optimize-expenses', 'optimize-budget', 'optimize-debt']),
    adviceId: ResourceId,
    generatedAt: Instant,
    /** Headings in the language they were written in, most valuable first; empty for a report. */
    titles: z.array(z.string().max(512)).max(10),
  }),
});
