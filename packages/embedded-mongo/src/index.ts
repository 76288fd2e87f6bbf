export { checkConsistency, type ConsistencyReport } from './consistency-check.ts';
export { type EmbeddedMongo, type EmbeddedMongoOptions, type Logger, startEmbeddedMongo } from './server.ts';
