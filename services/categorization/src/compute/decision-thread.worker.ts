import { workerData } from 'node:worker_threads';
import { answerTasks } from '@orrery/service-kit/answer-tasks';
import { z } from 'zod';
import { createDecisionTasks } from './decision-tasks.ts';

const { cacheSize } = z.object({ cacheSize: z.int() }).parse(workerData);

answerTasks(createDecisionTasks(cacheSize));
