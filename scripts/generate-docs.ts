import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { EVENTS } from '@orrery/contracts';
import { buildAsyncapi } from '@orrery/messaging';
import { CommonConfig, type ServiceModule, describeConfig, runServices } from '@orrery/service-kit';
import { SERVICES } from '../infra/all-in-one/src/services.ts';
import { root, startDatabase } from '../tests/setup/servers.ts';
import { dataMap } from './data-map.ts';
import { generateTypes } from '../packages/client/src/generate.ts';
import { freezeEvents } from './freeze-events.ts';
import { alertRulesManifest } from './observability/alert-rules.ts';
import { metricsDocument } from './observability/metrics-document.ts';
import { WORKLOADS } from './kubernetes/workloads.ts';
import { writeManifests } from './kubernetes/write-manifests.ts';

/**
 * `npm run docs`: writes the generated documents: OpenAPI (asked of the running constellation, so it cannot differ from
 * what is served), AsyncAPI, `.env.example`, the data map, the metrics, the Kubernetes manifests and the frozen event schemas. With `--check` nothing is written and a stale
 * file makes the command fail.
 */
const VERSION = (JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string })
  .version;
const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });

const settingLines = (schema: ServiceModule['config']): string[] =>
  describeConfig(schema).flatMap(({ name, type, meaning, defaultText, requiredInProduction }) => [
    `# ${meaning} (${type}${requiredInProduction ? ', required in production' : ''})`,
    `${defaultText === undefined ? '# ' : ''}${name}=${defaultText ?? ''}`,
  ]);

function environmentExample(): string {
  const seen = new Set(describeConfig(CommonConfig).map(({ name }) => name));
  const own = SERVICES.flatMap(({ name, config }) => {
    const lines = settingLines(config);
    describeConfig(config).forEach((setting) => seen.add(setting.name));
    return lines.length === 0 ? [] : ['', `# --- ${name}`, ...lines];
  });
  return [
    '# Every setting with its default; written by `npm run docs`. A service reads <SERVICE>_<NAME> before <NAME>.',
    '',
    '# --- every service',
    ...settingLines(CommonConfig),
    ...own,
    '',
  ].join('\n');
}

async function askTheConstellation(): Promise<{ openApiText: string; metricsText: string }> {
  const scratch = await mkdtemp(join(tmpdir(), 'orrery-docs-'));
  const database = await startDatabase(join(scratch, 'mongo'));
  const running = await runServices(SERVICES, {
    env: {
      APP_ENV: 'local',
      LOG_LEVEL: 'silent',
      MONGODB_URI: database.uri,
      ORRERY_NAMESPACE: 'docs',
      JWT_SECRET: 'only-while-documents-are-written-0123456789',
      ADMIN_PASSWORD: 'only-while-documents-are-written',
      // Nobody answers there and nobody asks: the metrics of a language model are registered all the same.
      OPENAI_BASE_URL: 'http://127.0.0.1:9/v1',
      PORT: '0',
    },
  });
  try {
    const response = await fetch(`${running.urlOf('gateway')}/openapi.json`);
    if (!response.ok) {
      throw new Error(`the gateway answered ${response.status} for its OpenAPI document`);
    }
    return {
      openApiText: `${JSON.stringify(await response.json(), null, 2)}\n`,
      metricsText: metricsDocument(running.services),
    };
  } finally {
    await running.stop();
    await database.stop();
    await rm(scratch, { recursive: true, force: true });
  }
}

const asyncApi = (): string =>
  `${JSON.stringify(buildAsyncapi(EVENTS, { title: 'Orrery events', version: '1.0.0' }), null, 2)}\n`;

const { openApiText, metricsText } = await askTheConstellation();
const documents: readonly [string, string][] = [
  ['docs/api/openapi.json', openApiText],
  ['packages/client/src/schema.ts', await generateTypes(openApiText)],
  ['docs/api/asyncapi.json', asyncApi()],
  ['.env.example', environmentExample()],
  ['docs/data-map.md', dataMap()],
  ['docs/metrics.md', metricsText],
  ...writeManifests(WORKLOADS, VERSION),
  ['k8s/components/service-monitor/alert-rules.yaml', await alertRulesManifest()],
];

const stale: string[] = [];
for (const [path, text] of documents) {
  const present = await readFile(join(root, path), 'utf8').catch(() => '');
  if (present !== text) {
    stale.push(path);
    if (!values.check) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), text);
    }
  }
}
if (!values.check) {
  stale.push(...freezeEvents());
}

if (values.check && stale.length > 0) {
  console.error(`Stale: ${stale.join(', ')}. Run npm run docs.`);
  process.exitCode = 1;
} else {
  console.log(stale.length === 0 ? 'All generated documents are fresh.' : `Written: ${stale.join(', ')}`);
}
