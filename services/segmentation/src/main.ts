import { runProcess } from '@orrery/service-kit';
import { segmentation } from './module.ts';

await runProcess([segmentation]);
