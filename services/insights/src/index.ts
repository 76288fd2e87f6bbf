export { insights } from './module.ts';
