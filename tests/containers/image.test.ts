import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SERVICE_NAMES } from '@orrery/contracts';
import { addressSetting } from '@orrery/service-kit';
import { eventually } from '@orrery/testing';
import { freePorts } from '../setup/free-ports.ts';
import { root } from '../setup/servers.ts';
import { isIgnored, parseDockerfile, parseExec } from './dockerfile.ts';
import { type TriedImage, buildImage, checkHealth, exitOf, openForReading, runImage } from './try-image.ts';

const EVERY_IMAGE = [
  ...SERVICE_NAMES.map((name) => (name === 'gateway' ? name : `services/${name}`)),
  'infra/model-sandbox',
  'infra/plaid-sandbox',
];
/** One image stands for all, which share their recipe; `IMAGES=all` tries each of them. */
const TRIED = process.env['IMAGES'] === 'all' ? EVERY_IMAGE : ['services/identity'];
const node = dirname(process.execPath);
const stages = parseDockerfile(readFileSync(join(root, 'infra/docker/service.Dockerfile'), 'utf8'));
const last = stages.at(-1);
const textOf = (keyword: string): string =>
  last?.instructions.find((instruction) => instruction.keyword === keyword)?.text ?? '';

describe('the recipe of the images', () => {
  it('pins the Node version of the workspace in every stage', () => {
    const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      devDependencies: { node: string };
    };

    expect(stages.map(({ base }) => base)).toEqual(
      stages.map(() => `node:${devDependencies.node}-bookworm-slim`),
    );
  });

  it('installs the pnpm version of the workspace', () => {
    const { config } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      config: { pnpm: string };
    };

    expect(stages[0]?.instructions.map(({ text }) => text).join('\n')).toContain(`pnpm@${config.pnpm}`);
  });

  it('runs as nobody in particular, without a shell between the process and its signals', () => {
    expect(textOf('USER')).toBe('10001:10001');
    expect(parseExec(textOf('CMD'))[0]).toBe('node');
    expect(parseExec(textOf('HEALTHCHECK'))[0]).toBe('node');
  });

  it('lets neither installed packages nor tests nor secrets of a laptop into the build', () => {
    const ignored = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n').filter(Boolean);
    const out = [
      'node_modules/express/index.js',
      'services/insights/node_modules/x',
      '.data/secrets.json',
      '.env',
    ];

    expect(out.filter((path) => !isIgnored(ignored, path))).toEqual([]);
    expect(isIgnored(ignored, 'services/insights/src/main.ts')).toBe(false);
    expect(isIgnored(ignored, 'services/insights/src/domain/budget.test.ts')).toBe(true);
  });
});

describe.each(TRIED)('the image of %s, carried out step by step in a bare directory', (program) => {
  const isService = !program.startsWith('infra/');
  let scratch: string;
  let image: TriedImage;

  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), 'orrery-image-'));
    openForReading(scratch);
    image = buildImage(join(scratch, 'image'), program, node);
  }, 240_000);

  afterAll(() => {
    rmSync(scratch, { recursive: true, force: true });
  });

  it('holds the service and the packages it uses, and no other service', () => {
    const has = (path: string): boolean => existsSync(join(image.directory, path));

    expect(EVERY_IMAGE.filter((folder) => has(folder))).toEqual([program]);
    expect(has(`${program}/src/main.ts`)).toBe(true);
    expect(has('packages/service-kit/src/index.ts')).toBe(isService);
    expect(has('node_modules/typescript')).toBe(false);
    expect(image.megabytes).toBeLessThan(150);
  });

  const asAnother = process.getuid?.() === 0 ? it : it.skip;
  asAnother('cannot be written to by its user', async () => {
    const writing = runImage(image, {}, node, [
      'node',
      '-e',
      "require('node:fs').writeFileSync('probe', '')",
    ]);

    await expect(exitOf(writing)).resolves.toBe(1);
  });

  const withBroker = process.env['RABBITMQ_URL'] === undefined ? it.skip : it;
  withBroker(
    'starts in production, becomes healthy, and ends well on SIGTERM',
    async () => {
      const [port = 0, metricsPort = 0] = await freePorts(2);
      const secret = (): string => randomBytes(24).toString('hex');
      const servers = {
        MONGODB_URI: process.env['TEST_MONGODB_URI'] ?? '',
        RABBITMQ_URL: process.env['RABBITMQ_URL'] ?? '',
        ORRERY_NAMESPACE: `c${randomBytes(5).toString('hex')}`,
      };
      const env: Record<string, string> = isService
        ? {
            ...servers,
            PORT: String(port),
            METRICS_PORT: String(metricsPort),
            IDENTITY_MODE: 'standalone',
            JWT_SECRET: secret(),
            SERVICE_TOKEN_SECRET: secret(),
            ...Object.fromEntries(SERVICE_NAMES.map((name) => [addressSetting(name), 'http://127.0.0.1:9'])),
          }
        : {
            MONGODB_URI: servers.MONGODB_URI,
            PLAID_SANDBOX_PORT: String(port),
            MODEL_SANDBOX_PORT: String(port),
          };
      // As docker-compose.yml asks a sandbox, which has no internal port.
      const healthCheck = isService ? image.healthCheck : [...image.healthCheck, `http://127.0.0.1:${port}/`];
      const container = runImage(image, env, node);
      let printed = '';
      container.stdout?.on('data', (chunk: Buffer) => (printed += chunk.toString()));
      container.stderr?.on('data', (chunk: Buffer) => (printed += chunk.toString()));
      try {
        await eventually(
          async () =>
            container.exitCode === null
              ? checkHealth({ ...image, healthCheck }, env, node)
              : `it ended: ${printed}`,
          (status) => status === 0 || typeof status === 'string',
          { timeoutMs: 60_000, intervalMs: 300 },
        );
        await expect(checkHealth({ ...image, healthCheck }, env, node)).resolves.toBe(0);
      } finally {
        const gone = exitOf(container);
        container.kill('SIGTERM');
        await gone;
      }

      await expect(exitOf(container)).resolves.toBe(0);
      expect(printed).not.toContain('EACCES');
    },
    120_000,
  );
});
