import { runProcess } from '@orrery/service-kit';
import { gateway } from './module.ts';

await runProcess([gateway]);
