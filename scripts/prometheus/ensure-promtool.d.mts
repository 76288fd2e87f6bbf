/** A promtool to test with, or why there is none; `couldInstall` when that is a fault and no property of the machine. */
export type Promtool = { path: string } | { skipped: string; couldInstall: boolean };

export function ensurePromtool(options?: { install?: boolean; log?: (line: string) => void }): Promtool;
