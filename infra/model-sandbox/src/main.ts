import { loadConfig, reportFault, runServer } from '@orrery/service-kit';
import { ModelSandboxConfig } from './sandbox-config.ts';
import { startModelSandbox } from './start-model-sandbox.ts';

/** The sandbox as a process of its own. */
await runServer('The model sandbox', () => {
  const config = loadConfig(ModelSandboxConfig, process.env, 'model-sandbox');
  const frozen = config.ORRERY_NOW;
  return startModelSandbox({
    host: config.HOST,
    port: config.MODEL_SANDBOX_PORT,
    ...(frozen === undefined ? {} : { now: () => new Date(frozen) }),
    onFault: reportFault,
  });
});
