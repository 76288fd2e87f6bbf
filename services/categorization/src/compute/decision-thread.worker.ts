import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';
import { createDecisionTasks } from './decision-tasks.ts';
import type { DecisionRequest } from './decision-thread.ts';
import { answerOf } from './thread-answers.ts';

const { cacheSize } = z.object({ cacheSize: z.int() }).parse(workerData);
const tasks = createDecisionTasks(cacheSize);

parentPort?.on('message', ({ id, task, input }: DecisionRequest) =>
  parentPort?.postMessage(answerOf(id, () => Reflect.apply(tasks[task], undefined, input))),
);
