import type { Thresholds } from './types.ts';

/** Filed without a mark from 93 %; offered from 35 %; below that undecided. */
export const DEFAULT_THRESHOLDS: Thresholds = { auto: 0.93, suggest: 0.35 };
