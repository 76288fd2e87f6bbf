import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { root } from '../../tests/setup/servers.ts';

/** One alert of `infra/observability/alerts.yaml`. */
export interface AlertRule {
  alert: string;
  expr: string;
  for?: string;
  labels: { severity: string };
  annotations: { summary: string; runbook_url: string };
}

/** The file as Prometheus reads it. */
export interface AlertRules {
  groups: { name: string; rules: AlertRule[] }[];
}

/** The alert rules of the repository. */
export const readAlertRules = async (): Promise<AlertRules> =>
  parse(await readFile(join(root, 'infra/observability/alerts.yaml'), 'utf8')) as AlertRules;

/** The same rules as the object that the Prometheus Operator loads. */
export async function alertRulesManifest(): Promise<string> {
  const manifest = {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name: 'orrery' },
    spec: await readAlertRules(),
  };
  return `# Written by \`npm run docs\` from infra/observability/alerts.yaml.\n${stringify(manifest, { lineWidth: 0 })}`;
}
