import { isValidZone } from '@orrery/calendar';
import { z } from 'zod';

/** Settings of this service beside the common ones. */
export const SegmentationConfig = z.object({
  DEFAULT_TIME_ZONE: z
    .string()
    .refine(isValidZone, 'must be an IANA time zone such as Asia/Seoul')
    .default('Asia/Seoul')
    .describe('Zone of the nightly jobs, and of "today" in them for users who chose none'),
});
