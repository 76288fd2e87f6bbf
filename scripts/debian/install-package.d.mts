/** Why a package is not there; `couldInstall` when that is a fault and no property of the machine. */
export interface Refusal {
  reason: string;
  couldInstall: boolean;
}

export function isExecutable(path: string): boolean;
export function installPackage(name: string, log: (line: string) => void): Refusal | undefined;
