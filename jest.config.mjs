/**
 * Two projects over one tree: `unit` needs nothing, `component` shares one database server that
 * tests/setup starts (or the one MONGODB_URI names). Files named *.rabbit.test.ts need a broker as well.
 */
const shared = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/tests/setup/strip-types-transform.mjs' },
  modulePathIgnorePatterns: ['<rootDir>/.data', '<rootDir>/.tools'],
  testPathIgnorePatterns: ['/node_modules/', '/infra/service-template/'],
};

export default {
  // Effects arrive by event and machines are shared: a wait ends by its condition, this only bounds a hang.
  testTimeout: 60_000,
  // ES modules of finished suites are never unloaded; a worker that has grown is replaced.
  workerIdleMemoryLimit: '1GB',
  projects: [
    {
      ...shared,
      displayName: 'unit',
      testMatch: ['<rootDir>/{gateway,packages/*,services/*,infra/*}/src/**/*.test.ts'],
    },
    {
      ...shared,
      displayName: 'component',
      testMatch: [
        '<rootDir>/{gateway,packages/*,services/*,infra/*}/test/**/*.test.ts',
        '<rootDir>/tests/**/*.test.ts',
      ],
    },
  ],
};
