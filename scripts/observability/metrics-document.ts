import type { StartedService } from '@orrery/service-kit';

/** One metric as a service exposes it. */
export interface ExposedMetric {
  name: string;
  type: string;
  help: string;
  services: string[];
}

/**
 * Metrics in the text form of Prometheus.
 * @param text answer of `/metrics`
 */
export function parseMetrics(text: string): Omit<ExposedMetric, 'services'>[] {
  const types = new Map(
    [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => [name, type]),
  );
  return [...text.matchAll(/^# HELP (\S+) (.*)$/gm)].map(([, name = '', help = '']) => ({
    name,
    type: types.get(name) ?? 'untyped',
    help,
  }));
}

/** Figures of the Node process that its metrics library brings; documented as one group. */
export const isOfTheProcess = (name: string): boolean => /^(process|nodejs)_/.test(name);

/**
 * What every service exposes, by name.
 * @param services running services
 */
export async function readMetrics(
  services: readonly Pick<StartedService, 'name' | 'metricsUrl'>[],
): Promise<ExposedMetric[]> {
  const byName = new Map<string, ExposedMetric>();
  for (const { name: service, metricsUrl } of services) {
    const text = await (await fetch(`${metricsUrl}/metrics`)).text();
    for (const { name, type, help } of parseMetrics(text)) {
      const known = byName.get(name) ?? { name, type, help, services: [] };
      known.services.push(service);
      byName.set(name, known);
    }
  }
  return [...byName.values()].sort((a, b) => a.name.localeCompare(b.name));
}

const row = ({ name, type, help }: ExposedMetric, where: string): string =>
  `| \`${name}\` | ${type} | ${help.replaceAll('|', '\\|')} | ${where} |`;

/**
 * `docs/metrics.md`: every metric of the running constellation. Dashboards and alert rules may use only these.
 * @param services running services
 */
export async function metricsDocument(
  services: readonly Pick<StartedService, 'name' | 'metricsUrl'>[],
): Promise<string> {
  const metrics = (await readMetrics(services)).filter(({ name }) => !isOfTheProcess(name));
  const whereOf = ({ services: where }: ExposedMetric): string =>
    where.length === services.length ? 'all' : where.sort().join(', ');
  return `# Metrics

Written by \`npm run docs\` from a running constellation. Every service exposes them on its internal port at \`/metrics\`, with the label \`service\`. Names follow Prometheus: base units, \`_total\` for counters. Figures of the Node process (\`process_*\`, \`nodejs_*\`: memory, event loop, garbage collection) come beside them, once per process. Labels never hold anything about a user.

| Metric | Type | Meaning | Services |
|---|---|---|---|
${metrics.map((metric) => row(metric, whereOf(metric))).join('\n')}

Dashboards (\`infra/observability/grafana\`) and alert rules (\`infra/observability/alerts.yaml\`) use only these, and a test keeps it so. Each alert has its page in [runbooks](runbooks).
`;
}
