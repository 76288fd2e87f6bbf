export { categorization } from './module.ts';
