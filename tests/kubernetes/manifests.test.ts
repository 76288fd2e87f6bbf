import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parseAllDocuments, stringify } from 'yaml';
import { root } from '../setup/servers.ts';
import { POLICIES, declaredEdges } from './policies.ts';
import { type Manifest, overlay, render, walk } from './render.ts';
import { schemaErrors } from './schemas.ts';

const OVERLAYS = ['local', 'staging', 'production'] as const;
const manifestsOf = (name: string): Manifest[] => render(overlay(root, name));

describe.each(OVERLAYS)('overlay %s', (name) => {
  const manifests = manifestsOf(name);

  it('fits the schemas of the API, without unknown fields', () => {
    expect(manifests.flatMap(schemaErrors)).toEqual([]);
  });

  it.each(POLICIES.filter(({ only }) => only === undefined || only.includes(name)))(
    '$name',
    ({ violations }) => {
      expect(violations(manifests)).toEqual([]);
    },
  );
});

const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0;
const withKubectl = hasKubectl ? it : it.skip;

/** Order of objects and of their fields, and the hash in names of ConfigMaps, say nothing. */
const comparable = (manifests: readonly Manifest[]): unknown[] => {
  const copies = structuredClone(manifests) as Manifest[];
  walk(copies, (node) => {
    if (typeof node['name'] === 'string') {
      node['name'] = node['name'].replace(/^orrery-[a-z0-9]{10}$/, 'orrery');
    }
  });
  return copies
    .map((manifest): [string, Manifest] => [`${manifest.kind} ${manifest.metadata.name}`, manifest])
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([, manifest]) => manifest);
};

describe('our renderer', () => {
  withKubectl.each(OVERLAYS)('renders overlay %s as kubectl does', (name) => {
    const { status, stdout, stderr } = spawnSync('kubectl', ['kustomize', overlay(root, name)], {
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    });
    const theirs = parseAllDocuments(stdout).map((document) => document.toJS() as Manifest);

    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(comparable(manifestsOf(name))).toEqual(comparable(theirs));
  });
});

describe('the component tracing', () => {
  it('tells every service where the collector is and opens the way to it, and breaks no rule', () => {
    const folder = mkdtempSync(join(tmpdir(), 'orrery-overlay-'));
    const from = (path: string): string => relative(folder, join(root, path));
    writeFileSync(
      join(folder, 'kustomization.yaml'),
      stringify({
        apiVersion: 'kustomize.config.k8s.io/v1beta1',
        kind: 'Kustomization',
        namespace: 'orrery',
        resources: [from('k8s/overlays/production')],
        components: [from('k8s/components/tracing')],
      }),
    );
    const manifests = render(folder);
    rmSync(folder, { recursive: true });

    const config = find(manifests, 'ConfigMap', 'orrery')['data'] as Record<string, string>;
    expect(config['OTEL_EXPORTER_OTLP_ENDPOINT']).toMatch(/:4318$/);
    expect(find(manifests, 'NetworkPolicy', 'tracing')['spec']).toMatchObject({
      podSelector: { matchLabels: { 'app.kubernetes.io/part-of': 'orrery' } },
      egress: [{ ports: [{ port: 4318 }] }],
    });
    expect(manifests.flatMap(schemaErrors)).toEqual([]);
    expect(POLICIES.flatMap(({ violations }) => violations(manifests))).toEqual([]);
  });
});

/** Does one thing wrong in the production overlay. */
type Mutation = readonly [what: string, caughtBy: string, change: (manifests: Manifest[]) => void];

const find = (manifests: readonly Manifest[], kind: string, name: string): Record<string, unknown> => {
  const manifest = manifests.find((candidate) => candidate.kind === kind && candidate.metadata.name === name);
  if (manifest === undefined) {
    throw new Error(`no ${kind} ${name}`);
  }
  return manifest;
};
const containerOf = (manifests: readonly Manifest[], name: string): Record<string, unknown> => {
  const { template } = find(manifests, 'Deployment', name)['spec'] as {
    template: { spec: { containers: Record<string, unknown>[] } };
  };
  return template.spec.containers[0] ?? {};
};
const remove = (manifests: Manifest[], kind: string, name: string): void => {
  manifests.splice(manifests.indexOf(find(manifests, kind, name) as Manifest), 1);
};
const without =
  (field: string) =>
  (manifests: Manifest[]): void => {
    Reflect.deleteProperty(containerOf(manifests, 'insights'), field);
  };
const policyOf = (manifests: readonly Manifest[], name: string) =>
  find(manifests, 'NetworkPolicy', name)['spec'] as {
    ingress: { from: unknown[] }[];
    egress: { to: unknown[] }[];
  };

const MUTATIONS: readonly Mutation[] = [
  ['the startup probe is missing', 'startup is probed', without('startupProbe')],
  ['the liveness probe is missing', 'liveness asks the process only', without('livenessProbe')],
  ['the readiness probe is missing', 'readiness asks for its dependencies', without('readinessProbe')],
  ['the limits are missing', 'memory is limited', without('resources')],
  [
    'the drain pause is missing',
    'a pod leaves the load balancer before it is told to stop',
    without('lifecycle'),
  ],
  ['the security context is missing', 'the root is read-only', without('securityContext')],
  ['a secret is not handed in', 'a service is given exactly the secrets that it declares', without('env')],
  [
    'an image floats',
    'images have a version',
    (manifests) => {
      containerOf(manifests, 'insights')['image'] = 'orrery/insights:latest';
    },
  ],
  [
    'the disruption budget is missing',
    'every Deployment has a disruption budget',
    (manifests) => remove(manifests, 'PodDisruptionBudget', 'insights'),
  ],
  [
    'the default policy is missing',
    'everything is denied that is not allowed',
    (manifests) => remove(manifests, 'NetworkPolicy', 'default-deny'),
  ],
  [
    'the policy of a service is missing',
    'every service has a policy for both directions',
    (manifests) => remove(manifests, 'NetworkPolicy', 'insights'),
  ],
  [
    'a service takes calls from one that never calls it',
    'services take calls from exactly their callers',
    (manifests) =>
      policyOf(manifests, 'ingestion').ingress[0]?.from.push({
        podSelector: { matchLabels: { 'app.kubernetes.io/name': 'missions' } },
      }),
  ],
  [
    'the gateway cannot reach a service',
    'callers may leave for exactly the services that they call',
    (manifests) => policyOf(manifests, 'gateway').egress[0]?.to.pop(),
  ],
  [
    'a policy is open to everybody',
    'no policy is open to everybody',
    (manifests) => policyOf(manifests, 'insights').egress[0]?.to.push({}),
  ],
  [
    'a queue scales nothing',
    'every consumer scales by every queue that it has',
    (manifests) =>
      (find(manifests, 'ScaledObject', 'insights')['spec'] as { triggers: unknown[] }).triggers.pop(),
  ],
  [
    'a service does not scale',
    'every service scales, by one mechanism each',
    (manifests) => remove(manifests, 'HorizontalPodAutoscaler', 'gateway'),
  ],
  [
    'a second scheduler',
    'schedules live in one place, in the services behind a lease',
    (manifests) =>
      manifests.push({
        apiVersion: 'batch/v1',
        kind: 'CronJob',
        metadata: { name: 'nightly', namespace: 'orrery' },
      }),
  ],
  [
    'a budget equals the replicas',
    'no budget keeps a node from being drained',
    (manifests) =>
      ((find(manifests, 'PodDisruptionBudget', 'insights')['spec'] as { minAvailable: number }).minAvailable =
        2),
  ],
  [
    'the mail server cannot be reached',
    'only services with a reason reach the outside, on the ports of that reason',
    (manifests) => policyOf(manifests, 'insights').egress.pop(),
  ],
  [
    'a scaler goes by a measure that nobody takes',
    'scalers go by what the cluster and the broker measure',
    (manifests) =>
      (find(manifests, 'ScaledObject', 'insights')['spec'] as { triggers: unknown[] }).triggers.push({
        type: 'prometheus',
      }),
  ],
  [
    'secrets are written by hand',
    'secrets come from the store of the platform',
    (manifests) => remove(manifests, 'ExternalSecret', 'orrery'),
  ],
  [
    'the grace period is shorter than the drain',
    'the grace period covers pause and drain',
    (manifests) =>
      ((
        find(manifests, 'Deployment', 'insights')['spec'] as {
          template: { spec: { terminationGracePeriodSeconds: number } };
        }
      ).template.spec.terminationGracePeriodSeconds = 30),
  ],
  [
    'the database of a service is not migrated',
    'every database is migrated before its pods are replaced',
    (manifests) => remove(manifests, 'Job', 'insights-migrate'),
  ],
  [
    'one replica',
    'at least two replicas',
    (manifests) => ((find(manifests, 'Deployment', 'insights')['spec'] as { replicas: number }).replicas = 1),
  ],
];

describe('a mistake in the manifests', () => {
  it.each(MUTATIONS)('is noticed: %s', (_what, caughtBy, change) => {
    const manifests = structuredClone(manifestsOf('production'));
    change(manifests);
    const broken = POLICIES.filter(({ violations }) => violations(manifests).length > 0).map(
      ({ name }) => name,
    );

    expect(broken).toContain(caughtBy);
  });

  it('is noticed: any object that is missing', () => {
    const whole = manifestsOf('production');
    const unnoticed = whole
      .filter((missing) => {
        const rest = whole.filter((manifest) => manifest !== missing);
        return POLICIES.every(({ violations }) => violations(rest).length === 0);
      })
      .map(({ kind, metadata }) => `${kind} ${metadata.name}`);

    expect(whole.length).toBeGreaterThan(80);
    expect(unnoticed).toEqual([]);
  });

  it.each(['Deployment', 'Job'])('is noticed: any field that is missing in the container of a %s', (kind) => {
    const whole = manifestsOf('production');
    const unnoticed = whole
      .filter((manifest) => manifest.kind === kind)
      .flatMap((manifest) => {
        const spec = manifest['spec'] as { template: { spec: { containers: Record<string, unknown>[] } } };
        const [container = {}] = spec.template.spec.containers;
        return Object.keys(container).filter((field) => {
          const { [field]: kept, ...rest } = container;
          spec.template.spec.containers[0] = rest;
          const isNoticed =
            POLICIES.some(({ violations }) => violations(whole).length > 0) ||
            schemaErrors(manifest).length > 0;
          spec.template.spec.containers[0] = { ...rest, [field]: kept };
          return !isNoticed;
        });
      });

    // How an image is fetched decides nothing about what runs.
    expect(unnoticed.filter((field) => field !== 'imagePullPolicy')).toEqual([]);
  });

  it('is noticed: a misspelt field', () => {
    const manifests = structuredClone(manifestsOf('production'));
    containerOf(manifests, 'insights')['prots'] = [];

    expect(manifests.flatMap(schemaErrors)).toEqual([
      'Deployment insights: /spec/template/spec/containers/0/prots is no field of the API',
    ]);
  });

  it('is noticed: a field of the wrong type', () => {
    const manifests = structuredClone(manifestsOf('production'));
    (find(manifests, 'Deployment', 'insights')['spec'] as Record<string, unknown>)['replicas'] = 'two';

    expect(manifests.flatMap(schemaErrors).join()).toContain('replicas');
  });
});

describe('the rules', () => {
  it('are at least forty, each with a name of its own', () => {
    expect(new Set(POLICIES.map(({ name }) => name)).size).toBe(POLICIES.length);
    expect(POLICIES.length).toBeGreaterThanOrEqual(40);
  });

  it('know an edge from the gateway to every service', () => {
    expect(declaredEdges.filter((edge) => edge.startsWith('gateway -> ')).length).toBeGreaterThanOrEqual(8);
  });
});
