/** A browser to test with, or why there is none; `couldInstall` when that is a fault and no property of the machine. */
export type Browser = { path: string } | { skipped: string; couldInstall: boolean };

export function ensureChromium(options?: { install?: boolean; log?: (line: string) => void }): Browser;
