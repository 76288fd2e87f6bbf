import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { root } from '../tests/setup/servers.ts';

/**
 * `.ci/run`: runs the commands of the README and CONTRIBUTING as a newcomer would, adds up the lines `N passed, N failed`
 * that each of them closes with, and closes with their sum.
 */
const COMMANDS = [
  ['npm', 'run', 'check'],
  ['npm', 'run', 'docs', '--', '--check'],
  ['npm', 'test'],
  ['npm', 'run', 'test:newcomer'],
  ['npm', 'run', 'test:faults', '--', '--short'],
] as const;

const SUMMARY = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/;

interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

async function run([command, ...args]: readonly [string, ...string[]]): Promise<Tally> {
  console.log(`\n$ ${[command, ...args].join(' ')}`);
  const startedAt = performance.now();
  const child = spawn(command, args, {
    cwd: root,
    env: { ...process.env, CI: 'true' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  let tally: Tally | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    const [, passed, failed, skipped] = SUMMARY.exec(line.trim()) ?? [];
    if (passed === undefined) {
      console.log(line);
    } else {
      tally = { passed: Number(passed), failed: Number(failed), skipped: Number(skipped ?? 0) };
      console.log(`${passed} passed and ${failed ?? 0} failed here`);
    }
  }
  const [status] = (await ended) as [number | null];
  console.log(`(${((performance.now() - startedAt) / 1000).toFixed(0)} s, exit status ${status ?? 'none'})`);
  const counted = tally ?? { passed: status === 0 ? 1 : 0, failed: 0, skipped: 0 };
  return status === 0 || counted.failed > 0 ? counted : { ...counted, failed: counted.failed + 1 };
}

const total: Tally = { passed: 0, failed: 0, skipped: 0 };
for (const command of COMMANDS) {
  const tally = await run(command);
  total.passed += tally.passed;
  total.failed += tally.failed;
  total.skipped += tally.skipped;
}
console.log(
  `${total.passed} passed, ${total.failed} failed${total.skipped === 0 ? '' : `, ${total.skipped} skipped`}`,
);
process.exitCode = total.failed === 0 ? 0 : 1;
