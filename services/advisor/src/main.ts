import { runProcess } from '@orrery/service-kit';
import { advisor } from './module.ts';

await runProcess([advisor]);
