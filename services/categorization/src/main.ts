import { runProcess } from '@orrery/service-kit';
import { categorization } from './module.ts';

await runProcess([categorization]);
