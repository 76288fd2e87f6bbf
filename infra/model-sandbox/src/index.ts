export { startModelSandbox, type ModelSandbox, type ModelSandboxOptions } from './start-model-sandbox.ts';
