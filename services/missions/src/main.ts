import { runProcess } from '@orrery/service-kit';
import { missions } from './module.ts';

await runProcess([missions]);
