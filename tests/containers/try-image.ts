import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from '../setup/servers.ts';
import { isIgnored, parseDockerfile, parseEnv, parseExec } from './dockerfile.ts';

/**
 * Carries out `infra/docker/service.Dockerfile` without Docker: each step runs in a bare directory that stands for the
 * root of the image, with the paths and variables that the file says. What this cannot show: the base image itself.
 */

const DOCKERFILE = 'infra/docker/service.Dockerfile';

/** An image as directories: what it starts, checks and sets. */
export interface TriedImage {
  /** Stands for `/app`. */
  directory: string;
  command: readonly string[];
  healthCheck: readonly string[];
  env: Readonly<Record<string, string>>;
  user: number;
  megabytes: number;
  /** What each step printed, for a failed test. */
  log: string;
}

function filesOfBuild(): string[] {
  const ignored = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n').filter(Boolean);
  // Files that git would take: what a fresh clone has.
  const { stdout } = spawnSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout
    .split('\n')
    .filter((path) => path !== '' && existsSync(join(root, path)) && !isIgnored(ignored, path));
}

// By `du`: links between packages must not be followed, or each would be counted many times.
const megabytesIn = (directory: string): number =>
  Number(spawnSync('du', ['-sm', directory], { encoding: 'utf8' }).stdout.split('\t', 1)[0]);

/**
 * Builds the image of one service as directories.
 * @param scratch empty directory
 * @param service value of the build argument, such as `services/insights`
 * @param node directory of the Node 24 binary, in place of the base image
 * @throws Error with the output when a step fails
 */
export function buildImage(scratch: string, service: string, node: string): TriedImage {
  const stages = parseDockerfile(readFileSync(join(root, DOCKERFILE), 'utf8'));
  const stageRoots = new Map<string, string>();
  let log = '';
  let image: TriedImage | undefined;
  for (const [index, stage] of stages.entries()) {
    const stageRoot = join(scratch, stage.name ?? `stage-${index}`);
    mkdirSync(stageRoot, { recursive: true });
    stageRoots.set(stage.name ?? String(index), stageRoot);
    const globals = join(stageRoot, 'usr/local');
    const env: Record<string, string> = {};
    let directory = stageRoot;
    let user = 0;
    let command: readonly string[] = [];
    let healthCheck: readonly string[] = [];
    for (const { keyword, text } of stage.instructions) {
      if (keyword === 'WORKDIR') {
        directory = join(stageRoot, text);
        mkdirSync(directory, { recursive: true });
      } else if (keyword === 'ENV') {
        Object.assign(env, parseEnv(text));
      } else if (keyword === 'COPY' && text === '. .') {
        for (const path of filesOfBuild()) {
          mkdirSync(dirname(join(directory, path)), { recursive: true });
          cpSync(join(root, path), join(directory, path), { verbatimSymlinks: true });
        }
      } else if (keyword === 'COPY') {
        const [, from = '', source = '', target = ''] =
          /^--from=(\S+) --chown=root:root (\S+) (\S+)$/.exec(text) ?? [];
        cpSync(join(stageRoots.get(from) ?? '', source), join(stageRoot, target), {
          recursive: true,
          verbatimSymlinks: true,
        });
      } else if (keyword === 'RUN') {
        const line = text
          .replaceAll(/--mount=\S+\s+/g, '')
          .replaceAll('/pnpm/store', join(scratch, '..', 'pnpm-store'));
        const { status, stdout, stderr } = spawnSync('/bin/sh', ['-c', line], {
          cwd: directory,
          encoding: 'utf8',
          maxBuffer: 64 * 1024 * 1024,
          env: {
            ...process.env,
            ...env,
            SERVICE: service,
            CI: 'true',
            npm_config_prefix: globals,
            PATH: `${join(globals, 'bin')}:${node}:${process.env['PATH'] ?? ''}`,
          },
        });
        log += `$ ${line}\n${stdout}${stderr}\n`;
        if (status !== 0) {
          throw new Error(`a step of the image failed with ${String(status)}:\n${log}`);
        }
      } else if (keyword === 'USER') {
        user = Number(text.split(':', 1)[0]);
      } else if (keyword === 'HEALTHCHECK') {
        healthCheck = parseExec(text);
      } else if (keyword === 'CMD') {
        command = parseExec(text);
      } else if (!['ARG', 'EXPOSE'].includes(keyword)) {
        throw new Error(`this script does not know how to try ${keyword}`);
      }
    }
    image = { directory, command, healthCheck, env, user, log, megabytes: megabytesIn(stageRoot) };
  }
  if (image === undefined) {
    throw new Error(`${DOCKERFILE} has no stage`);
  }
  rmSync(stageRoots.get('build') ?? '', { recursive: true, force: true });
  return image;
}

/**
 * Starts what the image starts, as its user where this process may do that, and with its variables only.
 * @param image the built image
 * @param env variables beside those of the image
 * @param node directory of the Node 24 binary
 * @param command in place of what the image starts
 */
export function runImage(
  image: TriedImage,
  env: Record<string, string>,
  node: string,
  command: readonly string[] = image.command,
): ChildProcess {
  const [program = '', ...args] = command;
  return spawn(join(node, program), args, {
    cwd: image.directory,
    // No variable of this machine reaches it: what the image and the deployment say must be enough.
    env: { ...image.env, HOST: '127.0.0.1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(process.getuid?.() === 0 ? { uid: image.user, gid: image.user } : {}),
  });
}

/**
 * Waits for the end of a process.
 * @returns its exit status; null when a signal ended it
 */
export async function exitOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) {
    await once(child, 'exit');
  }
  return child.exitCode;
}

/**
 * Runs the health check of the image once.
 * @returns its exit status
 */
export const checkHealth = (
  image: TriedImage,
  env: Record<string, string>,
  node: string,
): Promise<number | null> => exitOf(runImage(image, env, node, image.healthCheck));

/**
 * Lets other users walk into a scratch directory but change nothing in it.
 * @param directory made by mkdtemp, which only its owner may enter
 */
export const openForReading = (directory: string): void => {
  chmodSync(directory, 0o755);
};
