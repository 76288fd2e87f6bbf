export { advisor } from './module.ts';
