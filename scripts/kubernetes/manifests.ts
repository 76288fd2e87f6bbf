import { addressSetting } from '@orrery/service-kit';
import type { Workload } from './workloads.ts';

/** A Kubernetes object as it is written. */
export type Manifest = Record<string, unknown> & {
  kind: string;
  metadata: { name: string; labels?: Record<string, string> };
};

const HTTP_PORT = 8080;
const INTERNAL_PORT = 9090;
const CONTAINER_USER = 10_001;
/** Namespaces that hold database, broker, ingress controller or monitoring carry this label. */
const ROLE = 'orrery/role';
const NAME = 'app.kubernetes.io/name';
const PART_OF = 'app.kubernetes.io/part-of';
const PRIVATE_NETWORKS = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16'];
const KEEP_FOR_THE_REST_OF_NODE = 0.75;
const MESSAGES_PER_REPLICA = 50;

const selector = (name: string): Record<string, string> => ({ [NAME]: name });
const labels = (name: string): Record<string, string> => ({ ...selector(name), [PART_OF]: 'orrery' });
const metadata = (name: string, own = name): Manifest['metadata'] => ({
  name: own,
  labels: labels(name),
});
const tcp = (...ports: number[]): { port: number; protocol: 'TCP' }[] =>
  ports.map((port) => ({ port, protocol: 'TCP' }));

const nodeOptions = (memoryMib: number): string =>
  `--disable-proto=delete --disable-warning=ExperimentalWarning --max-old-space-size=${Math.floor(memoryMib * KEEP_FOR_THE_REST_OF_NODE)}`;

function environment({ calls, memoryMib, secrets }: Workload): unknown[] {
  return [
    { name: 'NODE_OPTIONS', value: nodeOptions(memoryMib) },
    ...calls.map((called) => ({ name: addressSetting(called), value: `http://${called}:${HTTP_PORT}` })),
    ...secrets.map(({ name, required }) => ({
      name,
      valueFrom: { secretKeyRef: { name: 'orrery', key: name, ...(required ? {} : { optional: true }) } },
    })),
  ];
}

const podSecurity = {
  runAsNonRoot: true,
  runAsUser: CONTAINER_USER,
  runAsGroup: CONTAINER_USER,
  seccompProfile: { type: 'RuntimeDefault' },
};
const containerSecurity = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
};

function container(workload: Workload): Record<string, unknown> {
  const { name, memoryMib } = workload;
  return {
    name,
    image: `orrery/${name}`,
    imagePullPolicy: 'IfNotPresent',
    envFrom: [{ configMapRef: { name: 'orrery' } }],
    env: environment(workload),
    resources: {
      requests: { cpu: '100m', memory: `${memoryMib / 2}Mi` },
      limits: { memory: `${memoryMib}Mi` },
    },
    securityContext: containerSecurity,
    volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
  };
}

/**
 * The Deployment of a service: two replicas that are replaced one by one, spread over hosts and zones.
 * @param workload the service
 */
export function deployment(workload: Workload): Manifest {
  const { name } = workload;
  const probe = (path: string): Record<string, unknown> => ({ httpGet: { path, port: 'internal' } });
  const spread = (topologyKey: string): Record<string, unknown> => ({
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable: 'ScheduleAnyway',
    labelSelector: { matchLabels: selector(name) },
  });
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: metadata(name),
    spec: {
      replicas: 2,
      revisionHistoryLimit: 5,
      minReadySeconds: 5,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      selector: { matchLabels: selector(name) },
      template: {
        metadata: { labels: labels(name) },
        spec: {
          serviceAccountName: name,
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          // preStop 10 s, then a drain of at most 25 s.
          terminationGracePeriodSeconds: 45,
          securityContext: podSecurity,
          topologySpreadConstraints: [
            spread('kubernetes.io/hostname'),
            spread('topology.kubernetes.io/zone'),
          ],
          containers: [
            {
              ...container(workload),
              ports: [
                { name: 'http', containerPort: HTTP_PORT },
                { name: 'internal', containerPort: INTERNAL_PORT },
              ],
              // A start waits up to 60 s for database and broker before it gives up by itself.
              startupProbe: { ...probe('/health/live'), periodSeconds: 2, failureThreshold: 45 },
              livenessProbe: { ...probe('/health/live'), periodSeconds: 10, timeoutSeconds: 3 },
              readinessProbe: { ...probe('/health/ready'), periodSeconds: 5, timeoutSeconds: 4 },
              lifecycle: { preStop: { sleep: { seconds: 10 } } },
            },
          ],
          volumes: [{ name: 'tmp', emptyDir: { sizeLimit: '256Mi' } }],
        },
      },
    },
  };
}

/**
 * The Service and ServiceAccount of a service.
 * @param workload the service
 */
export const access = ({ name }: Workload): Manifest[] => [
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadata(name),
    spec: {
      selector: selector(name),
      ports: [
        { name: 'http', port: HTTP_PORT, targetPort: 'http' },
        { name: 'internal', port: INTERNAL_PORT, targetPort: 'internal' },
      ],
    },
  },
  { apiVersion: 'v1', kind: 'ServiceAccount', metadata: metadata(name), automountServiceAccountToken: false },
];

/**
 * Keeps at least one replica during a drain of nodes.
 * @param workload the service
 */
export const disruptionBudget = ({ name }: Workload): Manifest => ({
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: metadata(name),
  spec: { minAvailable: 1, selector: { matchLabels: selector(name) } },
});

/**
 * Who may reach a service and whom it may reach. Everything else is denied by the default policy.
 * @param workload the service
 * @param callers services that call it
 */
export function networkPolicy({ name, calls, outside }: Workload, callers: readonly string[]): Manifest {
  const pods = (app: string): Record<string, unknown> => ({ podSelector: { matchLabels: selector(app) } });
  const role = (value: string): Record<string, unknown> => ({
    namespaceSelector: { matchLabels: { [ROLE]: value } },
  });
  const from = name === 'gateway' ? [role('ingress')] : callers.map(pods);
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: metadata(name),
    spec: {
      podSelector: { matchLabels: selector(name) },
      policyTypes: ['Ingress', 'Egress'],
      ingress: from.length === 0 ? [] : [{ from, ports: tcp(HTTP_PORT) }],
      egress: [
        ...(calls.length === 0 ? [] : [{ to: calls.map(pods), ports: tcp(HTTP_PORT) }]),
        { to: [role('data')], ports: tcp(27_017, 5671, 5672) },
        ...(outside.length === 0
          ? []
          : [
              {
                to: [{ ipBlock: { cidr: '0.0.0.0/0', except: PRIVATE_NETWORKS } }],
                ports: tcp(...outside.map(({ port }) => port)),
              },
            ]),
      ],
    },
  };
}

/** Nothing in, nothing out, except questions to the cluster's name server. */
export const defaultPolicies = (): Manifest[] => [
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'default-deny' },
    spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
  },
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'name-server' },
    spec: {
      podSelector: { matchLabels: { [PART_OF]: 'orrery' } },
      policyTypes: ['Egress'],
      egress: [
        {
          to: [
            {
              namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
              podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
            },
          ],
          ports: [
            { port: 53, protocol: 'UDP' },
            { port: 53, protocol: 'TCP' },
          ],
        },
      ],
    },
  },
];

const target = (name: string): Record<string, string> => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  name,
});

/**
 * Replicas by CPU.
 * @param workload the service
 */
export const cpuScaling = ({ name }: Workload): Manifest => ({
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: metadata(name),
  spec: {
    scaleTargetRef: target(name),
    minReplicas: 2,
    maxReplicas: 8,
    metrics: [
      {
        type: 'Resource',
        resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 65 } },
      },
    ],
    behavior: { scaleDown: { stabilizationWindowSeconds: 300 } },
  },
});

/**
 * Replicas by what waits in the queues of a consumer, and by CPU (KEDA).
 * @param workload the service
 */
export const queueScaling = ({ name, queues }: Workload): Manifest => ({
  apiVersion: 'keda.sh/v1alpha1',
  kind: 'ScaledObject',
  metadata: metadata(name),
  spec: {
    scaleTargetRef: target(name),
    minReplicaCount: 2,
    maxReplicaCount: 8,
    cooldownPeriod: 300,
    triggers: [
      { type: 'cpu', metricType: 'Utilization', metadata: { value: '65' } },
      ...queues.map((queueName) => ({
        type: 'rabbitmq',
        metadata: {
          protocol: 'amqp',
          queueName,
          mode: 'QueueLength',
          value: String(MESSAGES_PER_REPLICA),
          activationValue: '1',
        },
        authenticationRef: { name: 'rabbitmq' },
      })),
    ],
  },
});

/** Where KEDA finds the broker. */
export const brokerForScaling = (): Manifest => ({
  apiVersion: 'keda.sh/v1alpha1',
  kind: 'TriggerAuthentication',
  metadata: { name: 'rabbitmq' },
  spec: { secretTargetRef: [{ parameter: 'host', name: 'orrery', key: 'RABBITMQ_URL' }] },
});

/**
 * Brings the database of a service to the state that this version needs, before its pods are replaced.
 * @param workload the service
 */
export const migrationJob = (workload: Workload): Manifest => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: `${workload.name}-migrate`, labels: { 'orrery/job': 'migrate', [PART_OF]: 'orrery' } },
  spec: {
    backoffLimit: 3,
    activeDeadlineSeconds: 900,
    ttlSecondsAfterFinished: 86_400,
    template: {
      // Without the name of the service, which would put it behind the Service and under the budget.
      metadata: { labels: { 'orrery/job': 'migrate', [PART_OF]: 'orrery' } },
      spec: {
        serviceAccountName: workload.name,
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        restartPolicy: 'Never',
        securityContext: podSecurity,
        containers: [{ ...container(workload), command: ['node', 'run/src/main.ts', '--migrate'] }],
        volumes: [{ name: 'tmp', emptyDir: { sizeLimit: '256Mi' } }],
      },
    },
  },
});

/** Lets migration jobs reach the database, and nothing else. */
export const migrationPolicy = (): Manifest => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'migrations' },
  spec: {
    podSelector: { matchLabels: { 'orrery/job': 'migrate' } },
    policyTypes: ['Ingress', 'Egress'],
    ingress: [],
    egress: [{ to: [{ namespaceSelector: { matchLabels: { [ROLE]: 'data' } } }], ports: tcp(27_017) }],
  },
});
