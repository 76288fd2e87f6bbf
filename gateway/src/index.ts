export { gateway } from './module.ts';
