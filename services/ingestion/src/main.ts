import { runProcess } from '@orrery/service-kit';
import { ingestion } from './module.ts';

await runProcess([ingestion]);
