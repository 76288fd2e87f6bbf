import type { Thresholds } from './types.ts';

/** Filed without a mark from 95 %; offered from 35 %; below that undecided. */
export const DEFAULT_THRESHOLDS: Thresholds = { auto: 0.95, suggest: 0.35 };
