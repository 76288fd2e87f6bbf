import { stringify } from 'yaml';
import {
  access,
  brokerForScaling,
  cpuScaling,
  defaultPolicies,
  deployment,
  disruptionBudget,
  migrationJob,
  migrationPolicy,
  networkPolicy,
  queueScaling,
  type Manifest,
} from './manifests.ts';
import type { Workload } from './workloads.ts';

const HEADER = '# Written by `npm run docs` from the service modules; see docs/kubernetes.md.\n';
const KUSTOMIZE = 'kustomize.config.k8s.io';

const yaml = (...documents: readonly unknown[]): string =>
  HEADER + documents.map((document) => stringify(document, { lineWidth: 0 })).join('---\n');

const kustomization = (resources: readonly string[]): string =>
  yaml({ apiVersion: `${KUSTOMIZE}/v1beta1`, kind: 'Kustomization', resources });

const component = (fields: Record<string, unknown>): string =>
  yaml({ apiVersion: `${KUSTOMIZE}/v1alpha1`, kind: 'Component', ...fields });

/** A component with one file of objects per workload. */
function perWorkload(
  folder: string,
  workloads: readonly Workload[],
  make: (workload: Workload) => Manifest,
  extra: readonly (readonly [string, readonly Manifest[]])[] = [],
  fields: Record<string, unknown> = {},
): [string, string][] {
  const files: [string, string][] = [
    ...workloads.map((workload): [string, string] => [`${workload.name}.yaml`, yaml(make(workload))]),
    ...extra.map(([name, manifests]): [string, string] => [name, yaml(...manifests)]),
  ];
  return [
    [`${folder}/kustomization.yaml`, component({ resources: files.map(([name]) => name), ...fields })],
    ...files.map(([name, text]): [string, string] => [`${folder}/${name}`, text]),
  ];
}

const baseKustomization = (workloads: readonly Workload[]): string =>
  yaml({
    apiVersion: `${KUSTOMIZE}/v1beta1`,
    kind: 'Kustomization',
    resources: ['namespace.yaml', 'default-policies.yaml', ...workloads.map(({ name }) => name)],
    configMapGenerator: [
      {
        name: 'orrery',
        literals: [
          'NODE_ENV=production',
          'APP_ENV=production',
          'IDENTITY_MODE=main',
          'HOST=0.0.0.0',
          'PORT=8080',
          'METRICS_PORT=9090',
        ],
      },
    ],
  });

/**
 * Every generated manifest: the base of each service, both ways of scaling, migration jobs and the released images.
 * @param workloads the services
 * @param version of the images
 * @returns path and contents of each file
 */
export function writeManifests(workloads: readonly Workload[], version: string): [string, string][] {
  const callersOf = (name: string): string[] =>
    workloads.filter(({ calls }) => calls.some((called) => called === name)).map((caller) => caller.name);
  const base = workloads.flatMap((workload): [string, string][] => {
    const folder = `k8s/base/${workload.name}`;
    return [
      [
        `${folder}/kustomization.yaml`,
        kustomization(['access.yaml', 'deployment.yaml', 'disruption-budget.yaml', 'network-policy.yaml']),
      ],
      [`${folder}/access.yaml`, yaml(...access(workload))],
      [`${folder}/deployment.yaml`, yaml(deployment(workload))],
      [`${folder}/disruption-budget.yaml`, yaml(disruptionBudget(workload))],
      [`${folder}/network-policy.yaml`, yaml(networkPolicy(workload, callersOf(workload.name)))],
    ];
  });
  const consumers = workloads.filter(({ queues }) => queues.length > 0);
  return [
    ...base,
    ['k8s/base/kustomization.yaml', baseKustomization(workloads)],
    ['k8s/base/default-policies.yaml', yaml(...defaultPolicies())],
    ...perWorkload('k8s/components/scaling-by-cpu', workloads, cpuScaling),
    ...perWorkload(
      'k8s/components/scaling-by-queue',
      workloads,
      (workload) => (consumers.includes(workload) ? queueScaling(workload) : cpuScaling(workload)),
      [['broker.yaml', [brokerForScaling()]]],
    ),
    ...perWorkload(
      'k8s/components/migrations',
      workloads,
      migrationJob,
      [['network-policy.yaml', [migrationPolicy()]]],
      {
        configMapGenerator: [{ name: 'orrery', behavior: 'merge', literals: ['MIGRATE_ON_START=0'] }],
      },
    ),
    [
      'k8s/components/release/kustomization.yaml',
      component({
        images: workloads.map(({ name }) => ({ name: `orrery/${name}`, newTag: version })),
      }),
    ],
  ];
}
