/**
 * Finds Prometheus' own checker for alert rules, or installs it: the one that PROMTOOL_PATH names, one on the PATH, or
 * the one in Debian's package `prometheus` where apt-get may be used. Plain JavaScript on node:* modules only.
 */
import { join } from 'node:path';
import { installPackage, isExecutable } from '../debian/install-package.mjs';

const onPath = () =>
  (process.env['PATH'] ?? '')
    .split(':')
    .map((directory) => join(directory, 'promtool'))
    .find(isExecutable);

/**
 * @param {{ install?: boolean, log?: (line: string) => void }} [options] `install: false` never calls apt-get
 * @returns {import('./ensure-promtool.d.mts').Promtool} the program, or why there is none
 */
export function ensurePromtool({ install = true, log = () => {} } = {}) {
  const given = process.env['PROMTOOL_PATH'];
  const found = given !== undefined && given !== '' ? given : onPath();
  if (found !== undefined) {
    return { path: found };
  }
  if (!install) {
    return { skipped: 'promtool is not on this machine', couldInstall: false };
  }
  const refusal = installPackage('prometheus', log);
  if (refusal !== undefined) {
    return { skipped: refusal.reason, couldInstall: refusal.couldInstall };
  }
  const installed = onPath();
  return installed === undefined
    ? { skipped: 'prometheus was installed but its promtool was not found', couldInstall: true }
    : { path: installed };
}
