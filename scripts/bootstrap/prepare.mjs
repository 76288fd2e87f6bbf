import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// Plain JavaScript on purpose: this file runs on whatever Node (20 or newer) the machine has, before anything is installed.

/** Root folder of the repository. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const OLDEST_NODE = 20;
const RUNTIME_NODE = 24;
const pinnedNode = join(
  root,
  'node_modules',
  'node',
  'bin',
  process.platform === 'win32' ? 'node.exe' : 'node',
);
const marker = join(root, 'node_modules', '.orrery-installed');

/**
 * Makes the workspace ready to run: installs pnpm beside the checkout, then every dependency by the lock file.
 * Does nothing when the lock file has not changed since the last time.
 * @returns {Promise<string>} path of a Node 24 (or newer) binary to run the product with
 * @throws {Error} with a sentence for the person at the terminal
 */
export async function prepare() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < OLDEST_NODE) {
    throw new Error(`Node ${OLDEST_NODE} or newer is needed to begin with; this is ${process.version}.`);
  }
  const fingerprint = installFingerprint();
  if (!existsSync(marker) || readFileSync(marker, 'utf8') !== fingerprint) {
    await install();
    writeFileSync(marker, fingerprint);
  }
  if (major >= RUNTIME_NODE) {
    return process.execPath;
  }
  if (!existsSync(pinnedNode)) {
    throw new Error(
      `Node ${RUNTIME_NODE} could not be installed for ${process.platform}-${process.arch}. Install Node ${RUNTIME_NODE} and try again.`,
    );
  }
  return pinnedNode;
}

/**
 * Runs a program with the terminal attached and waits for its end. Ctrl-C reaches the child by the terminal, so the
 * parent only waits; SIGTERM is passed on.
 * @param {string} command
 * @param {string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, stdio?: import('node:child_process').StdioOptions }} [options]
 * @returns {Promise<number>} exit status
 */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      stdio: options.stdio ?? 'inherit',
      env: options.env ?? process.env,
    });
    const passOn = () => child.kill('SIGTERM');
    const wait = () => undefined;
    process.on('SIGTERM', passOn);
    process.on('SIGINT', wait);
    child.on('error', reject);
    child.on('close', (status, signal) => {
      process.off('SIGTERM', passOn);
      process.off('SIGINT', wait);
      resolve(status ?? (signal === 'SIGINT' ? 130 : 1));
    });
  });
}

/**
 * Settings of V8 for programs that need some, by their path from the root.
 * @type {Readonly<Record<string, readonly string[]>>}
 */
const V8_SETTINGS = {
  // While nine services load, the space for young objects grows to 134 MB, and an idle process keeps it.
  'infra/all-in-one/src/main.ts': ['--max-semi-space-size=16'],
};

/**
 * Arguments with which every TypeScript program of the workspace is started.
 * @param {string} program path from the root
 * @param {string[]} args
 */
export const nodeArguments = (program, args = []) => [
  '--disable-warning=ExperimentalWarning',
  ...(V8_SETTINGS[program] ?? []),
  join(root, program),
  ...args,
];

function installFingerprint() {
  const hash = createHash('sha256').update(`${process.platform}-${process.arch}`);
  for (const file of ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml']) {
    hash.update(readFileSync(join(root, file)));
  }
  return hash.digest('hex');
}

async function install() {
  const pnpm = await installPnpm();
  console.log('Installing the workspace (first time, or the lock file changed) …');
  const status = await run(
    process.execPath,
    [pnpm, 'install', '--frozen-lockfile', '--reporter=append-only'],
    {
      env: { ...process.env, CI: 'true' },
    },
  );
  if (status !== 0) {
    throw new Error('The workspace could not be installed; see the messages above.');
  }
}

async function installPnpm() {
  // Not the field `packageManager`: pnpm would then want itself in the lock file and refuse a frozen install.
  const version = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).config.pnpm;
  const tools = join(root, '.tools');
  const manifest = join(tools, 'node_modules', 'pnpm', 'package.json');
  if (!existsSync(manifest) || JSON.parse(readFileSync(manifest, 'utf8')).version !== version) {
    console.log(`Fetching pnpm ${version} from the package registry …`);
    mkdirSync(tools, { recursive: true });
    const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
    const status = await run(npm, [
      'install',
      '--prefix',
      tools,
      '--no-save',
      '--no-package-lock',
      '--loglevel=error',
      `pnpm@${version}`,
    ]);
    if (status !== 0) {
      throw new Error('pnpm could not be fetched. Is the package registry reachable?');
    }
  }
  return join(tools, 'node_modules', 'pnpm', 'bin', 'pnpm.mjs');
}
