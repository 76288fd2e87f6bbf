export { startPlaidSandbox, type PlaidSandbox, type PlaidSandboxOptions } from './start-plaid-sandbox.ts';
