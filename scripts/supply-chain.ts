import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { root } from '../tests/setup/servers.ts';

/**
 * `npm run audit`: fails when a package that the product runs on has a known fault of level high or worse.
 * `npm run sbom -- sbom.cdx.json`: writes the list of those packages in CycloneDX form.
 */
const { positionals } = parseArgs({ allowPositionals: true });
const [task, file] = positionals;
const TASKS: Readonly<Record<string, readonly string[] | undefined>> = {
  audit: ['audit', '--prod', '--audit-level', 'high'],
  sbom: file === undefined ? undefined : ['sbom', '--prod', '--sbom-format', 'cyclonedx', '--out', file],
};
const args = TASKS[task ?? ''];
if (args === undefined) {
  console.error('usage: npm run audit, or npm run sbom -- <file>');
  process.exitCode = 1;
} else {
  const pnpm = join(root, '.tools/node_modules/pnpm/bin/pnpm.mjs');
  const { status } = spawnSync(process.execPath, [pnpm, ...args], { cwd: root, stdio: 'inherit' });
  process.exitCode = status ?? 1;
}
