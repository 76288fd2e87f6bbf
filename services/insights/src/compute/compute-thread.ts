import { parentPort } from 'node:worker_threads';
import { TASKS } from './tasks.ts';
import type { TaskName } from './tasks.ts';

/** One task for the thread. */
export interface ComputeRequest {
  id: number;
  task: TaskName;
  input: unknown[];
}

/** The thread's answer; `error` is a text because errors lose their class on the way. */
export type ComputeAnswer = { id: number; result: unknown } | { id: number; error: string };

const run = ({ id, task, input }: ComputeRequest): ComputeAnswer => {
  try {
    return { id, result: Reflect.apply(TASKS[task], undefined, input) };
  } catch (error) {
    return { id, error: error instanceof Error ? error.message : String(error) };
  }
};

parentPort?.on('message', (request: ComputeRequest) => parentPort?.postMessage(run(request)));
