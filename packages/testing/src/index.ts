export * from './captured-events.ts';
export * from './eventually.ts';
export * from './factories/transactions.ts';
export * from './fake-clock.ts';
export * from './fake-model-server.ts';
export * from './start-test-service.ts';
export * from './test-database.ts';
export * from './test-identity.ts';
