import { EVENTS, type ServiceName } from '@orrery/contracts';
import { planTopology } from '@orrery/messaging';
import { CommonConfig, type ServiceModule, describeConfig } from '@orrery/service-kit';
import { SERVICES } from '../../infra/all-in-one/src/services.ts';

/** What a pod may reach outside of the cluster. */
export interface OutsideAddress {
  port: number;
  /** Why, as a comment in the manifest. */
  reason: string;
}

/** A setting that comes from the secret `orrery`. */
export interface SecretSetting {
  name: string;
  /** The pod does not start without it. */
  required: boolean;
}

/** Everything the manifests of one service are made of. */
export interface Workload {
  name: ServiceName;
  /** Services that it calls by HTTP. */
  calls: readonly ServiceName[];
  secrets: readonly SecretSetting[];
  outside: readonly OutsideAddress[];
  /** Queues that it consumes; empty for a service that only answers requests. */
  queues: readonly string[];
  memoryMib: number;
}

const HTTPS = 443;

/** What leaves the cluster, by service. Everything that is not here is denied. */
const OUTSIDE: Partial<Record<ServiceName, readonly OutsideAddress[]>> = {
  advisor: [{ port: HTTPS, reason: 'the language model' }],
  chat: [{ port: HTTPS, reason: 'the language model' }],
  gateway: [{ port: HTTPS, reason: 'key sets of token issuers' }],
  ingestion: [{ port: HTTPS, reason: 'Plaid' }],
  insights: [
    { port: HTTPS, reason: "users' servers that are sent alerts" },
    { port: 465, reason: 'the mail server' },
    { port: 587, reason: 'the mail server' },
  ],
};

/** Memory limits in MiB. Services that train or forecast in worker threads need more than the others. */
const MEMORY_MIB: Partial<Record<ServiceName, number>> = {
  categorization: 768,
  insights: 768,
  segmentation: 1024,
};
const DEFAULT_MEMORY_MIB = 384;

const secretsOf = (module: ServiceModule): SecretSetting[] => {
  const required = new Map<string, boolean>();
  // A service may declare a shared setting again as an option of its own; whoever needs it most decides.
  for (const setting of [CommonConfig, module.config].flatMap((config) => describeConfig(config))) {
    if (setting.secret) {
      const needed = setting.requiredInProduction || setting.required;
      required.set(setting.name, needed || required.get(setting.name) === true);
    }
  }
  return [...required]
    .map(([name, needed]) => ({ name, required: needed }))
    .sort((a, b) => a.name.localeCompare(b.name));
};

const queuesOf = (service: ServiceName): string[] =>
  planTopology(EVENTS)
    .consumerQueues.filter(({ consumer }) => consumer === service)
    .map(({ name }) => name)
    .sort();

/** The workloads of the constellation, from the service modules and the event contracts, sorted by name. */
export const WORKLOADS: readonly Workload[] = SERVICES.map((module) => ({
  name: module.name,
  calls: [...(module.calls ?? [])].sort(),
  secrets: secretsOf(module),
  outside: OUTSIDE[module.name] ?? [],
  queues: queuesOf(module.name),
  memoryMib: MEMORY_MIB[module.name] ?? DEFAULT_MEMORY_MIB,
})).sort((a, b) => a.name.localeCompare(b.name));
