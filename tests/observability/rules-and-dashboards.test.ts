import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { SERVICE_NAMES } from '@orrery/contracts';
import { parse } from 'yaml';
import { alertRulesManifest, readAlertRules } from '../../scripts/observability/alert-rules.ts';
import { root } from '../setup/servers.ts';
import { type RegisteredMetric, labelsIn, namesIn, troublesIn } from './metric-expressions.ts';

const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** Metrics by name, as docs/metrics.md registers them. */
const REGISTERED: ReadonlyMap<string, RegisteredMetric & { help: string }> = new Map(
  [...read('docs/metrics.md').matchAll(/^\| `(\w+)` \| (\w+) \| ([^|]*) \| (.+?) \| [^|]+ \|$/gm)].map(
    ([, name = '', type = '', labels = '', help = '']) => [
      name,
      { type, help, labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label = '']) => label) },
    ],
  ),
);

interface Dashboard {
  uid: string;
  title: string;
  panels: {
    title: string;
    description: string;
    fieldConfig: { defaults: { unit: string } };
    targets: { expr: string; legendFormat?: string }[];
  }[];
}

const DASHBOARDS_FOLDER = 'infra/observability/grafana/dashboards';
const dashboards = readdirSync(join(root, DASHBOARDS_FOLDER)).map(
  (file) => JSON.parse(read(`${DASHBOARDS_FOLDER}/${file}`)) as Dashboard,
);
const { groups } = await readAlertRules();
const rules = groups.flatMap((group) => group.rules);
const alertTests = (
  parse(read('infra/observability/alerts.test.yaml')) as {
    tests: { alert_rule_test: { alertname: string; exp_alerts: unknown[] }[] }[];
  }
).tests.flatMap(({ alert_rule_test: cases }) => cases);
const slug = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\w -]/g, '')
    .replaceAll(' ', '-');

describe('the registered metrics', () => {
  it('are many, and named as Prometheus asks: base units, counters end in _total', () => {
    const names = [...REGISTERED];

    expect(names.length).toBeGreaterThan(20);
    expect(names.filter(([name]) => !/^[a-z][a-z0-9_]*$/.test(name))).toEqual([]);
    expect(names.filter(([name, { type }]) => (type === 'counter') !== name.endsWith('_total'))).toEqual([]);
    expect(names.filter(([name]) => /_(ms|milliseconds|minutes|kb|mb)\b/.test(name))).toEqual([]);
  });

  it('each say what they mean', () => {
    expect([...REGISTERED].filter(([, { help }]) => help.split(' ').length < 3)).toEqual([]);
  });
});

describe.each(rules.map((rule) => [rule.alert, rule] as const))('alert %s', (alert, rule) => {
  it('asks only for registered metrics, by labels that they have', () => {
    expect(troublesIn(rule.expr, REGISTERED)).toEqual([]);
    expect(namesIn(rule.expr)).not.toEqual([]);
  });

  it('names only labels that its expression keeps', () => {
    const used = [...rule.annotations.summary.matchAll(/\$labels\.(\w+)/g)].map(([, label = '']) => label);
    const kept = labelsIn(rule.expr);

    expect(used.filter((label) => !kept.includes(label) && !/^(up|deriv)\b/.test(rule.expr))).toEqual([]);
  });

  it('is tested: once when it fires, once when it is silent', () => {
    const cases = alertTests.filter(({ alertname }) => alertname === alert);

    expect(cases.filter(({ exp_alerts: expected }) => expected.length > 0)).not.toEqual([]);
    expect(cases.filter(({ exp_alerts: expected }) => expected.length === 0)).not.toEqual([]);
  });

  it('has a severity, a sentence and a page that says what to do', () => {
    const [page = '', anchor = ''] = rule.annotations.runbook_url.split('#');

    expect(['page', 'ticket']).toContain(rule.labels.severity);
    expect(rule.annotations.summary.length).toBeGreaterThan(15);
    expect(existsSync(join(root, page))).toBe(true);
    expect([...read(page).matchAll(/^##+ (.+)$/gm)].map(([, heading = '']) => slug(heading))).toContain(
      anchor,
    );
    expect(alert).toMatch(/^[A-Z][A-Za-z]+$/);
  });
});

describe('the alert rules', () => {
  it('have names of their own and reach Kubernetes unchanged', async () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    expect(read('k8s/components/service-monitor/alert-rules.yaml')).toBe(await alertRulesManifest());
  });

  it('find in Kubernetes the job that they name', () => {
    const jobs = new Set(
      rules.flatMap(({ expr }) => [...expr.matchAll(/\bjob="(\w+)"/g)].map(([, job]) => job)),
    );
    const { spec } = parse(read('k8s/components/service-monitor/service-monitor.yaml')) as {
      spec: { endpoints: { relabelings?: { targetLabel: string; replacement: string }[] }[] };
    };

    expect([...jobs]).toEqual(['orrery']);
    expect(spec.endpoints.map(({ relabelings }) => relabelings)).toEqual([
      [{ targetLabel: 'job', replacement: 'orrery' }],
    ]);
  });

  it('have pages without headings of alerts that are gone, and every page is linked from somewhere', () => {
    const pages = readdirSync(join(root, 'docs/runbooks'));
    const headings = pages.flatMap((page) =>
      [...read(`docs/runbooks/${page}`).matchAll(/^## ([A-Z][a-z]+(?:[A-Z][a-z]+)+)$/gm)].map(
        ([, heading = '']) => heading,
      ),
    );
    const texts = [
      ...rules.map((rule) => rule.annotations.runbook_url),
      ...['README.md', 'docs/architecture.md', 'docs/kubernetes.md'].map(read),
      ...pages.map((page) => read(`docs/runbooks/${page}`)),
      ...SERVICE_NAMES.map((name) =>
        read(name === 'gateway' ? 'gateway/README.md' : `services/${name}/README.md`),
      ),
    ].join('\n');

    expect(headings.filter((heading) => !rules.some(({ alert }) => alert === heading))).toEqual([]);
    expect(pages.filter((page) => !texts.includes(page))).toEqual([]);
  });
});

const promtool = process.env['PROMTOOL_PATH'];
const withPromtool = promtool === undefined ? describe.skip : describe;

withPromtool('Prometheus itself', () => {
  const run = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(promtool ?? '', args, { cwd: root, encoding: 'utf8' });
    return { status, said: `${stdout}${stderr}` };
  };

  it('accepts the alert rules, and lets them fire and be silent as their unit tests say', () => {
    expect(run('check', 'rules', 'infra/observability/alerts.yaml')).toMatchObject({ status: 0 });
    expect(run('test', 'rules', 'infra/observability/alerts.test.yaml')).toEqual({
      status: 0,
      said: expect.stringContaining('SUCCESS'),
    });
  });

  it('accepts the configuration of docker compose, with the rules that it loads', () => {
    const scratch = mkdtempSync(join(tmpdir(), 'orrery-prometheus-'));
    const config = read('infra/observability/prometheus.yaml');
    const here = config.replace('/etc/prometheus/alerts.yaml', join(root, 'infra/observability/alerts.yaml'));
    writeFileSync(join(scratch, 'prometheus.yaml'), here);

    const { status, said } = run('check', 'config', join(scratch, 'prometheus.yaml'));
    rmSync(scratch, { recursive: true });

    expect(here).not.toBe(config);
    expect({ status, said }).toEqual({ status: 0, said: expect.stringContaining('1 rule files found') });
  });

  it('refuses a rule whose threshold no longer means what its tests say', () => {
    const scratch = mkdtempSync(join(tmpdir(), 'orrery-prometheus-'));
    writeFileSync(
      join(scratch, 'alerts.yaml'),
      read('infra/observability/alerts.yaml').replace('> 5000', '> 50000'),
    );
    writeFileSync(join(scratch, 'alerts.test.yaml'), read('infra/observability/alerts.test.yaml'));

    const { status, said } = run('test', 'rules', join(scratch, 'alerts.test.yaml'));
    rmSync(scratch, { recursive: true });

    expect(status).toBe(1);
    expect(said).toContain('QueueGrows');
  });
});

describe.each(dashboards.map((dashboard) => [dashboard.title, dashboard] as const))(
  'dashboard %s',
  (_title, dashboard) => {
    it('asks only for registered metrics, by labels that they have', () => {
      const expressions = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));

      expect(expressions.length).toBeGreaterThan(5);
      expect(expressions.flatMap((expression) => troublesIn(expression, REGISTERED))).toEqual([]);
    });

    it('explains lines only by labels that they have', () => {
      const targets = dashboard.panels.flatMap((panel) => panel.targets);
      const missing = targets.flatMap(({ expr, legendFormat = '' }) =>
        [...legendFormat.matchAll(/\{\{\s*(\w+)\s*\}\}/g)]
          .map(([, label = '']) => label)
          .filter((label) => /\bby\b/.test(expr) && !labelsIn(expr).includes(label)),
      );

      expect(missing).toEqual([]);
    });

    it('says for each panel what it shows and in which unit', () => {
      expect(
        dashboard.panels.filter(
          ({ title, description, fieldConfig }) =>
            title === '' || description === '' || fieldConfig.defaults.unit === '',
        ),
      ).toEqual([]);
    });
  },
);

describe('the dashboards', () => {
  it('have ids of their own and show every metric that is no detail', () => {
    const shown = new Set(
      dashboards.flatMap(({ panels }) =>
        panels.flatMap(({ targets }) => targets.flatMap(({ expr }) => namesIn(expr))),
      ),
    );
    const hidden = [...REGISTERED.keys()].filter(
      (name) =>
        !shown.has(name) &&
        !shown.has(`${name}_bucket`) &&
        /^(http|gateway|events?|outbox|job|database)_/.test(name),
    );

    expect(new Set(dashboards.map(({ uid }) => uid)).size).toBe(dashboards.length);
    expect(hidden).toEqual([]);
  });
});

describe('Prometheus in docker compose', () => {
  it('scrapes every service on its internal port', () => {
    const { scrape_configs: jobs } = parse(read('infra/observability/prometheus.yaml')) as {
      scrape_configs: { job_name: string; static_configs: { targets: string[] }[] }[];
    };
    const targets = jobs.find(({ job_name: name }) => name === 'orrery')?.static_configs[0]?.targets ?? [];

    expect([...targets].sort()).toEqual(SERVICE_NAMES.map((name) => `${name}:9090`).sort());
  });
});
