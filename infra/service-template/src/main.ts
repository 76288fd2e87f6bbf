import { runProcess } from '@orrery/service-kit';
import { specimen } from './module.ts';

await runProcess([specimen]);
