import { z } from 'zod';
import { Instant } from '../calendar-date.ts';
import { defineEvent } from '../define-event.ts';
import { CategorySlug, ResourceId, UserId } from '../ids.ts';

/** The three named models of the engine. */
export const SegmentModelName = z.enum(['spending', 'shopping-personas', 'customers']);

export const SegmentsTrained = defineEvent({
  name: 'segments.trained',
  version: 1,
  producer: 'segmentation',
  consumers: [],
  summary: 'A new version of a segment model serves',
  data: z.object({
    model: SegmentModelName,
    modelVersion: z.int().min(1),
    clusters: z.int().min(1).max(64),
    trainedAt: Instant,
  }),
});

export const UserSegmentAssigned = defineEvent({
  name: 'user.segment-assigned',
  version: 1,
  producer: 'segmentation',
  consumers: ['advisor', 'missions'],
  summary: 'A user belongs to another spending segment than before, or to a first one',
  data: z.object({
    userId: UserId,
    model: SegmentModelName,
    modelVersion: z.int().min(1),
    /** Stays the same across retrains while the segment means the same people. */
    segmentId: ResourceId,
    names: z.object({ en: z.string().max(128), fr: z.string().max(128), ko: z.string().max(128) }),
    /** Categories in which the segment spends more than others, most telling first. */
    topCategories: z.array(CategorySlug).max(10),
    /** Grows with every assignment of the user, so that an older fact that arrives late is ignored. */
    rowVersion: z.int().min(1),
  }),
});
