import { ConfigError, loadConfig } from '@orrery/service-kit';
import { ModelSandboxConfig } from './sandbox-config.ts';
import { startModelSandbox } from './start-model-sandbox.ts';

/** The sandbox as a process of its own. */
const textOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);

try {
  const config = loadConfig(ModelSandboxConfig, process.env, 'model-sandbox');
  const frozen = config.ORRERY_NOW;
  const sandbox = await startModelSandbox({
    host: config.HOST,
    port: config.MODEL_SANDBOX_PORT,
    ...(frozen === undefined ? {} : { now: () => new Date(frozen) }),
    onFault: (error) => process.stderr.write(`${textOf(error)}\n`),
  });
  process.stdout.write(`The model sandbox listens on ${sandbox.url}\n`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      sandbox.stop().then(
        () => process.exit(0),
        (error: unknown) => {
          process.stderr.write(`${textOf(error)}\n`);
          process.exit(1);
        },
      );
    });
  }
} catch (error) {
  process.stderr.write(`${error instanceof ConfigError ? error.message : textOf(error)}\n`);
  process.exitCode = 1;
}
