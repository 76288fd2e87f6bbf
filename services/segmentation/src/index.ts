export { segmentation } from './module.ts';
