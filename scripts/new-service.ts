import { spawnSync } from 'node:child_process';
import { cp, readFile, readdir, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * `npm run new:service -- NAME`: copies the template to services/NAME and registers it everywhere: contracts, gateway,
 * all-in-one and compose; the Kubernetes manifests are written from these. tests/architecture fails when a registry is missing, so nothing depends on
 * remembering this list.
 */
const root = fileURLToPath(new URL('..', import.meta.url));
const at = (...parts: string[]): string => join(root, ...parts);

const [name] = process.argv.slice(2);
if (name === undefined || !/^[a-z]{3,24}$/.test(name)) {
  throw new Error('usage: npm run new:service -- NAME, where NAME is one lower-case word of the domain');
}
const pascal = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
const renamed = (text: string): string => text.replaceAll('specimen', name).replaceAll('Specimen', pascal);

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

const edited: string[] = [];

/** Rewrites one file; an edit that finds nothing to change is an error, or a registry would silently be missed. */
async function edit(path: string, change: (text: string) => string): Promise<void> {
  const before = await readFile(at(path), 'utf8');
  const after = change(before);
  if (after === before) {
    throw new Error(`${path} was not changed; the service may be registered already`);
  }
  await writeFile(at(path), after);
  edited.push(path);
}

async function copyTemplate(from: string, to: string): Promise<void> {
  await cp(from, to, { recursive: true, filter: (source) => !source.includes('node_modules') });
  for (const entry of await readdir(to, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) {
      const path = join(entry.parentPath, entry.name);
      await writeFile(path, renamed(await readFile(path, 'utf8')));
      await rename(path, join(entry.parentPath, renamed(entry.name)));
    }
  }
}

if (await exists(at('services', name))) {
  throw new Error(`services/${name} exists already`);
}
await copyTemplate(at('infra/service-template'), at('services', name));

await edit('packages/contracts/src/define-event.ts', (text) =>
  text.replace(
    /(export const SERVICE_NAMES = \[[^\]]*?)(,?\s*)\] as const/,
    (_all, names: string) => `${names}, '${name}'] as const`,
  ),
);
await edit('packages/contracts/src/events/transactions.ts', (text) =>
  text.replace(/(name: 'transactions\.categorized',[\s\S]*?consumers: \[[^\]]*)\]/, `$1, '${name}']`),
);
await edit('packages/contracts/src/events/users.ts', (text) =>
  text
    .replace(/(SERVICES_WITH_USER_DATA = \[[^\]]*?)(,?\s*)\]/, `$1, '${name}']`)
    .replace(/(USER_ERASED_BY[\s\S]*?)\n\};/, `$1\n  ${name}: erasedBy('${name}'),\n};`),
);
await edit('scripts/data-map.ts', (text) =>
  text
    .replace(
      /(\nimport [^\n]*\n)(?!import)/,
      `$1import { HOLDINGS as ${name} } from '../services/${name}/src/holdings.ts';\n`,
    )
    .replace(/(HOLDINGS_BY_SERVICE[\s\S]*?)\n\};/, `$1\n  ${name},\n};`),
);
await edit('gateway/src/routing/route-table.ts', (text) =>
  text.replace(/(\n\];\s*)$/, `\n  { path: '/v1/${name}', service: '${name}', ...v1 },$1`),
);
await edit('infra/all-in-one/src/services.ts', (text) =>
  text
    .replace(/(\nimport [^\n]*\n)(?!import)/, `$1import { ${name} } from '@orrery/${name}';\n`)
    .replace(/(\s*)gateway,?\s*\];/, `$1${name},$1gateway,\n];`),
);
await edit('infra/all-in-one/package.json', (text) =>
  text.replace('"dependencies": {', `"dependencies": {\n    "@orrery/${name}": "workspace:*",`),
);
await edit('docker-compose.yml', (text) =>
  text
    .replace(/(x-environment:[\s\S]*?)\n\n/, `$1\n  ${name.toUpperCase()}_URL: http://${name}:8080\n\n`)
    .replace(
      /\n {2}# Plain http to a bank is/,
      `\n  ${name}:\n    <<: *service\n    build: { context: ., dockerfile: infra/docker/service.Dockerfile, args: { SERVICE: services/${name} } }\n$&`,
    ),
);

await edit('infra/observability/prometheus.yaml', (text) =>
  text.replace(/(\n +)- advisor:9090/, `$1- ${name}:9090$&`),
);

function run(task: string, program: string, args: readonly string[]): void {
  const { status } = spawnSync(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', at(program), ...args],
    {
      cwd: root,
      stdio: 'inherit',
    },
  );
  if (status !== 0) {
    throw new Error(`the new service is registered, but this did not succeed: ${task}`);
  }
}

run('linking its packages', '.tools/node_modules/pnpm/bin/pnpm.mjs', [
  'install',
  '--no-frozen-lockfile',
  '--prefer-offline',
  '--reporter=silent',
]);
run('formatting what was edited', 'node_modules/prettier/bin/prettier.cjs', [
  '--write',
  '--log-level=warn',
  ...edited,
  `services/${name}`,
]);
run('writing the generated documents', 'scripts/generate-docs.ts', []);

console.log(`services/${name} is registered. Next:
  npm run check
  npm test -- services/${name} tests/architecture`);
