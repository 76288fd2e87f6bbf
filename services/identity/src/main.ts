import { runProcess } from '@orrery/service-kit';
import { identity } from './module.ts';

await runProcess([identity]);
