/**
 * Finds a Chromium for the browser suites, or installs Debian's: the one that CHROMIUM_PATH names, one that the machine
 * has, or the package `chromium` where apt-get may be used. Plain JavaScript on node:* modules only.
 */
import { installPackage, isExecutable } from '../debian/install-package.mjs';

const CANDIDATES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/**
 * @param {{ install?: boolean, log?: (line: string) => void }} [options] `install: false` never calls apt-get
 * @returns {import('./ensure-chromium.d.mts').Browser} the program, or why there is none
 */
export function ensureChromium({ install = true, log = () => {} } = {}) {
  const given = process.env['CHROMIUM_PATH'];
  const found = given !== undefined && given !== '' ? given : CANDIDATES.find(isExecutable);
  if (found !== undefined) {
    return { path: found };
  }
  if (!install) {
    return { skipped: 'no Chromium is on this machine', couldInstall: false };
  }
  const refusal = installPackage('chromium', log);
  if (refusal !== undefined) {
    return { skipped: refusal.reason, couldInstall: refusal.couldInstall };
  }
  const installed = CANDIDATES.find(isExecutable);
  return installed === undefined
    ? { skipped: 'chromium was installed but its program was not found', couldInstall: true }
    : { path: installed };
}
