import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { root } from '../setup/servers.ts';

const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const workflow = parse(read('.github/workflows/ci.yml')) as {
  permissions: Record<string, string>;
  jobs: Record<string, { 'timeout-minutes'?: number; steps: { run?: string; uses?: string }[] }>;
};
const { scripts, devDependencies } = JSON.parse(read('package.json')) as {
  scripts: Record<string, string>;
  devDependencies: { node: string };
};
const steps = Object.values(workflow.jobs).flatMap((job) => job.steps);

describe('the workflow of the public repository', () => {
  it('runs only commands that the repository has', () => {
    const used = steps.flatMap(({ run = '' }) =>
      [...run.matchAll(/npm (?:run )?([\w:]+)/g)].map(([, name = '']) => name),
    );

    expect(used.length).toBeGreaterThan(6);
    expect(used.filter((name) => !(name in scripts))).toEqual([]);
  });

  it('runs what .ci/run runs', () => {
    const text = steps.map(({ run = '' }) => run).join('\n');

    for (const command of [
      'npm run check',
      'npm run docs -- --check',
      'npm test',
      'npm run test:newcomer',
      'npm run test:faults -- --short',
    ]) {
      expect(text).toContain(command);
    }
  });

  it('may only read the repository, ends by itself, and names the Node of the workspace', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' });
    expect(Object.values(workflow.jobs).filter((job) => job['timeout-minutes'] === undefined)).toEqual([]);
    expect(read('.nvmrc').trim()).toBe(devDependencies.node);
    expect(read('.github/workflows/ci.yml')).toContain(`node:${devDependencies.node}-bookworm`);
  });

  it('uses the servers of docker compose', () => {
    const compose = read('docker-compose.yml');

    for (const image of ['mongo:8.0.16', 'rabbitmq:4.1.6']) {
      expect(read('.github/workflows/ci.yml')).toContain(image);
      expect(compose).toContain(image);
    }
  });
});
