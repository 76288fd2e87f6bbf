/** Who may import whom; docs/architecture.md explains the reasons. */
module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      comment: 'A cycle hides which module decides.',
      from: {},
      to: { circular: true, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'domain-is-pure',
      severity: 'error',
      comment:
        'domain/ decides; it may import only domain/, contracts, assistant, money, calendar and pure libraries.',
      from: { path: '^services/[^/]+/src/domain/', pathNot: '\\.test\\.ts$' },
      to: {
        dependencyTypesNot: ['core'],
        pathNot: [
          '^services/[^/]+/src/domain/',
          '^packages/(assistant|contracts|money|calendar)/',
          'node_modules',
        ],
      },
    },
    {
      name: 'domain-does-no-io',
      severity: 'error',
      comment: 'No frameworks, drivers or network inside domain/.',
      from: { path: '^services/[^/]+/src/domain/', pathNot: '\\.test\\.ts$' },
      to: { path: 'node_modules/(express|mongoose|mongodb|amqplib|pino|undici|openai|plaid)/' },
    },
    {
      name: 'domain-uses-no-effectful-built-ins',
      severity: 'error',
      comment: 'Hashing and text decoding are pure; files, sockets, processes and threads are not.',
      from: { path: '^services/[^/]+/src/domain/', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?(crypto|buffer|string_decoder|util|assert)$' },
    },
    {
      name: 'use-cases-know-no-framework',
      severity: 'error',
      comment: 'Use cases get stores and clients handed in by module.ts.',
      from: { path: '^services/[^/]+/src/use-cases/', pathNot: '\\.test\\.ts$' },
      to: { path: 'node_modules/(express|amqplib)/' },
    },
    {
      name: 'stores-and-clients-stay-at-the-edge',
      severity: 'error',
      comment: 'A store or client never calls back into use cases or entry points.',
      from: { path: '^services/[^/]+/src/(store|clients)/' },
      to: { path: '^services/[^/]+/src/(use-cases|http|events|jobs)/' },
    },
    {
      name: 'services-meet-on-the-wire',
      severity: 'error',
      comment: 'A service talks to another by event or HTTP, never by import.',
      from: { path: '^services/([^/]+)/' },
      to: { path: '^(services|gateway)/', pathNot: '^services/$1/' },
    },
    {
      name: 'gateway-knows-no-service',
      severity: 'error',
      comment: 'The gateway routes by its table; it never imports a service.',
      from: { path: '^gateway/src/' },
      to: { path: '^services/' },
    },
    {
      name: 'packages-know-no-service',
      severity: 'error',
      from: { path: '^packages/' },
      to: { path: '^(services|gateway|infra)/' },
    },
    {
      name: 'contracts-stand-alone',
      severity: 'error',
      comment: 'Contracts are schemas only.',
      from: { path: '^packages/contracts/src/', pathNot: '\\.test\\.ts$' },
      to: { pathNot: ['^packages/contracts/', 'node_modules/zod/'] },
    },
    {
      name: 'embedded-database-stays-out-of-services',
      severity: 'error',
      comment: 'Only the all-in-one and the tests may start it; services see a MongoDB address.',
      from: { path: '^(services|gateway)/[^/]+/src/|^packages/(?!embedded-mongo|testing)' },
      to: { path: '^packages/embedded-mongo/' },
    },
    {
      name: 'not-to-unresolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(\\.data|\\.tools)/|^infra/service-template/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};
