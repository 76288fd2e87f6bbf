/**
 * Installs a package of Debian or Ubuntu for the test suites, where this process may do that. No service that the
 * package brings is started. Plain JavaScript on node:* modules only, because it also runs before the workspace is
 * installed.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, chmodSync, constants, existsSync, rmSync, writeFileSync } from 'node:fs';

const POLICY_FILE = '/usr/sbin/policy-rc.d';
const APT_GET = '/usr/bin/apt-get';
/** What apt-get says when the package cannot be had here at all. */
const OUT_OF_REACH = /Unable to locate|no installation candidate|Could not resolve|Failed to fetch/;

/**
 * Whether a file is a program that this process may run.
 * @param {string} path
 * @returns {boolean}
 */
export function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * @param {string} name of the package
 * @param {(line: string) => void} log says that it takes a while
 * @returns {import('./install-package.d.mts').Refusal | undefined} why it could not be installed
 */
export function installPackage(name, log) {
  if (process.platform !== 'linux' || !existsSync('/etc/debian_version') || !isExecutable(APT_GET)) {
    return {
      reason: `${name} is not on this machine, and it is no Debian or Ubuntu to install it on`,
      couldInstall: false,
    };
  }
  if (process.getuid?.() !== 0) {
    return {
      reason: `${name} is not on this machine, and only root may install it (apt-get install ${name})`,
      couldInstall: false,
    };
  }
  log(`installing ${name} with apt-get`);
  // A package may start a service on its usual port after installation unless this policy forbids it.
  const ownPolicy = !existsSync(POLICY_FILE);
  if (ownPolicy) {
    writeFileSync(POLICY_FILE, '#!/bin/sh\nexit 101\n');
    chmodSync(POLICY_FILE, 0o755);
  }
  try {
    // A mirror that fails to update may still leave an older index that can install.
    aptGet('update');
    const { status, stderr } = aptGet('install', '-y', '--no-install-recommends', name);
    return status === 0
      ? undefined
      : {
          reason: `apt-get could not install ${name}: ${stderr.trim().split('\n').at(-1) || `status ${status}`}`,
          couldInstall: !OUT_OF_REACH.test(stderr),
        };
  } finally {
    if (ownPolicy) {
      rmSync(POLICY_FILE, { force: true });
    }
  }
}

function aptGet(/** @type {string[]} */ ...action) {
  return spawnSync(APT_GET, ['-o', 'DPkg::Lock::Timeout=180', '-q', ...action], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1', LC_ALL: 'C.UTF-8' },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64 * 1024 * 1024,
  });
}
