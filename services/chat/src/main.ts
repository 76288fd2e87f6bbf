import { runProcess } from '@orrery/service-kit';
import { chat } from './module.ts';

await runProcess([chat]);
