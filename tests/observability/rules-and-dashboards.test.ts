import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { SERVICE_NAMES } from '@orrery/contracts';
import { parse } from 'yaml';
import { isOfTheProcess } from '../../scripts/observability/metrics-document.ts';
import { alertRulesManifest, readAlertRules } from '../../scripts/observability/alert-rules.ts';
import { root } from '../setup/servers.ts';

const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** Metrics by name with their type, as docs/metrics.md registers them. */
const REGISTERED = new Map(
  [...read('docs/metrics.md').matchAll(/^\| `(\w+)` \| (\w+) \| (.+?) \| [^|]+ \|$/gm)].map(
    ([, name = '', type = '', help = '']) => [name, { type, help }],
  ),
);
/** Registered by the first call of a service that has a language model; see packages/language-model. */
const WITH_A_MODEL = [
  ...read('packages/language-model/src/language-model.ts').matchAll(/name: '(model_\w+)'/g),
].map(([, name = '']) => name);

const SUFFIX = /_(bucket|sum|count)$/;
const isKnown = (name: string): boolean =>
  name === 'up' ||
  isOfTheProcess(name) ||
  REGISTERED.has(name) ||
  WITH_A_MODEL.includes(name.replace(SUFFIX, '')) ||
  (SUFFIX.test(name) && REGISTERED.get(name.replace(SUFFIX, ''))?.type === 'histogram');

const WORDS = new Set(
  'and or unless by without on ignoring group_left group_right bool sum min max avg count topk rate increase deriv time histogram_quantile label_values'.split(
    ' ',
  ),
);

/** Names of metrics in an expression: words that are neither functions, nor labels, nor in quotes. */
const namesIn = (expression: string): string[] => {
  const bare = expression
    .replaceAll(/"[^"]*"/g, '')
    .replaceAll(/\{[^}]*\}/g, '')
    .replaceAll(/\[[^\]]*\]/g, '')
    .replaceAll(/\b(by|without|on|ignoring)\s*\([^)]*\)/g, '');
  return [...bare.matchAll(/[a-zA-Z_:][\w:]*/g)].map(([name]) => name).filter((name) => !WORDS.has(name));
};

interface Dashboard {
  uid: string;
  title: string;
  panels: {
    title: string;
    description: string;
    fieldConfig: { defaults: { unit: string } };
    targets: { expr: string }[];
  }[];
}

const DASHBOARDS_FOLDER = 'infra/observability/grafana/dashboards';
const dashboards = readdirSync(join(root, DASHBOARDS_FOLDER)).map(
  (file) => JSON.parse(read(`${DASHBOARDS_FOLDER}/${file}`)) as Dashboard,
);
const { groups } = await readAlertRules();
const rules = groups.flatMap((group) => group.rules);
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
  it('asks only for registered metrics', () => {
    expect(namesIn(rule.expr).filter((name) => !isKnown(name))).toEqual([]);
    expect(namesIn(rule.expr)).not.toEqual([]);
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

  const withPromtool = spawnSync('promtool', ['--version']).status === 0 ? it : it.skip;
  withPromtool('are accepted by promtool', () => {
    const { status, stderr } = spawnSync('promtool', ['check', 'rules', 'infra/observability/alerts.yaml'], {
      cwd: root,
      encoding: 'utf8',
    });

    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
});

describe.each(dashboards.map((dashboard) => [dashboard.title, dashboard] as const))(
  'dashboard %s',
  (_title, dashboard) => {
    it('asks only for registered metrics', () => {
      const expressions = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));

      expect(expressions.length).toBeGreaterThan(5);
      expect(expressions.flatMap(namesIn).filter((name) => !isKnown(name))).toEqual([]);
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
