import { type StartedService, createMetrics } from '@orrery/service-kit';

/** One metric as services expose it. */
interface ExposedMetric {
  name: string;
  type: string;
  help: string;
  labels: readonly string[];
  services: string[];
}

/** Figures of the Node process that its metrics library brings; documented as one group. */
export const isOfTheProcess = (name: string): boolean => /^(process|nodejs)_/.test(name);

const namesOf = (options: { process: boolean }): Set<string> =>
  new Set(
    createMetrics('gateway', options)
      .registry.getMetricsAsArray()
      .map(({ name }) => name),
  );

/** What each process counts once, whichever services it runs. */
const everywhere = namesOf({ process: false });
const oncePerProcess = new Set([...namesOf({ process: true })].filter((name) => !everywhere.has(name)));

function exposedBy(services: readonly Pick<StartedService, 'name' | 'metrics'>[]): ExposedMetric[] {
  const byName = new Map<string, ExposedMetric>();
  for (const { name: service, metrics } of services) {
    for (const metric of metrics.getMetricsAsArray()) {
      const { name, help } = metric;
      // The library's own type leaves it out.
      const { labelNames: labels = [] } = metric as { labelNames?: string[] };
      const known = byName.get(name) ?? { name, type: String(metric.type), help, labels, services: [] };
      known.services.push(service);
      byName.set(name, known);
    }
  }
  return [...byName.values()].sort((a, b) => a.name.localeCompare(b.name));
}

const row = ({ name, type, labels, help }: ExposedMetric, where: string): string =>
  `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help.replaceAll('|', '\\|')} | ${where} |`;

/**
 * `docs/metrics.md`: every metric of the running constellation. Dashboards and alert rules may use only these.
 * @param services running services, with a language model, so that its metrics are among them
 */
export function metricsDocument(services: readonly Pick<StartedService, 'name' | 'metrics'>[]): string {
  const metrics = exposedBy(services).filter(({ name }) => !isOfTheProcess(name));
  const whereOf = ({ name, services: where }: ExposedMetric): string =>
    oncePerProcess.has(name) || where.length === services.length ? 'all' : where.sort().join(', ');
  return `# Metrics

Written by \`npm run docs\` from a running constellation. Every service exposes them on its internal port at \`/metrics\`, with the label \`service\`. Names follow Prometheus: base units, \`_total\` for counters. Figures of the Node process (\`process_*\`, \`nodejs_*\`: memory, event loop, garbage collection) come beside them, once per process. Labels never hold anything about a user.

| Metric | Type | Labels | Meaning | Services |
|---|---|---|---|---|
${metrics.map((metric) => row(metric, whereOf(metric))).join('\n')}

Dashboards (\`infra/observability/grafana\`) and alert rules (\`infra/observability/alerts.yaml\`) use only these metrics and labels, and a test keeps it so. Each alert has its page in [runbooks](runbooks).
`;
}
