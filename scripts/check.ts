import { spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** `npm run check`: types, lint, format, import rules, unused code. Prints one line per step and the output of a failed one. */
const root = dirname(dirname(fileURLToPath(import.meta.url)));

const STEPS: readonly { name: string; program: string; args: readonly string[] }[] = [
  { name: 'types', program: 'node_modules/typescript-native/bin/tsc', args: ['-p', '.'] },
  { name: 'lint', program: 'node_modules/eslint/bin/eslint.js', args: ['.', '--max-warnings', '0'] },
  {
    name: 'format',
    program: 'node_modules/prettier/bin/prettier.cjs',
    args: ['--check', '--log-level', 'warn', '.'],
  },
  {
    name: 'imports',
    program: 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs',
    args: [
      '--config',
      '.dependency-cruiser.cjs',
      'gateway',
      'packages',
      'services',
      'infra',
      'tests',
      'scripts',
    ],
  },
  { name: 'unused code', program: 'node_modules/knip/bin/knip.js', args: [] },
];

let passed = 0;
for (const step of STEPS) {
  const startedAt = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, [step.program, ...step.args], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`${status === 0 ? 'ok  ' : 'FAIL'} ${step.name} (${seconds} s)`);
  if (status === 0) {
    passed += 1;
  } else {
    console.log(`${stdout}${stderr}`.trim());
  }
}

console.log(`${passed} passed, ${STEPS.length - passed} failed`);
process.exitCode = passed === STEPS.length ? 0 : 1;
