export { specimen } from './module.ts';
