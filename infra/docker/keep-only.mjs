/**
 * Leaves in the workspace what one service needs: `node infra/docker/keep-only.mjs services/insights`. Removes every
 * other workspace folder, follows `workspace:` dependencies, and links the service as `run`, which the image starts.
 * Plain JavaScript on node:* modules only: it runs before anything is installed.
 */
import { existsSync, globSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { dirname } from 'node:path';

const [service] = process.argv.slice(2);
if (service === undefined || !existsSync(`${service}/src/main.ts`)) {
  throw new Error('usage: node infra/docker/keep-only.mjs <folder of a service, such as services/insights>');
}

const manifests = new Map(
  globSync([
    'gateway/package.json',
    'packages/*/package.json',
    'services/*/package.json',
    'infra/*/package.json',
    'tests/package.json',
  ]).map((path) => [dirname(path), JSON.parse(readFileSync(path, 'utf8'))]),
);
const folderOf = new Map([...manifests].map(([folder, { name }]) => [name, folder]));

const kept = new Set();
const follow = (/** @type {string} */ folder) => {
  if (kept.has(folder)) {
    return;
  }
  kept.add(folder);
  for (const name of Object.keys(manifests.get(folder)?.dependencies ?? {})) {
    const dependency = folderOf.get(name);
    if (dependency !== undefined) {
      follow(dependency);
    }
  }
};
follow(service);

for (const folder of manifests.keys()) {
  if (!kept.has(folder)) {
    rmSync(folder, { recursive: true, force: true });
  }
}
rmSync('run', { force: true });
symlinkSync(service, 'run');
console.log(`kept ${[...kept].sort().join(', ')}`);
