/**
 * Finds a Chromium for the browser suites, or installs Debian's: the one that CHROMIUM_PATH names, one that the machine
 * has, or the package `chromium` where apt-get may be used. Plain JavaScript on node:* modules only.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';

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
  if (!install || process.platform !== 'linux' || !existsSync('/etc/debian_version')) {
    return { skipped: 'no Chromium is on this machine', couldInstall: false };
  }
  if (process.getuid?.() !== 0) {
    return {
      skipped: 'no Chromium is on this machine, and only root may install it (apt-get install chromium)',
      couldInstall: false,
    };
  }
  log('installing chromium with apt-get');
  for (const action of [['update'], ['install', '-y', '--no-install-recommends', 'chromium']]) {
    const result = spawnSync('/usr/bin/apt-get', ['-o', 'DPkg::Lock::Timeout=180', '-q', ...action], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 64 * 1024 * 1024,
    });
    // A mirror that fails to update may still leave an older index that can install.
    if (result.status !== 0 && action[0] === 'install') {
      const reason = result.stderr?.trim().split('\n').at(-1) ?? `status ${String(result.status)}`;
      // Without the package in the index there is nothing that this machine could have installed.
      const couldInstall =
        !/Unable to locate|no installation candidate|Could not resolve|Failed to fetch/.test(
          result.stderr ?? '',
        );
      return { skipped: `apt-get could not install chromium: ${reason}`, couldInstall };
    }
  }
  const installed = CANDIDATES.find(isExecutable);
  return installed === undefined
    ? { skipped: 'chromium was installed but its program was not found', couldInstall: true }
    : { path: installed };
}

function isExecutable(/** @type {string} */ path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
