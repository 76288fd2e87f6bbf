import { runProcess } from '@orrery/service-kit';
import { insights } from './module.ts';

await runProcess([insights]);
