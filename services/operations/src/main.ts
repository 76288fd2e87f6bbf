import { runProcess } from '@orrery/service-kit';
import { operations } from './module.ts';

await runProcess([operations]);
