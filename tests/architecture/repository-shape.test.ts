import { readFileSync, readdirSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { EVENTS, SERVICE_NAMES } from '@orrery/contracts';
import { describeConfig } from '@orrery/service-kit';
import { parse } from 'yaml';
import { ROUTES } from '../../gateway/src/routing/route-table.ts';
import { SERVICES } from '../../infra/all-in-one/src/services.ts';
import { root } from '../setup/servers.ts';

const folders = readdirSync(join(root, 'services'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const compose = parse(read('docker-compose.yml'), { merge: true }) as {
  services: Record<string, { environment?: Record<string, unknown> }>;
};
const kustomization = parse(read('k8s/base/kustomization.yaml')) as { resources: string[] };
const addressOf = (service: string): string => `${service.toUpperCase()}_URL`;

describe.each(folders)('service %s', (service) => {
  it('is named in the contracts', () => {
    expect(SERVICE_NAMES).toContain(service);
  });

  it('runs in the all-in-one', () => {
    expect(SERVICES.map(({ name }) => name)).toContain(service);
  });

  it('is reached through the gateway', () => {
    expect(ROUTES.map((route) => route.service)).toContain(service);
  });

  it('has a container and an address in compose', () => {
    expect(Object.keys(compose.services)).toContain(service);
    expect(compose.services['gateway']?.environment).toHaveProperty(
      addressOf(service),
      `http://${service}:8080`,
    );
  });

  it('has manifests for Kubernetes', () => {
    expect(kustomization.resources).toContain(service);
    expect(existsSync(join(root, 'k8s/base', service, 'deployment.yaml'))).toBe(true);
  });

  it('says in its README which settings it has', () => {
    const module = SERVICES.find(({ name }) => name === service);
    const names = module === undefined ? [] : describeConfig(module.config).map(({ name }) => name);
    const readme = read(`services/${service}/README.md`);

    expect(names.filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
  });
});

describe('the constellation', () => {
  it('names no service that has no folder', () => {
    expect(SERVICE_NAMES.filter((name) => name !== 'gateway' && !folders.includes(name))).toEqual([]);
  });

  it('sends every event to services that exist', () => {
    const known: readonly string[] = SERVICE_NAMES;

    expect(
      EVENTS.flatMap(({ producer, consumers }) => [producer, ...consumers]).filter(
        (name) => !known.includes(name),
      ),
    ).toEqual([]);
  });
});
