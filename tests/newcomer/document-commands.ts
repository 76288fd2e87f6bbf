import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../setup/servers.ts';

const BLOCK = /^```(\w*)\n([\s\S]*?)^```$/gm;
const SHELL: ReadonlySet<string> = new Set(['', 'sh']);
/** The address that the documents name. */
const DOCUMENTED = 'http://127.0.0.1:8080';

/** Part of an answer that is kept for the next line, such as `MISSION=$(curl …)`. */
const KEPT_FOR_NEXT_LINE = /^(\w+=\$\(curl .*\))\n(?=curl )/gm;

/**
 * Requests that a document tells its reader to type, each with what it takes from the line before.
 * @param document path from the root
 */
export const curlCommands = (document: string): string[] =>
  [...readFileSync(join(root, document), 'utf8').matchAll(BLOCK)]
    .flatMap(([, language = '', block = '']) =>
      SHELL.has(language) ? block.replaceAll(KEPT_FOR_NEXT_LINE, '$1; ').split('\n') : [],
    )
    .filter((line) => /^(\w+=\$\()?curl /.test(line));

/**
 * Types one of them in a shell.
 * @param command as the document has it
 * @param where gateway, tokens and working directory in place of the documented ones
 * @returns whether the server answered well, and its answer
 */
export function typeCommand(
  command: string,
  where: { gatewayUrl: string; userToken: string; adminToken: string; directory: string },
): { passed: boolean; answer: string } {
  const typed = command
    .replaceAll(DOCUMENTED, where.gatewayUrl)
    .replaceAll(/\bcurl /g, 'curl --fail-with-body ');
  const { status, stdout, stderr } = spawnSync('/bin/sh', ['-c', typed], {
    cwd: where.directory,
    encoding: 'utf8',
    timeout: 60_000,
    env: { ...process.env, USER_TOKEN: where.userToken, ADMIN_TOKEN: where.adminToken },
  });
  return { passed: status === 0, answer: `${stdout}${stderr}` };
}
