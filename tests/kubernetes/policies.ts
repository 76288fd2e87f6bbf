import { EVENTS, SERVICE_NAMES } from '@orrery/contracts';
import { planTopology } from '@orrery/messaging';
import { CommonConfig, addressSetting, describeConfig } from '@orrery/service-kit';
import { ROUTES } from '../../gateway/src/routing/route-table.ts';
import { SERVICES } from '../../infra/all-in-one/src/services.ts';
import { type Manifest, walk } from './render.ts';

/** One rule about what is deployed: names every object that breaks it. */
export interface Policy {
  name: string;
  /** Sentences about what breaks it; empty when nothing does. */
  violations(manifests: readonly Manifest[]): string[];
  /** Overlays for which it holds; default all. */
  only?: readonly string[];
}

interface Container {
  name: string;
  image?: string;
  env?: {
    name: string;
    value?: string;
    valueFrom?: { secretKeyRef?: { key: string; optional?: boolean } };
  }[];
  envFrom?: { configMapRef?: { name: string } }[];
  ports?: { name: string; containerPort: number }[];
  volumeMounts?: { name: string; mountPath: string }[];
  resources?: { requests?: Record<string, string>; limits?: Record<string, string> };
  securityContext?: {
    allowPrivilegeEscalation?: boolean;
    readOnlyRootFilesystem?: boolean;
    privileged?: boolean;
    capabilities?: { drop?: string[]; add?: string[] };
  };
  livenessProbe?: Probe;
  readinessProbe?: Probe;
  startupProbe?: Probe;
  lifecycle?: { preStop?: { sleep?: { seconds: number } } };
}

interface Probe {
  httpGet?: { path: string; port: string };
  periodSeconds?: number;
  failureThreshold?: number;
  timeoutSeconds?: number;
}

interface PodSpec {
  serviceAccountName?: string;
  automountServiceAccountToken?: boolean;
  enableServiceLinks?: boolean;
  terminationGracePeriodSeconds?: number;
  hostNetwork?: boolean;
  hostPID?: boolean;
  hostIPC?: boolean;
  securityContext?: { runAsNonRoot?: boolean; runAsUser?: number; seccompProfile?: { type: string } };
  topologySpreadConstraints?: {
    topologyKey: string;
    labelSelector: { matchLabels: Record<string, string> };
  }[];
  containers: Container[];
  volumes?: Record<string, unknown>[];
}

interface Peer {
  podSelector?: { matchLabels?: Record<string, string> };
  namespaceSelector?: { matchLabels?: Record<string, string> };
  ipBlock?: { cidr: string; except?: string[] };
}

interface PolicySpec {
  podSelector: { matchLabels?: Record<string, string> };
  policyTypes: string[];
  ingress?: { from?: Peer[]; ports?: { port: number }[] }[];
  egress?: { to?: Peer[]; ports?: { port: number }[] }[];
}

const NAME = 'app.kubernetes.io/name';
const DRAIN_SECONDS = 25;

const ofKind = (manifests: readonly Manifest[], kind: string): Manifest[] =>
  manifests.filter((manifest) => manifest.kind === kind);
const specOf = <Spec>(manifest: Manifest): Spec => manifest['spec'] as Spec;

interface WorkloadSpec {
  replicas?: number;
  strategy?: { rollingUpdate?: { maxUnavailable?: unknown; maxSurge?: unknown } };
  minReadySeconds?: number;
  revisionHistoryLimit?: number;
  selector?: { matchLabels: Record<string, string> };
  template: { metadata: { labels: Record<string, string> }; spec: PodSpec };
}

const deployments = (manifests: readonly Manifest[]): { name: string; spec: WorkloadSpec }[] =>
  ofKind(manifests, 'Deployment').map((manifest) => ({
    name: manifest.metadata.name,
    spec: specOf(manifest),
  }));

const pods = (manifests: readonly Manifest[]): { name: string; pod: PodSpec }[] =>
  [...ofKind(manifests, 'Deployment'), ...ofKind(manifests, 'Job')].map((manifest) => ({
    name: `${manifest.kind} ${manifest.metadata.name}`,
    pod: specOf<WorkloadSpec>(manifest).template.spec,
  }));

const containers = (manifests: readonly Manifest[]): { name: string; container: Container }[] =>
  pods(manifests).flatMap(({ name, pod }) => pod.containers.map((container) => ({ name, container })));

const serving = (manifests: readonly Manifest[]): { name: string; container: Container; pod: PodSpec }[] =>
  deployments(manifests).flatMap(({ name, spec }) =>
    spec.template.spec.containers.map((container) => ({ name, container, pod: spec.template.spec })),
  );

const mounting = (manifests: readonly Manifest[]): { name: string; container: Container; pod: PodSpec }[] =>
  pods(manifests).flatMap(({ name, pod }) => pod.containers.map((container) => ({ name, container, pod })));

const networkPolicies = (manifests: readonly Manifest[]): { name: string; spec: PolicySpec }[] =>
  ofKind(manifests, 'NetworkPolicy').map((manifest) => ({
    name: manifest.metadata.name,
    spec: specOf(manifest),
  }));

const bytes = (quantity: string): number => {
  const [, number = '0', unit = ''] = /^(\d+)(Ki|Mi|Gi)?$/.exec(quantity) ?? [];
  return Number(number) * ({ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 }[unit] ?? 1);
};

const rule = <Subject extends { name: string }>(
  name: string,
  subjects: (manifests: readonly Manifest[]) => readonly Subject[],
  holds: (subject: Subject, manifests: readonly Manifest[]) => boolean,
  only?: readonly string[],
): Policy => ({
  name,
  violations: (manifests) => {
    const all = subjects(manifests);
    return all.length === 0
      ? ['there is nothing to which it applies']
      : all.filter((subject) => !holds(subject, manifests)).map((subject) => subject.name);
  },
  ...(only === undefined ? {} : { only }),
});

/** `from -> to` for every pair of services that a policy of either side allows. */
function edges(manifests: readonly Manifest[], side: 'ingress' | 'egress'): string[] {
  return networkPolicies(manifests)
    .flatMap(({ spec }) => {
      const own = spec.podSelector.matchLabels?.[NAME];
      const rules =
        side === 'ingress' ? spec.ingress?.map(({ from }) => from) : spec.egress?.map(({ to }) => to);
      return (rules ?? [])
        .flatMap((peers) => peers ?? [])
        .map(({ podSelector }) => podSelector?.matchLabels?.[NAME])
        .filter((peer) => own !== undefined && peer !== undefined)
        .map((peer) => (side === 'ingress' ? `${peer} -> ${own}` : `${own} -> ${peer}`));
    })
    .sort();
}

/** Who calls whom, by the service modules and the gateway's table. */
export const declaredEdges: readonly string[] = [
  ...new Set([
    ...SERVICES.flatMap(({ name, calls = [] }) => calls.map((called) => `${name} -> ${called}`)),
    ...ROUTES.map(({ service }) => `gateway -> ${service}`),
  ]),
].sort();

const difference = (found: readonly string[], wanted: readonly string[]): string[] => [
  ...found
    .filter((edge) => !wanted.includes(edge))
    .map((edge) => `${edge} is allowed but nobody declares it`),
  ...wanted.filter((edge) => !found.includes(edge)).map((edge) => `${edge} is declared but not allowed`),
];

const settings = new Map(
  SERVICES.map(({ name, config, calls = [] }) => [
    name as string,
    {
      all: new Set([
        ...[CommonConfig, config].flatMap((schema) => describeConfig(schema).map((setting) => setting.name)),
        ...SERVICE_NAMES.map(addressSetting),
        'NODE_OPTIONS',
      ]),
      addresses: calls.map(addressSetting),
      secrets: [CommonConfig, config]
        .flatMap((schema) => describeConfig(schema))
        .filter(({ secret }) => secret),
      required: [CommonConfig, config]
        .flatMap((schema) => describeConfig(schema))
        .filter(({ requiredInProduction, required }) => requiredInProduction || required)
        .map((setting) => setting.name),
    },
  ]),
);

const configOf = (manifests: readonly Manifest[]): Record<string, string> =>
  (ofKind(manifests, 'ConfigMap').find(({ metadata }) => metadata.name === 'orrery')?.['data'] ??
    {}) as Record<string, string>;

const settingsOfAll = new Set([...settings.values()].flatMap(({ all }) => [...all]));

const scaledTargets = (manifests: readonly Manifest[]): string[] =>
  [...ofKind(manifests, 'HorizontalPodAutoscaler'), ...ofKind(manifests, 'ScaledObject')]
    .map((manifest) => specOf<{ scaleTargetRef: { name: string } }>(manifest).scaleTargetRef.name)
    .sort();

/** What the scaler of a service goes down to; empty without one. */
const fewestReplicas = (manifests: readonly Manifest[], name: string): number[] =>
  [...ofKind(manifests, 'HorizontalPodAutoscaler'), ...ofKind(manifests, 'ScaledObject')]
    .map(specOf<{ scaleTargetRef: { name: string }; minReplicas?: number; minReplicaCount?: number }>)
    .filter(({ scaleTargetRef }) => scaleTargetRef.name === name)
    .map(({ minReplicas, minReplicaCount }) => minReplicas ?? minReplicaCount ?? 0);

/** Every measure that a scaler goes by, such as `cpu` or the type of a trigger. */
const scaledBy = (manifests: readonly Manifest[]): { name: string; measures: string[] }[] => [
  ...ofKind(manifests, 'HorizontalPodAutoscaler').map((manifest) => ({
    name: manifest.metadata.name,
    measures: specOf<{ metrics: { type: string; resource?: { name: string } }[] }>(manifest).metrics.map(
      ({ type, resource }) => resource?.name ?? type,
    ),
  })),
  ...ofKind(manifests, 'ScaledObject').map((manifest) => ({
    name: manifest.metadata.name,
    measures: specOf<{ triggers: { type: string }[] }>(manifest).triggers.map(({ type }) => type),
  })),
];

const queuesInTriggers = (manifests: readonly Manifest[]): string[] =>
  ofKind(manifests, 'ScaledObject').flatMap((manifest) =>
    specOf<{ triggers: { type: string; metadata: Record<string, string> }[] }>(manifest)
      .triggers.filter(({ type }) => type === 'rabbitmq')
      .map(({ metadata }) => metadata['queueName'] ?? ''),
  );

const CLUSTERS = ['staging', 'production'] as const;
const serviceNames = SERVICES.map(({ name }) => name as string).sort();
const same = (a: readonly string[], b: readonly string[]): boolean =>
  JSON.stringify([...a].sort()) === JSON.stringify([...b].sort());

const WORKLOAD_POLICIES: readonly Policy[] = [
  {
    name: 'every service has a Deployment, and nothing else has',
    violations: (manifests) =>
      difference(
        deployments(manifests).map(({ name }) => name),
        serviceNames,
      ),
  },
  rule('every Deployment has a Service with the same selector', deployments, ({ name, spec }, manifests) =>
    ofKind(manifests, 'Service').some(
      (service) =>
        service.metadata.name === name &&
        JSON.stringify(specOf<{ selector: unknown }>(service).selector) ===
          JSON.stringify(spec.selector?.matchLabels),
    ),
  ),
  rule('selectors meet the labels of their pods', deployments, ({ spec }) =>
    Object.entries(spec.selector?.matchLabels ?? { missing: '' }).every(
      ([key, value]) => spec.template.metadata.labels[key] === value,
    ),
  ),
  rule(
    'a rollout never takes a replica away before another one serves',
    deployments,
    ({ spec }) =>
      spec.strategy?.rollingUpdate?.maxUnavailable === 0 && spec.strategy.rollingUpdate.maxSurge === 1,
  ),
  rule(
    'a new pod must serve for a while before it counts',
    deployments,
    ({ spec }) => (spec.minReadySeconds ?? 0) >= 5,
  ),
  rule(
    'old revisions are kept for a roll-back, and few of them',
    deployments,
    ({ spec }) => spec.revisionHistoryLimit === 5,
  ),
  rule('at least two replicas', deployments, ({ spec }) => (spec.replicas ?? 1) >= 2, CLUSTERS),
  rule(
    'startup is probed',
    serving,
    ({ container }) => container.startupProbe?.httpGet?.path === '/health/live',
  ),
  rule(
    'a start may take the 60 s that it waits for database and broker',
    serving,
    ({ container: { startupProbe } }) =>
      (startupProbe?.periodSeconds ?? 0) * (startupProbe?.failureThreshold ?? 0) >= 75,
  ),
  rule(
    'liveness asks the process only',
    serving,
    ({ container }) => container.livenessProbe?.httpGet?.path === '/health/live',
  ),
  rule(
    'readiness asks for its dependencies',
    serving,
    ({ container }) => container.readinessProbe?.httpGet?.path === '/health/ready',
  ),
  rule(
    'readiness has more time than a check of a dependency takes',
    serving,
    ({ container }) => (container.readinessProbe?.timeoutSeconds ?? 1) >= 4,
  ),
  rule('probes use the internal port', serving, ({ container }) =>
    [container.livenessProbe, container.readinessProbe, container.startupProbe].every(
      (probe) => probe?.httpGet?.port === 'internal',
    ),
  ),
  rule('both ports are declared', serving, ({ container }) =>
    same(
      (container.ports ?? []).map(({ name, containerPort }) => `${name}:${containerPort}`),
      ['http:8080', 'internal:9090'],
    ),
  ),
  rule(
    'a pod leaves the load balancer before it is told to stop',
    serving,
    ({ container }) => (container.lifecycle?.preStop?.sleep?.seconds ?? 0) >= 10,
  ),
  rule(
    'the grace period covers pause and drain',
    serving,
    ({ container, pod }) =>
      (pod.terminationGracePeriodSeconds ?? 30) >=
      (container.lifecycle?.preStop?.sleep?.seconds ?? 0) + DRAIN_SECONDS + 10,
  ),
  rule('replicas are spread over hosts and zones', deployments, ({ name, spec }) => {
    const spread = spec.template.spec.topologySpreadConstraints ?? [];
    return (
      same(
        spread.map(({ topologyKey }) => topologyKey),
        ['kubernetes.io/hostname', 'topology.kubernetes.io/zone'],
      ) && spread.every(({ labelSelector }) => labelSelector.matchLabels[NAME] === name)
    );
  }),
  rule('every Deployment has a disruption budget', deployments, ({ name }, manifests) =>
    ofKind(manifests, 'PodDisruptionBudget').some(
      (budget) =>
        specOf<{ selector: { matchLabels: Record<string, string> } }>(budget).selector.matchLabels[NAME] ===
        name,
    ),
  ),
  rule(
    'one replica always stays',
    (manifests) =>
      ofKind(manifests, 'PodDisruptionBudget').map((manifest) => ({
        name: manifest.metadata.name,
        manifest,
      })),
    ({ manifest }) => specOf<{ minAvailable: number }>(manifest).minAvailable === 1,
    CLUSTERS,
  ),
  rule('no budget keeps a node from being drained', deployments, ({ name, spec }, manifests) =>
    ofKind(manifests, 'PodDisruptionBudget')
      .filter(({ metadata }) => metadata.name === name)
      .every(
        (budget) =>
          specOf<{ minAvailable: number }>(budget).minAvailable <
          Math.min(spec.replicas ?? 1, ...fewestReplicas(manifests, name)),
      ),
  ),
];

const SECURITY_POLICIES: readonly Policy[] = [
  rule(
    'runs as nobody in particular',
    pods,
    ({ pod }) => pod.securityContext?.runAsNonRoot === true && (pod.securityContext.runAsUser ?? 0) > 0,
  ),
  rule(
    'system calls are filtered',
    pods,
    ({ pod }) => pod.securityContext?.seccompProfile?.type === 'RuntimeDefault',
  ),
  rule(
    'no namespace of the host is shared',
    pods,
    ({ pod }) => pod.hostNetwork !== true && pod.hostPID !== true && pod.hostIPC !== true,
  ),
  rule('no directory of the host is mounted', pods, ({ pod }) =>
    (pod.volumes ?? []).every((volume) => !('hostPath' in volume)),
  ),
  rule('scratch space is bounded', pods, ({ pod }) =>
    (pod.volumes ?? []).every(
      (volume) => (volume['emptyDir'] as { sizeLimit?: string } | undefined)?.sizeLimit !== undefined,
    ),
  ),
  rule('a read-only root has a place for scratch files', mounting, ({ pod, container }) =>
    (container.volumeMounts ?? []).some(
      ({ name, mountPath }) =>
        mountPath === '/tmp' && (pod.volumes ?? []).some((volume) => volume['name'] === name),
    ),
  ),
  rule('no token of the cluster is mounted', pods, ({ pod }) => pod.automountServiceAccountToken === false),
  rule(
    'no addresses of other services leak into the environment',
    pods,
    ({ pod }) => pod.enableServiceLinks === false,
  ),
  rule('every pod has a service account of its own', pods, ({ pod }, manifests) =>
    ofKind(manifests, 'ServiceAccount').some(({ metadata }) => metadata.name === pod.serviceAccountName),
  ),
  rule(
    'no process gains privileges',
    containers,
    ({ container }) =>
      container.securityContext?.allowPrivilegeEscalation === false &&
      container.securityContext.privileged !== true,
  ),
  rule(
    'the root is read-only',
    containers,
    ({ container }) => container.securityContext?.readOnlyRootFilesystem === true,
  ),
  rule(
    'all capabilities are dropped',
    containers,
    ({ container: { securityContext } }) =>
      JSON.stringify(securityContext?.capabilities) === JSON.stringify({ drop: ['ALL'] }),
  ),
  rule(
    'the namespace enforces the restricted standard',
    (manifests) => ofKind(manifests, 'Namespace').map(({ metadata }) => metadata),
    ({ labels }) => labels?.['pod-security.kubernetes.io/enforce'] === 'restricted',
  ),
  {
    name: 'no secret stands in a manifest',
    violations: (manifests) => {
      const found = ofKind(manifests, 'Secret').map(({ metadata }) => `Secret ${metadata.name}`);
      const secretNames = new Set(
        [...settings.values()].flatMap(({ secrets }) => secrets.map(({ name }) => name)),
      );
      return [
        ...found,
        ...Object.keys(configOf(manifests)).filter((name) => secretNames.has(name)),
        ...containers(manifests).flatMap(({ name, container }) =>
          (container.env ?? [])
            .filter((variable) => secretNames.has(variable.name) && variable.value !== undefined)
            .map((variable) => `${name} ${variable.name}`),
        ),
      ];
    },
  },
];

const RESOURCE_POLICIES: readonly Policy[] = [
  rule(
    'memory is limited',
    containers,
    ({ container }) => container.resources?.limits?.['memory'] !== undefined,
  ),
  rule('CPU and memory are requested', containers, ({ container }) =>
    ['cpu', 'memory'].every((resource) => container.resources?.requests?.[resource] !== undefined),
  ),
  rule(
    'CPU is not capped, which would slow an event loop down at random',
    containers,
    ({ container }) => container.resources?.limits?.['cpu'] === undefined,
  ),
  rule('Node keeps a quarter of its memory for what is not heap', containers, ({ container }) => {
    const options = container.env?.find(({ name }) => name === 'NODE_OPTIONS')?.value ?? '';
    const heap = Number(/--max-old-space-size=(\d+)/.exec(options)?.[1] ?? Number.NaN);
    return heap <= (bytes(container.resources?.limits?.['memory'] ?? '0') / 2 ** 20) * 0.75;
  }),
  rule('images have a version', containers, ({ container }) =>
    /^orrery\/[a-z]+:(?!latest$)\S+$/.test(container.image ?? ''),
  ),
  rule('a service runs its own image', serving, ({ name, container }) =>
    (container.image ?? '').startsWith(`orrery/${name}:`),
  ),
  {
    name: 'every service scales, by one mechanism each',
    violations: (manifests) => difference(scaledTargets(manifests), serviceNames),
    only: CLUSTERS,
  },
  rule(
    'scalers go by what the cluster and the broker measure',
    scaledBy,
    ({ measures }) =>
      measures.includes('cpu') && measures.every((measure) => ['cpu', 'rabbitmq'].includes(measure)),
    CLUSTERS,
  ),
  rule(
    'scaling down never leaves a service with one replica',
    deployments,
    ({ name }, manifests) => fewestReplicas(manifests, name).every((fewest) => fewest >= 2),
    CLUSTERS,
  ),
  {
    name: 'every consumer scales by every queue that it has',
    violations: (manifests) =>
      difference(
        queuesInTriggers(manifests),
        planTopology(EVENTS).consumerQueues.map(({ name }) => name),
      ),
    only: ['production'],
  },
  {
    name: 'scalers by queue find the broker',
    violations: (manifests) => {
      const known = ofKind(manifests, 'TriggerAuthentication').map(({ metadata }) => metadata.name);
      return ofKind(manifests, 'ScaledObject')
        .filter((manifest) =>
          specOf<{ triggers: { type: string; authenticationRef?: { name: string } }[] }>(manifest)
            .triggers.filter(({ type }) => type === 'rabbitmq')
            .some(({ authenticationRef }) => !known.includes(authenticationRef?.name ?? '')),
        )
        .map(({ metadata }) => metadata.name);
    },
    only: ['production'],
  },
  {
    name: 'schedules live in one place, in the services behind a lease',
    violations: (manifests) => ofKind(manifests, 'CronJob').map(({ metadata }) => metadata.name),
  },
  {
    name: 'every database is migrated before its pods are replaced',
    violations: (manifests) =>
      difference(
        ofKind(manifests, 'Job').map(({ metadata }) => metadata.name.replace(/-migrate$/, '')),
        serviceNames,
      ),
    only: CLUSTERS,
  },
  {
    name: 'pods leave migrations to the jobs where there are jobs',
    violations: (manifests) => (configOf(manifests)['MIGRATE_ON_START'] === '0' ? [] : ['MIGRATE_ON_START']),
    only: CLUSTERS,
  },
  rule(
    'migration jobs run once, are bounded and are cleaned up',
    (manifests) => ofKind(manifests, 'Job').map((manifest) => ({ name: manifest.metadata.name, manifest })),
    ({ manifest }) => {
      const { backoffLimit, activeDeadlineSeconds, ttlSecondsAfterFinished, template } = specOf<{
        backoffLimit?: number;
        activeDeadlineSeconds?: number;
        ttlSecondsAfterFinished?: number;
        template: { spec: { restartPolicy?: string; containers: { command?: string[] }[] } };
      }>(manifest);
      return (
        backoffLimit !== undefined &&
        activeDeadlineSeconds !== undefined &&
        ttlSecondsAfterFinished !== undefined &&
        template.spec.restartPolicy === 'Never' &&
        template.spec.containers.every(({ command }) => command?.at(-1) === '--migrate')
      );
    },
    CLUSTERS,
  ),
];

/** Ports at which a service may reach namespaces of a role. */
const portsTo = (manifests: readonly Manifest[], name: string, role: string): string[] =>
  networkPolicies(manifests)
    .filter(({ spec }) => spec.podSelector.matchLabels?.[NAME] === name)
    .flatMap(({ spec }) => spec.egress ?? [])
    .filter(({ to }) =>
      to?.some(({ namespaceSelector }) => namespaceSelector?.matchLabels?.['orrery/role'] === role),
    )
    .flatMap(({ ports = [] }) => ports.map(({ port }) => String(port)));

const hasOpenPeer = (peers: readonly Peer[] | undefined): boolean =>
  peers === undefined || peers.some((peer) => Object.keys(peer).length === 0);

const NETWORK_POLICIES: readonly Policy[] = [
  {
    name: 'everything is denied that is not allowed',
    violations: (manifests) =>
      networkPolicies(manifests).some(
        ({ spec }) =>
          Object.keys(spec.podSelector).length === 0 &&
          same(spec.policyTypes, ['Ingress', 'Egress']) &&
          spec.ingress === undefined &&
          spec.egress === undefined,
      )
        ? []
        : ['there is no default-deny policy'],
  },
  rule('every service has a policy for both directions', deployments, ({ name }, manifests) =>
    networkPolicies(manifests).some(
      ({ spec }) =>
        spec.podSelector.matchLabels?.[NAME] === name && same(spec.policyTypes, ['Ingress', 'Egress']),
    ),
  ),
  {
    name: 'callers may leave for exactly the services that they call',
    violations: (manifests) => difference(edges(manifests, 'egress'), declaredEdges),
  },
  {
    name: 'services take calls from exactly their callers',
    violations: (manifests) => difference(edges(manifests, 'ingress'), declaredEdges),
  },
  rule('no policy is open to everybody', networkPolicies, ({ spec }) =>
    [...(spec.ingress ?? []).map(({ from }) => from), ...(spec.egress ?? []).map(({ to }) => to)].every(
      (peers) => !hasOpenPeer(peers),
    ),
  ),
  rule('every allowance names its ports', networkPolicies, ({ spec }) =>
    [...(spec.ingress ?? []), ...(spec.egress ?? [])].every(({ ports }) => (ports ?? []).length > 0),
  ),
  rule('the outside never includes private networks', networkPolicies, ({ spec }) =>
    (spec.egress ?? [])
      .flatMap(({ to }) => to ?? [])
      .filter(({ ipBlock }) => ipBlock !== undefined)
      .every(({ ipBlock }) =>
        same(ipBlock?.except ?? [], ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16']),
      ),
  ),
  {
    // Language model, issuers of tokens, Plaid, users' servers that are sent alerts, and the mail server.
    name: 'only services with a reason reach the outside, on the ports of that reason',
    violations: (manifests) =>
      difference(
        networkPolicies(manifests).flatMap(({ name, spec }) =>
          (spec.egress ?? [])
            .filter(({ to }) => to?.some(({ ipBlock }) => ipBlock !== undefined))
            .map(({ ports = [] }) => `${name}: ${ports.map(({ port }) => port).join(', ')}`),
        ),
        ['advisor: 443', 'chat: 443', 'gateway: 443', 'ingestion: 443', 'insights: 443, 465, 587'],
      ),
  },
  rule(
    'every service reaches database and broker, and nothing else there',
    deployments,
    ({ name }, manifests) => same(portsTo(manifests, name, 'data'), ['27017', '5671', '5672']),
  ),
  {
    name: 'migrations reach the database and nothing else',
    violations: (manifests) =>
      difference(
        networkPolicies(manifests)
          .filter(({ spec }) => spec.podSelector.matchLabels?.['orrery/job'] === 'migrate')
          .flatMap(({ spec }) => spec.egress ?? [])
          .map((allowance) => JSON.stringify(allowance)),
        [
          JSON.stringify({
            to: [{ namespaceSelector: { matchLabels: { 'orrery/role': 'data' } } }],
            ports: [{ port: 27_017, protocol: 'TCP' }],
          }),
        ],
      ),
    only: CLUSTERS,
  },
  {
    name: 'whoever scrapes reaches the internal port, and only that',
    violations: (manifests) =>
      difference(
        networkPolicies(manifests)
          .flatMap(({ spec }) => spec.ingress ?? [])
          .filter(({ from }) =>
            from?.some(
              ({ namespaceSelector }) => namespaceSelector?.matchLabels?.['orrery/role'] === 'monitoring',
            ),
          )
          .map(({ ports = [] }) => ports.map(({ port }) => port).join(', ')),
        ['9090'],
      ),
    only: CLUSTERS,
  },
  {
    name: 'only the gateway is reached from outside',
    violations: (manifests) =>
      networkPolicies(manifests)
        .filter(({ spec }) =>
          (spec.ingress ?? []).some(({ from }) =>
            from?.some(
              ({ namespaceSelector }) => namespaceSelector?.matchLabels?.['orrery/role'] === 'ingress',
            ),
          ),
        )
        .map(({ name }) => name)
        .filter((name) => name !== 'gateway'),
  },
  {
    name: 'every pod of ours can ask the name server of the cluster',
    violations: (manifests) => {
      const policies = networkPolicies(manifests).filter(({ spec }) =>
        (spec.egress ?? []).some(
          ({ to, ports }) =>
            same(
              (ports ?? []).map(({ port }) => String(port)),
              ['53', '53'],
            ) &&
            to?.every(({ podSelector }) => podSelector?.matchLabels?.['k8s-app'] === 'kube-dns') === true,
        ),
      );
      return [...ofKind(manifests, 'Deployment'), ...ofKind(manifests, 'Job')]
        .filter(
          (workload) =>
            !policies.some(({ spec }) =>
              Object.entries(spec.podSelector.matchLabels ?? { nobody: '' }).every(
                ([key, value]) => specOf<WorkloadSpec>(workload).template.metadata.labels[key] === value,
              ),
            ),
        )
        .map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    },
  },
  {
    name: 'the entry leads to the gateway and nowhere else',
    violations: (manifests) => {
      const entries = [...ofKind(manifests, 'Ingress'), ...ofKind(manifests, 'HTTPRoute')];
      const others: string[] = [];
      walk(entries, (node) => {
        const backends = [
          ...(Array.isArray(node['backendRefs']) ? (node['backendRefs'] as { name: string }[]) : []),
          ...(node['service'] === undefined ? [] : [node['service'] as { name: string }]),
        ];
        others.push(...backends.map(({ name }) => name).filter((name) => name !== 'gateway'));
      });
      return entries.length === 0 ? ['there is no entry'] : others;
    },
    only: CLUSTERS,
  },
  {
    name: 'conversations may stay open for an hour',
    violations: (manifests) => {
      const hourLong = (manifest: Manifest): boolean => {
        const text = JSON.stringify(manifest);
        return text.includes('"/chat"') && text.includes('"/v1/chat"') && /3600s?"/.test(text);
      };
      const entries = [...ofKind(manifests, 'Ingress'), ...ofKind(manifests, 'HTTPRoute')];
      return entries.some(hourLong) ? [] : ['no entry has long time limits for chat'];
    },
    only: CLUSTERS,
  },
  {
    name: 'metrics are scraped, on the internal port',
    violations: (manifests) =>
      ofKind(manifests, 'ServiceMonitor').some((monitor) =>
        specOf<{ endpoints: { port: string }[] }>(monitor).endpoints.every(({ port }) => port === 'internal'),
      )
        ? []
        : ['no ServiceMonitor'],
    only: CLUSTERS,
  },
  {
    name: 'alert rules are loaded',
    violations: (manifests) =>
      ofKind(manifests, 'PrometheusRule').some(
        (rules) =>
          specOf<{ groups: { rules: unknown[] }[] }>(rules).groups.flatMap((group) => group.rules).length > 0,
      )
        ? []
        : ['no PrometheusRule'],
    only: CLUSTERS,
  },
  {
    name: 'secrets come from the store of the platform',
    violations: (manifests) =>
      ofKind(manifests, 'ExternalSecret').some(
        (secret) => specOf<{ target: { name: string } }>(secret).target.name === 'orrery',
      )
        ? []
        : ['no ExternalSecret fills the secret `orrery`'],
    only: CLUSTERS,
  },
];

const environmentNames = (container: Container): string[] => (container.env ?? []).map(({ name }) => name);

const SETTING_POLICIES: readonly Policy[] = [
  rule('containers get only settings that their service knows', serving, ({ name, container }) =>
    environmentNames(container).every((setting) => settings.get(name)?.all.has(setting)),
  ),
  {
    name: 'the shared settings are known',
    violations: (manifests) =>
      Object.keys(configOf(manifests)).filter((setting) => !settingsOfAll.has(setting)),
  },
  rule('a service is given the addresses of exactly those that it calls', serving, ({ name, container }) =>
    same(
      environmentNames(container).filter((setting) =>
        SERVICE_NAMES.some((service) => addressSetting(service) === setting),
      ),
      settings.get(name)?.addresses ?? [],
    ),
  ),
  rule('a service is given exactly the secrets that it declares', serving, ({ name, container }) =>
    same(
      (container.env ?? [])
        .filter(({ valueFrom }) => valueFrom !== undefined)
        .map((variable) => variable.name),
      [...new Set(settings.get(name)?.secrets.map((setting) => setting.name) ?? [])],
    ),
  ),
  rule('what production requires is given, and not as an option', serving, ({ name, container }, manifests) =>
    (settings.get(name)?.required ?? []).every(
      (setting) =>
        setting in configOf(manifests) ||
        (container.env ?? []).some(
          (variable) =>
            variable.name === setting &&
            (variable.value !== undefined || variable.valueFrom?.secretKeyRef?.optional !== true),
        ),
    ),
  ),
  rule('the shared settings reach every container', containers, ({ container }) =>
    (container.envFrom ?? []).some(({ configMapRef }) => configMapRef?.name === 'orrery'),
  ),
  {
    name: 'nothing runs with development defaults',
    violations: (manifests) => (configOf(manifests)['NODE_ENV'] === 'production' ? [] : ['NODE_ENV']),
  },
  {
    name: 'containers listen beyond loopback',
    violations: (manifests) => (configOf(manifests)['HOST'] === '0.0.0.0' ? [] : ['HOST']),
  },
  {
    name: 'every object is in the namespace of the overlay',
    violations: (manifests) => {
      const [namespace] = ofKind(manifests, 'Namespace');
      return manifests
        .filter(
          ({ kind, metadata }) => kind !== 'Namespace' && metadata.namespace !== namespace?.metadata.name,
        )
        .map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    },
  },
  {
    name: 'no two objects have the same kind and name',
    violations: (manifests) => {
      const seen = manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
      return seen.filter((object, index) => seen.indexOf(object) !== index);
    },
  },
];

/** Every rule about what is deployed. */
export const POLICIES: readonly Policy[] = [
  ...WORKLOAD_POLICIES,
  ...SECURITY_POLICIES,
  ...RESOURCE_POLICIES,
  ...NETWORK_POLICIES,
  ...SETTING_POLICIES,
];
