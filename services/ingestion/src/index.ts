export { ingestion } from './module.ts';
